/** What must be so after every fault, sooner or later; how late is the only thing that a fault may change. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { createFirewall } from "../../gateway/firewall/firewall";
import { createNft } from "../../gateway/firewall/nft";
import type { Routes } from "../../gateway/firewall/routes";
import { linkDevice } from "../../gateway/links/config";
import { planSpread } from "../../gateway/openvpn/plan";
import type { GatewayConfig } from "../../gateway/protocol/api";
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
        const theirs = await getDigest(await addressOf(gateway, scene), world.tenantId);
        if (theirs.revision !== revision) return `${gateway.name} is at ${theirs.revision} of ${revision}`;
        if (theirs.digest !== ours) return `${gateway.name} holds another document`;
      }
      return null;
    },
  },
  {
    name: "a change is wholly there, with its audit entry and its revision, or not at all",
    async look({ world, query }, load) {
      const [odd] = await query<{ name: string; entries: string; changes: string }>(
        `WITH told AS (SELECT subject_id, subject_name AS name, count(*) AS entries FROM audit_entries
            WHERE tenant_id = $1 AND subject_kind = 'device' GROUP BY 1, 2),
          raised AS (SELECT subject_id, split_part(summary, ' device ', 2) AS name, count(*) AS changes FROM changes
            WHERE tenant_id = $1 AND subject_kind = 'device' GROUP BY 1, 2)
        SELECT name, coalesce(entries, 0) AS entries, coalesce(changes, 0) AS changes
          FROM told FULL JOIN raised USING (subject_id, name) WHERE entries IS DISTINCT FROM changes LIMIT 1`,
        [world.tenantId],
      );
      if (odd) return `${odd.name} has ${odd.entries} audit entries and ${odd.changes} revisions`;
      const [half] = await query<{ name: string | null; audited: string | null; told: string | null }>(
        `WITH newest AS (SELECT DISTINCT ON (subject_id) subject_id::uuid AS id, subject_name AS audited FROM audit_entries
            WHERE tenant_id = $1 AND subject_kind = 'device' ORDER BY subject_id, sequence DESC),
          rows AS (SELECT id, name FROM devices WHERE tenant_id = $1),
          entries AS (SELECT id, value->>'name' AS told FROM document_entries WHERE tenant_id = $1 AND kind = 'device')
        SELECT name, audited, told FROM rows FULL JOIN newest USING (id) FULL JOIN entries USING (id)
          WHERE name IS DISTINCT FROM audited OR name IS DISTINCT FROM told LIMIT 1`,
        [world.tenantId],
      );
      if (half) return `a device is ${half.name}, in the audit log ${half.audited}, in the document ${half.told}`;
      const audited = await query<{ name: string }>(
        "SELECT subject_name AS name FROM audit_entries WHERE tenant_id = $1 AND subject_kind = 'device'",
        [world.tenantId],
      );
      const names = new Set(audited.map(({ name }) => name));
      for (const name of load.ackedNames)
        if (!names.has(name)) return `${name} was acknowledged, and is in no audit log`;
      return null;
    },
  },
  {
    name: "no event is lost or doubled",
    async look(scene, load) {
      const { world, query } = scene;
      for (const gateway of world.gateways) {
        const state = await getState(await addressOf(gateway, scene));
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
      const [untimely] = await query<{ count: string }>(
        "SELECT count(*) FROM sessions WHERE began_at < $1 OR began_at > now() + interval '5 seconds'",
        [new Date(load.beganAt.getTime() - 5_000)],
      );
      if (Number(untimely!.count) > 0) return `${untimely!.count} sessions began at another time than they did`;
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
    async look(scene, load) {
      const { world, query } = scene;
      const live = await query<{ account_id: string; gateway_id: string; state: string }>(
        "SELECT s.account_id, s.gateway_id, a.state FROM sessions s LEFT JOIN accounts a ON a.id = s.account_id WHERE disconnected_at IS NULL",
      );
      const told = live.map(({ account_id }) => account_id).sort();
      const present = load.present().sort();
      if (told.join() !== present.join()) return `${present.length} are in, and the ledger tells of ${told.length}`;
      if (live.some(({ state }) => state !== "active")) return "somebody is in who may not be";
      const outcasts = load.outcasts();
      if (present.some((id) => outcasts.includes(id))) return "somebody is in whose access is revoked";
      for (const gateway of world.gateways) {
        const { sessions } = await getState(await addressOf(gateway, scene));
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
  {
    name: "in the kernel a grant ends when it was given until, and no other is there",
    async look(scene) {
      const { world } = scene;
      const { grants } = await readDocument(scene);
      for (const gateway of world.gateways) {
        const ends = await grantEndsOf(world, gateway.namespace);
        const now = Date.now();
        for (const [id, { until }] of grants) {
          const left = Date.parse(until) - now;
          const lasts = ends.get(id.replaceAll("-", ""));
          if (lasts === undefined && left > endToleranceMs) return `${gateway.name} has no grant ${id}`;
          if (lasts !== undefined && Math.abs(lasts - left) > endToleranceMs)
            return `${gateway.name} holds grant ${id} for ${lasts / 1000} s, and it has ${left / 1000} s left`;
          ends.delete(id.replaceAll("-", ""));
        }
        if (ends.size > 0) return `${gateway.name} holds ${ends.size} grants that nobody gave`;
      }
      return null;
    },
  },
];

/** A clock that is off by less is taken for right; and a push may have been under way for a while. */
const endToleranceMs = 12_000;

/** Milliseconds that each grant is still in force for, by its id without hyphens. */
async function grantEndsOf(world: Scene["world"], namespace: string): Promise<Map<string, number>> {
  const text = await world.lab.exec(namespace, ["nft", "-j", "list", "sets", "table", "inet", "drawbridge"]);
  const { nftables } = JSON.parse(text) as {
    nftables: { set?: { name: string; elem?: { elem?: { expires?: number } }[] } }[];
  };
  const ends = new Map<string, number>();
  for (const { set } of nftables) {
    const id = /^a_\d+_(\w+)$/.exec(set?.name ?? "")?.[1];
    const expires = set?.elem?.[0]?.elem?.expires;
    if (id && expires !== undefined) ends.set(id, expires * 1000);
  }
  return ends;
}

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
async function compiled({ world, query }: Scene, gateway: WorldGateway, document: TenantDocument): Promise<string[]> {
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
    const [config] = await query<GatewayConfig>("SELECT fronts, processes, draining FROM gateways WHERE id = $1", [
      gateway.id,
    ]);
    await firewall.spread(planSpread(config!, null));
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
    .replace(/(timeout [\ddhms]+ )?expires [\ddhms]+/g, "timed")
    .split(/[\n,]/)
    .map((line) => line.replace(/^\s*elements = \{|\}\s*$/g, "").trim())
    .filter((line) => line !== "")
    .sort();
}
