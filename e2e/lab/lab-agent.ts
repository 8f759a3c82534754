/** The agent as its one file in a gateway's namespace, enrolled and configured, and clients that come to it. */
import { type ChildProcess, execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { GatewayConfig, ProcessConfig } from "@/gateway/protocol/api";
import type { TestAuthority } from "../../gateway/testing/authority";
import type { LabGateway, LabTools } from "./network";
import { TestControlPlane } from "./test-control-plane";
import { until } from "./vpn-client";

export interface LabAgent {
  gateway: LabGateway;
  controlPlane: TestControlPlane;
  log(): string;
  /** The configuration with these changes and the next version. @throws where the agent refuses it. */
  configure(change?: Partial<GatewayConfig>): Promise<void>;
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface LabAuthorities {
  gatewayAuthority: TestAuthority;
  clientAuthority: TestAuthority;
}

/** Builds the agent's file. */
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
  { gatewayId, processes, ...authorities }: LabAuthorities & { gatewayId: string; processes: ProcessConfig[] },
): Promise<LabAgent> {
  const home = join(folder, gateway.namespace);
  mkdirSync(home);
  const controlPlane = new TestControlPlane(`https://${gateway.managementAddress}:8443`, { gatewayId, ...authorities });
  let child: ChildProcess;
  let config: GatewayConfig = {
    version: 0,
    range: "100.64.0.0/10",
    rangeAddress: "100.64.0.1",
    processes,
    zone: "vpn.internal",
    clientCa: controlPlane.clientAuthority.certificate,
    tlsCryptV2Key: readFileSync(join(folder, "server.tls"), "utf8"),
  };
  const log = () => readFileSync(join(home, "agent.log"), "utf8");
  const spawn = () => {
    const output = openSync(join(home, "agent.log"), "a");
    child = lab.spawn(gateway.namespace, [process.execPath, join(folder, "gateway.mjs")], {
      cwd: home,
      stdio: ["ignore", output, output],
      env: {
        ...process.env,
        GATEWAY_STATE_DIR: join(home, "state"),
        GATEWAY_API_HOST: gateway.managementAddress,
        GATEWAY_API_PORT: "8443",
        GATEWAY_TOKEN: controlPlane.tokenText,
      },
    });
  };
  const agent: LabAgent = {
    gateway,
    controlPlane,
    log,
    async configure(change = {}) {
      config = { ...config, ...change, version: config.version + 1 };
      const { status, body } = await controlPlane.configure(config);
      if (status !== 200) throw new Error(`the agent refused its configuration: ${JSON.stringify(body)}`);
    },
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
  await until(async () => (await controlPlane.state()).processes.every(({ status }) => status === "running"), 30_000);
  return agent;
}

export interface LabClient {
  fingerprint: string;
  /** As a client has it, to one process of one gateway. */
  profile(gateway: LabAgent, process: Pick<ProcessConfig, "protocol" | "port">): string;
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
  return {
    fingerprint,
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
${inline("tls-crypt-v2", readFileSync(clientTls, "utf8"))}
`,
  };
}

function inline(tag: string, content: string): string {
  return `<${tag}>\n${content.trim()}\n</${tag}>`;
}

/** Answers HTTP on these ports of a namespace, with this text. */
export async function serveHttp(lab: LabTools, namespace: string, ports: number[], text: string): Promise<void> {
  const script = `for (const port of ${JSON.stringify(ports)})
    require("http").createServer((_, response) => response.end(${JSON.stringify(text)})).listen(port, "0.0.0.0")`;
  lab.spawn(namespace, [process.execPath, "-e", script]);
  for (const port of ports) await until(async () => (await lab.canConnect(namespace, "127.0.0.1", port)) === "open");
}
