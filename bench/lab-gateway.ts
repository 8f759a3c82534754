/** One real agent in a gateway's namespace, enrolled and configured by the lab's control plane: what benches measure. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildAgent, type LabAgent, startLabAgent } from "../e2e/lab/lab-agent";
import { createLab, type Lab } from "../e2e/lab/network";
import { until } from "../e2e/lab/vpn-client";

export interface BenchGateway extends LabAgent {
  lab: Lab;
  /** Its own folder: state, logs, keys. */
  folder: string;
  /** PEM file of the tls-crypt-v2 server key. */
  tlsCryptV2File: string;
  /** Kills the agent and starts it again. @returns milliseconds from start until its API answers */
  restart(): Promise<number>;
  destroy(): Promise<void>;
}

/** @param ports one openvpn process each, over UDP */
export async function startBenchGateway(labNumber: number, ports = [1194]): Promise<BenchGateway> {
  const folder = mkdtempSync(join(tmpdir(), "drawbridge-bench-"));
  buildAgent(folder);
  const lab = await createLab(labNumber);
  const processes = ports.map((port) => ({ name: `udp-${port}`, protocol: "udp" as const, port }));
  const env = { LOG_LEVEL: "info" };
  const agent = await startLabAgent(lab, folder, await lab.addGateway(), { config: { processes }, env });
  return {
    ...agent,
    lab,
    folder,
    tlsCryptV2File: join(folder, "server.tls"),
    async restart() {
      await agent.kill("SIGKILL");
      const began = performance.now();
      agent.spawn();
      const answers = () =>
        agent.controlPlane.state().then(
          () => true,
          () => false,
        );
      await until(answers, 120_000, agent.log);
      return performance.now() - began;
    },
    async destroy() {
      await lab.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
