/**
 * What an account reaches now, and by what. Counted by `decide`, over the entries of the tenant's document that bear on
 * this account: what the screen says is what the gateways do.
 */
import { type DenyCode, decide } from "@/gateway/protocol/decide";
import { type Entry, emptyDocument, type PolicyRule, putEntry } from "@/gateway/protocol/document";
import type { TenantScope } from "../core/db";
import { notFound } from "../core/errors";
import { currentGrants } from "../grants/grants";

export interface AccountReach {
  /** Why it reaches nothing whatever it is given: it, or its tenant, is shut out as a whole. */
  denied: DenyCode | null;
  /** How many devices it reaches on at least one port, each counted once. */
  devices: number;
  policies: ReachedBy[];
  /** Those in force, the soonest to end first. */
  grants: (ReachedBy & { until: Date })[];
}

interface ReachedBy {
  id: string;
  /** The policy's; of a grant, why it was given. */
  name: string;
  isEnabled: boolean;
  rules: PolicyRule[];
  groups: { id: string; name: string }[];
  /** How many devices it opens. */
  devices: number;
}

export async function reachOf(scope: TenantScope, accountId: string, now = new Date()): Promise<AccountReach> {
  const { tx, tenantId } = scope;
  if (!(await tx.account.findUnique({ where: { tenantId_id: { tenantId, id: accountId } }, select: { id: true } })))
    throw notFound("account");
  const policies = await tx.policy.findMany({
    where: { tenantId, accounts: { some: { accountId } } },
    include: { groups: { include: { group: { select: { id: true, name: true } } } } },
    orderBy: { name: "asc" },
  });
  const grants = await currentGrants(scope, accountId);
  const named = [
    ...policies.map(({ id, groups }) => ({ id, groups: groups.map(({ group }) => group) })),
    ...grants.map(({ id, groups }) => ({ id, groups })),
  ];
  const document = await documentFor(
    scope,
    [accountId, ...named.map(({ id }) => id)],
    named.flatMap(({ groups }) => groups.map(({ id }) => id)),
  );
  const isOpen = (deviceId: string, { protocol, from }: PolicyRule) =>
    decide(document, { accountId, deviceId, protocol, port: protocol === "icmp" ? null : (from ?? 1) }, now).allow;
  const reached = new Set<string>();
  const countDevices = (rules: PolicyRule[], groups: { id: string }[]) => {
    const ids = new Set(groups.map(({ id }) => id));
    const opened = [...document.devices]
      .filter(([, device]) => device.groups.some((group) => ids.has(group)))
      .filter(([id]) => rules.some((rule) => isOpen(id, rule)))
      .map(([id]) => id);
    for (const id of opened) reached.add(id);
    return opened.length;
  };
  const byPolicies = policies.map(({ id, name, isEnabled, rules: json, groups: members }) => {
    const rules = json as unknown as PolicyRule[];
    const groups = members.map(({ group }) => group);
    // Another policy may open what this one would, were it on.
    return { id, name, isEnabled, rules, groups, devices: isEnabled ? countDevices(rules, groups) : 0 };
  });
  const byGrants = grants.map(({ id, reason, rules, groups, until }) => ({
    ...{ id, name: reason, isEnabled: true, rules, groups, until },
    devices: countDevices(rules, groups),
  }));
  // No device is asked for: what refuses even that refuses the account.
  const whole = decide(document, { accountId, deviceId: "", protocol: "icmp", port: null }, now);
  const denied = whole.allow || whole.code === "device_unknown" ? null : whole.code;
  return { denied, devices: reached.size, policies: byPolicies, grants: byGrants };
}

/** The entries with these ids, the devices of these groups, and what holds for the whole tenant. */
async function documentFor({ tx, tenantId }: TenantScope, ids: string[], groupIds: string[]) {
  const document = emptyDocument(tenantId);
  const entries = await tx.$queryRaw<Entry[]>`
    SELECT kind, id, value FROM document_entries
    WHERE tenant_id = ${tenantId}::uuid AND value IS NOT NULL AND (kind IN ('tenant', 'network')
      OR (kind IN ('account', 'policy', 'grant') AND id = ANY(${ids}::uuid[]))
      OR (kind = 'device' AND id IN (
        SELECT device_id FROM device_group_members WHERE tenant_id = ${tenantId}::uuid AND group_id = ANY(${groupIds}::uuid[]))))`;
  for (const entry of entries) putEntry(document, entry);
  return document;
}
