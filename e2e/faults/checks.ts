/** What must be so after every fault, sooner or later; how late is the only thing that a fault may change. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { createFirewall } from "../../gateway/firewall/firewall";
import { createNft } from "../../gateway/firewall/nft";
import type { Routes } from "../../gateway/firewall/routes";
import { linkDevice } from "../../gateway/links/config";
import { emptyDigest, entryDigest, toggleDigest } from "../../gateway/protocol/digest";
import { type Entry, emptyDocument, putEntry, type TenantDocument } from "../../gateway/protocol/document";
import { getDigest, getState } from "../../server/gateways/client";
import { listRuleset } from "../lab/ruleset";
import type { WorldGateway } from "../lab/world";
import { addressOf, type Scene } from "./faults";
import type { Load } from "./load";

export interface Check {
  name: string;
  /** What is not so (yet); null where all is well. */
  look(scene: Scene, load: Load): Promise<string | null>;
}

export const checks: Check[] = [
  {
    name: "no change that was acknowledged is missing, and every gateway enforces it",
    async look(scene, load) {
      const { world, query } = scene;
      const [tenant] = await query<{ revision: string; changes: string }>(
        "SELECT revision, (SELECT count(*) FROM changes WHERE tenant_id = t.id AND revision <= t.revision) AS changes FROM tenants t WHERE id = $1",
        [world.tenantId],
      );
      const revision = Number(tenant!.revision);
      if (revision < load.ackedRevision)
        return `revision ${load.ackedRevision} was acknowledged, and it is ${revision}`;
      if (Number(tenant!.changes) !== revision) return `${revision} revisions of ${tenant!.changes} changes`;
      const document = await readDocument(scene);
      for (const [id, name] of load.acked)
        if (document.devices.get(id)?.name !== name) return `${name} was acknowledged, and is not there`;
      const ours = digestOf(document);
      for (const gateway of world.gateways) {
        const theirs = await getDigest(addressOf(gateway, scene.relays), world.tenantId);
        if (theirs.revision !== revision) return `${gateway.name} is at ${theirs.revision} of ${revision}`;
        if (theirs.digest !== ours) return `${gateway.name} holds another document`;
      }
      return null;
    },
  },
  {
    name: "no event is lost or doubled",
    async look({ world, query, relays }, load) {
      for (const gateway of world.gateways) {
        const state = await getState(addressOf(gateway, relays));
        const [row] = await query<{ epoch: string; cursor: string }>(
          "SELECT epoch, cursor FROM gateways WHERE id = $1",
          [gateway.id],
        );
        if (row!.epoch !== state.epoch) return `${gateway.name} lost its spool`;
        // What it says in this very moment is still on its way.
        if (Number(row!.cursor) < state.lastSequence - 3)
          return `${state.lastSequence - Number(row!.cursor)} events wait on ${gateway.name}`;
      }
      const [odd] = await query<{ doubled: string; connections: string; unknown: string; vanished: string }>(`
        SELECT count(*) - count(DISTINCT id) AS doubled, count(*) - count(DISTINCT (process_boot, client_id)) AS connections,
          count(*) FILTER (WHERE process_boot = '') AS unknown,
          count(*) FILTER (WHERE end_reason = 'The gateway no longer lists it.') AS vanished FROM sessions`);
      if (Number(odd!.doubled) + Number(odd!.connections) > 0) return "a session is in the ledger twice";
      if (Number(odd!.unknown) > 0) return `${odd!.unknown} sessions have no beginning`;
      if (Number(odd!.vanished) > 0) return `${odd!.vanished} sessions have no end of their own`;
      const rows = await query<{ account_id: string; count: string }>(
        "SELECT account_id, count(*) FROM sessions GROUP BY 1",
      );
      for (const [accountId, entries] of load.entries()) {
        const count = Number(rows.find((one) => one.account_id === accountId)?.count ?? 0);
        if (count < entries) return `${accountId} was let in ${entries} times, and ${count} are in the ledger`;
      }
      return null;
    },
  },
  {
    name: "exactly those are in who should be, in the ledger, on the gateways and by their own word",
    async look({ world, query, relays }, load) {
      const live = await query<{ account_id: string; gateway_id: string; state: string }>(
        "SELECT s.account_id, s.gateway_id, a.state FROM sessions s LEFT JOIN accounts a ON a.id = s.account_id WHERE disconnected_at IS NULL",
      );
      const told = live.map(({ account_id }) => account_id).sort();
      const present = load.present().sort();
      if (told.join() !== present.join()) return `${present.length} are in, and the ledger tells of ${told.length}`;
      if (live.some(({ state }) => state !== "active")) return "somebody is in who may not be";
      for (const gateway of world.gateways) {
        const { sessions } = await getState(addressOf(gateway, relays));
        const ours = live.filter(({ gateway_id }) => gateway_id === gateway.id).length;
        if (sessions !== ours) return `${gateway.name} has ${sessions} sessions, and the ledger tells of ${ours}`;
      }
      return null;
    },
  },
  {
    name: "the kernel's rules are those of the document",
    async look(scene) {
      const { world } = scene;
      const document = await readDocument(scene);
      for (const gateway of world.gateways) {
        const [held, wanted] = [await rulesOf(world, gateway.namespace), await compiled(scene, gateway, document)];
        const odd = [
          ...held.filter((line) => !wanted.includes(line)),
          ...wanted.filter((line) => !held.includes(line)),
        ];
        if (odd.length > 0) return `${gateway.name}: ${odd.length} lines differ, e.g. ${odd[0]}`;
      }
      return null;
    },
  },
];

