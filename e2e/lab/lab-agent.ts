/** The agent as its one file in a gateway's namespace, enrolled and configured, and clients that come to it. */
import { type ChildProcess, execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { argon2id } from "hash-wasm";
import type { GatewayConfig, ProcessConfig } from "@/gateway/protocol/api";
import type { TestAuthority } from "../../gateway/testing/authority";
import type { LabGateway, LabTools } from "./network";
import { TestControlPlane } from "./test-control-plane";
import { until } from "./vpn-client";

export interface LabAgent {
  gateway: LabGateway;
  controlPlane: TestControlPlane;
  stateDir: string;
  /** The newest configuration that it was sent. */
  readonly config: GatewayConfig;
  pid(): number;
  log(): string;
  /** The configuration with these changes and the next version, in force with every process. @throws where it is refused. */
  configure(change?: Partial<GatewayConfig>): Promise<void>;
  /** Until every process runs. */
  running(): Promise<void>;
  spawn(): void;
  /** Resolves when its API is open. */
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface LabAuthorities {
  gatewayAuthority: TestAuthority;
  clientAuthority: TestAuthority;
}

export interface LabAgentOptions extends Partial<LabAuthorities> {
  gatewayId?: string;
  /** What is not said is as plain as it comes. */
  config: Partial<GatewayConfig> & Pick<GatewayConfig, "processes">;
  env?: Record<string, string>;
}

/** Builds the agent's file and makes the platform's tls-crypt-v2 key, for agents and clients of this folder. */
export function buildAgent(folder: string): void {
  const root = new URL("../..", import.meta.url).pathname;
  execFileSync(process.execPath, [join(root, "scripts/build-gateway.mjs")], { stdio: "pipe" });
  // On its own: the file must need nothing beside it.
  copyFileSync(join(root, "dist/gateway.mjs"), join(folder, "gateway.mjs"));
  execFileSync("openvpn", ["--genkey", "tls-crypt-v2-server", join(folder, "server.tls")], { stdio: "pipe" });
}

export async function startLabAgent(
  lab: LabTools,
  folder: string,
  gateway: LabGateway,
  { config: wanted, env, ...platform }: LabAgentOptions,
): Promise<LabAgent> {
  const home = join(folder, gateway.namespace);
  const stateDir = join(home, "state");
  mkdirSync(home);
  const controlPlane = new TestControlPlane(`https://${gateway.managementAddress}:8443`, platform);
  let child: ChildProcess;
  let config: GatewayConfig = {
    version: 0,
    range: "100.64.0.0/10",
    rangeAddress: "100.64.0.1",
    clientCa: controlPlane.clientAuthority.certificate,
    tlsCryptV2Key: readFileSync(join(folder, "server.tls"), "utf8"),
    ...wanted,
  };
  const log = () => readFileSync(join(home, "agent.log"), "utf8");
  const spawn = () => {
    const output = openSync(join(home, "agent.log"), "a");
    child = lab.spawn(gateway.namespace, [process.execPath, join(folder, "gateway.mjs")], {
      cwd: home,
      stdio: ["ignore", output, output],
      env: {
        ...process.env,
        GATEWAY_STATE_DIR: stateDir,
        GATEWAY_API_HOST: gateway.managementAddress,
        GATEWAY_API_PORT: "8443",
        GATEWAY_TOKEN: controlPlane.tokenText,
        ...env,
      },
    });
  };
  const agent: LabAgent = {
    gateway,
    controlPlane,
    stateDir,
    get config() {
      return config;
    },
    pid: () => child.pid!,
    log,
    async configure(change = {}) {
      config = { ...config, ...change, version: config.version + 1 };
      const { status, body } = await controlPlane.configure(config);
      if (status !== 200) throw new Error(`the agent refused its configuration: ${JSON.stringify(body)}`);
      await agent.running();
    },
    running: () =>
      until(async () => (await controlPlane.state()).processes.every(({ status }) => status === "running"), 30_000),
    spawn,
    async start() {
      const opened = () => log().split("API open").length;
      const before = opened();
      spawn();
      await until(() => opened() > before, 30_000, log);
    },
    async kill(signal) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      await ended;
    },
  };
  spawn();
  await until(() => log().includes("waiting to be enrolled"), 30_000, log);
  await controlPlane.enrol();
  await until(() => log().includes("API open"), 30_000, log);
  await agent.configure();
  return agent;
}

export interface LabClient {
  certificate: string;
  key: string;
  fingerprint: string;
  tlsCryptV2Key: string;
  /** As a client has it, to one process of one gateway. */
  profile(
    gateway: Pick<LabAgent, "gateway" | "controlPlane">,
    process: Pick<ProcessConfig, "protocol" | "port">,
  ): string;
}

/** A certificate and a tls-crypt-v2 key of its own. */
export function issueLabClient(
  folder: string,
  id: string,
  { gatewayAuthority, clientAuthority }: LabAuthorities,
): LabClient {
  const { certificate, key, fingerprint } = clientAuthority.issue(id, { usage: "client" });
  const clientTls = join(folder, `${id}.tls`);
  const wrap = ["--tls-crypt-v2", join(folder, "server.tls"), "--genkey", "tls-crypt-v2-client", clientTls];
  execFileSync("openvpn", wrap, { stdio: "pipe" });
  const tlsCryptV2Key = readFileSync(clientTls, "utf8");
  return {
    certificate,
    key,
    fingerprint,
    tlsCryptV2Key,
    profile: ({ gateway, controlPlane }, { protocol, port }) => `client
dev tun0
dev-type tun
proto ${protocol}4
remote ${gateway.wanAddress} ${port}
nobind
remote-cert-tls server
verify-x509-name gateway.${controlPlane.gatewayId} name
connect-retry 1 2
${inline("ca", gatewayAuthority.certificate)}
${inline("cert", certificate)}
${inline("key", key)}
${inline("tls-crypt-v2", tlsCryptV2Key)}
`,
  };
}

function inline(tag: string, content: string): string {
  return `<${tag}>\n${content.trim()}\n</${tag}>`;
}

/** argon2id at a cost that a lab has time for. */
export function hashLabPassword(password: string): Promise<string> {
  const cost = { parallelism: 1, iterations: 2, memorySize: 1_024, hashLength: 32 };
  return argon2id({ password, salt: Buffer.alloc(16, 7), ...cost, outputType: "encoded" });
}

/** Answers HTTP on these ports of a namespace, with this text. */
export async function serveHttp(lab: LabTools, namespace: string, ports: number[], text: string): Promise<void> {
  const script = `for (const port of ${JSON.stringify(ports)})
    require("http").createServer((_, response) => response.end(${JSON.stringify(text)})).listen(port, "0.0.0.0")`;
  lab.spawn(namespace, [process.execPath, "-e", script]);
  for (const port of ports) await until(async () => (await lab.canConnect(namespace, "127.0.0.1", port)) === "open");
}
