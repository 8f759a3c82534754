/** One real agent in a gateway's namespace, enrolled and configured by the lab's control plane: what benches measure. */
import { type ChildProcess, execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLab, type Lab, type LabGateway } from "../e2e/lab/network";
import { TestControlPlane } from "../e2e/lab/test-control-plane";
import { until } from "../e2e/lab/vpn-client";

export interface BenchGateway {
  lab: Lab;
  gateway: LabGateway;
  controlPlane: TestControlPlane;
  /** Its own folder: state, logs, keys. */
  folder: string;
  /** PEM file of the tls-crypt-v2 server key. */
  tlsCryptV2File: string;
  port: number;
  pid(): number;
  /** Kills the agent and starts it again. @returns milliseconds from start until its API answers */
  restart(): Promise<number>;
  log(): string;
  destroy(): Promise<void>;
}

export async function startBenchGateway(labNumber: number): Promise<BenchGateway> {
  const root = new URL("..", import.meta.url).pathname;
  execFileSync(process.execPath, [join(root, "scripts/build-gateway.mjs")], { stdio: "pipe" });
  const folder = mkdtempSync(join(tmpdir(), "drawbridge-bench-"));
  copyFileSync(join(root, "dist/gateway.mjs"), join(folder, "gateway.mjs"));
  const lab = await createLab(labNumber);
  const gateway = await lab.addGateway();
  const controlPlane = new TestControlPlane(`https://${gateway.managementAddress}:8443`);
  const log = () => readFileSync(join(folder, "agent.log"), "utf8");
  let agent: ChildProcess;
  const start = () => {
    const output = openSync(join(folder, "agent.log"), "a");
    agent = lab.spawn(gateway.namespace, [process.execPath, join(folder, "gateway.mjs")], {
      cwd: folder,
      stdio: ["ignore", output, output],
      env: {
        ...process.env,
        LOG_LEVEL: "info",
        GATEWAY_STATE_DIR: join(folder, "state"),
        GATEWAY_API_HOST: gateway.managementAddress,
        GATEWAY_API_PORT: "8443",
        GATEWAY_TOKEN: controlPlane.tokenText,
      },
    });
  };
  const answers = () =>
    controlPlane.state().then(
      () => true,
      () => false,
    );

  start();
  await until(() => log().includes("waiting to be enrolled"));
  await controlPlane.enrol();
  await until(answers);
  const tlsCryptV2File = join(folder, "server.tls");
  execFileSync("openvpn", ["--genkey", "tls-crypt-v2-server", tlsCryptV2File], { stdio: "pipe" });
  const port = 1194;
  const configured = await controlPlane.configure({
    version: 1,
    range: "100.64.0.0/10",
    rangeAddress: "100.64.0.1",
    processes: [{ name: `udp-${port}`, protocol: "udp", port }],
    clientCa: controlPlane.clientAuthority.certificate,
    tlsCryptV2Key: readFileSync(tlsCryptV2File, "utf8"),
  });
  if (configured.status !== 200) throw new Error(JSON.stringify(configured.body));
  await until(async () => (await controlPlane.state()).processes.every(({ status }) => status === "running"));

  return {
    lab,
    gateway,
    controlPlane,
    folder,
    tlsCryptV2File,
    port,
    pid: () => agent.pid!,
    log,
    async restart() {
      const ended = new Promise((resolve) => agent.once("exit", resolve));
      agent.kill("SIGKILL");
      await ended;
      const began = performance.now();
      start();
      await until(answers, 120_000, log);
      return performance.now() - began;
    },
    async destroy() {
      await lab.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