/** The tenant's document, from the rows that are pushed. */
async function readDocument({ world, query }: Scene): Promise<TenantDocument> {
  const document = emptyDocument(world.tenantId);
  const rows = await query<Entry>(
    "SELECT kind, id, value FROM document_entries WHERE tenant_id = $1 AND value IS NOT NULL",
    [world.tenantId],
  );
  for (const row of rows) putEntry(document, row);
  return document;
}

function digestOf(document: TenantDocument): string {
  const digest = emptyDigest();
  for (const kind of ["networks", "uplinks", "accounts", "devices", "policies", "grants"] as const) {
    const entryKind = {
      networks: "network",
      uplinks: "uplink",
      accounts: "account",
      devices: "device",
      policies: "policy",
      grants: "grant",
    }[kind];
    for (const [id, value] of document[kind])
      toggleDigest(digest, entryDigest({ kind: entryKind, id, value } as Entry));
  }
  if (document.tenant)
    toggleDigest(digest, entryDigest({ kind: "tenant", id: document.tenantId, value: document.tenant }));
  return digest.toString("hex");
}

/** The rules that a gateway would have which had never known anything else, as the kernel writes them. */
async function compiled({ world }: Scene, gateway: WorldGateway, document: TenantDocument): Promise<string[]> {
  const namespace = `${gateway.namespace}-check`;
  // It goes with the lab.
  if (!existsSync(`/run/netns/${namespace}`)) await promisify(execFile)("ip", ["netns", "add", namespace]);
  const nft = createNft(["ip", "netns", "exec", namespace]);
  const peers = world.gateways
    .map(({ id }) => id)
    .filter((id) => id !== gateway.id)
    .sort();
  const routes = { load: async () => {}, set: async () => {}, verify: async () => {}, clear: async () => {} };
  try {
    const firewall = createFirewall({
      ...{ gatewayId: gateway.id, nft, documents: () => [document] },
      routes: routes as unknown as Routes,
      links: () => peers.map((peer) => linkDevice({ peer })),
    });
    await firewall.load("100.64.0.0/10");
    return await rulesOf(world, namespace);
  } finally {
    nft.close();
  }
}

/** Sorted, for the order of a set's elements says nothing, and without what is counted or sampled. */
async function rulesOf(world: Scene["world"], namespace: string): Promise<string[]> {
  const text = await listRuleset(world.lab, namespace);
  return text
    .replace(/packets \d+ bytes \d+/g, "")
    .replace(/expires [\dhms]+/g, "")
    .split(/[\n,]/)
    .map((line) => line.replace(/^\s*elements = \{|\}\s*$/g, "").trim())
    .filter((line) => line !== "")
    .sort();
}
