import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAgent } from "./agent";
import { createLog } from "./log";
import type { GatewayConfig } from "./protocol/api";
import { Identity } from "./state/identity";
import { createAuthority } from "./testing/authority";
import { createFakeSupervisor } from "./testing/fake-supervisor";
import { listChains } from "./testing/list-chains";

const authority = createAuthority("gateway CA");
const gatewayId = "00000000-0000-4000-8000-0000000000ff";
const gateway = authority.issue(`gateway.${gatewayId}`, { usage: "server" });
const config: GatewayConfig = {
  version: 1,
  range: "100.64.0.0/10",
  rangeAddress: "100.64.0.1",
  processes: [{ name: "udp-1194", protocol: "udp", port: 1194 }],
  clientCa: authority.certificate,
  tlsCryptV2Key: "a key",
};

let folder: string;
/** What the agent did to the host, in order. */
let done: string[];
let isTableThere: boolean;
let written: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gw-agent-"));
  done = [];
  isTableThere = false;
  written = [];
  const enrolled = { gatewayId, gatewayCa: authority.certificate, ...gateway };
  await mkdir(join(folder, "identity"));
  await writeFile(join(folder, "identity/enrolled.json"), JSON.stringify(enrolled));
});
afterEach(() => rm(folder, { recursive: true }));

/** An agent that starts on what the one before left, and is told the configuration where it has none. */
async function run(): Promise<void> {
  const agent = await startAgent({
    stateDir: folder,
    openvpnBin: "openvpn",
    identity: await Identity.open(folder),
    kernel: {
      nft: {
        async apply(lines) {
          if (lines[0]!.startsWith("list")) {
            if (!isTableThere) throw new Error("there is no such table");
            return;
          }
          isTableThere = true;
          written.push(...lines);
          done.push("rules");
        },
        read: async () => '{"nftables":[]}',
        list: async () => listChains(written),
        listElements: async () => '{"nftables":[]}',
        close: () => {},
      },
      ip: { run: async () => "", close: () => {} },
      ipPipe: { run: async () => "", close: () => {} },
      readRouting: async () => ({ rules: new Set(), routes: new Map(), tunnels: new Map() }),
      ownInterfaces: async () => [],
      guard: { stand: async () => {}, close: () => {} },
    },
    startSupervisor: async (dependencies) => {
      const supervisor = await createFakeSupervisor().start(dependencies);
      return { ...supervisor, configure: async () => void done.push("processes") };
    },
    log: createLog("silent", "json"),
  });
  if (agent.configVersion() === 0) await agent.configure(config);
  await agent.close();
}

describe("an agent that starts", () => {
  it("lets nobody in before the kernel has rules", async () => {
    await run();
    expect(done).toEqual(["rules", "processes"]);
    isTableThere = false;
    done = [];
    await run();
    expect(done).toEqual(["rules", "processes"]);
  });

  it("hears clients at once where the rules of the agent before stand, and then writes them anew", async () => {
    await run();
    done = [];
    await run();
    expect(done).toEqual(["processes", "rules"]);
  });
});
