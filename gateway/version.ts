declare const __AGENT_VERSION__: string | undefined;

/** Written in by the bundler. */
export const agentVersion = typeof __AGENT_VERSION__ === "string" ? __AGENT_VERSION__ : "development";
