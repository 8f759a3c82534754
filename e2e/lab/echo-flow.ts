import type { AgentLab } from "./agent-lab";
import { until } from "./vpn-client";

/** Serves an echo over TCP on every address of a namespace. */
export async function serveEcho({ lab }: AgentLab, namespace: string, port: number): Promise<void> {
  const script = `require("net").createServer((s) => s.on("error", () => {}).pipe(s)).listen(${port}, "0.0.0.0")`;
  lab.spawn(namespace, [process.execPath, "-e", script]);
  await until(async () => (await lab.canConnect(namespace, "127.0.0.1", port)) === "open");
}

export interface EchoFlow {
  /** When the newest of what came back was sent: whatever the machine's load, a packet that passed was sent by then. */
  lastPassedAt(): number;
  stop(): void;
}

/** One TCP connection on which the time is sent every 20 ms, and comes back while packets pass. */
export async function startEchoFlow(
  { lab }: AgentLab,
  namespace: string,
  address: string,
  port: number,
): Promise<EchoFlow> {
  // biome-ignore format: one line
  const script = `
const socket = require("net").connect(${port}, "${address}", () => setInterval(() => socket.write(Date.now() + "\\n"), 20));
socket.setNoDelay(true).on("error", () => process.exit(1)).pipe(process.stdout);`;
  const child = lab.spawn(namespace, [process.execPath, "-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  let heard = "";
  let lines = 0;
  let last = 0;
  child.stdout!.on("data", (chunk: Buffer) => {
    const parts = (heard + chunk.toString()).split("\n");
    heard = parts.pop()!;
    lines += parts.length;
    if (parts.length > 0) last = Number(parts.at(-1));
  });
  await until(() => lines > 2, 20_000, () => `nothing came back from ${address}:${port}`); // biome-ignore format: one line
  return { lastPassedAt: () => last, stop: () => void child.kill("SIGKILL") };
}
