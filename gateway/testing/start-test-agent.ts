import { startAgent } from "../agent";
import { createRoutes } from "../api/routes";
import { startServer } from "../api/server";
import { createLog } from "../log";
import { Identity } from "../state/identity";
import { createFakeSupervisor } from "./fake-supervisor";
import { listChains } from "./list-chains";

/** The enrolled agent of a state folder with its API open, as main.ts starts it; neither kernel nor openvpn behind it. */
export async function startTestAgent(
  stateDir: string,
  port: number,
): Promise<{ port: number; close(): Promise<void> }> {
  const log = createLog("silent", "json");
  const identity = await Identity.open(stateDir);
  const applied: string[] = [];
  const silent = { run: async () => "", close: () => {} };
  const agent = await startAgent({
    // No links either: they would stay, as an agent leaves them.
    ...{ stateDir, openvpnBin: "false", identity, log },
    kernel: {
      nft: {
        apply: async (lines) => void applied.push(...lines),
        read: async () => '{"nftables":[]}',
        list: async () => listChains(applied),
        listElements: async () => '{"nftables":[]}',
        close: () => {},
      },
      ip: silent,
      ipPipe: silent,
      readRouting: async () => ({ rules: new Set(), routes: new Map(), tunnels: new Map() }),
      ownInterfaces: async () => [],
      guard: { stand: async () => {}, close: () => {} },
    },
    startSupervisor: createFakeSupervisor().start,
  });
  const { gatewayCa } = identity.enrolled!;
  const options = { host: "127.0.0.1", port, gatewayCa, routes: createRoutes(agent), log };
  const server = await startServer({ ...options, ...identity.credentials });
  agent.onRenewal((renewed) => server.useCertificate(renewed));
  return {
    port: server.port,
    async close() {
      await server.close();
      await agent.close();
    },
  };
}
