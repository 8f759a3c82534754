/** Policies: which accounts may reach which device groups on which ports. What none of them opens is shut. */
import type { z } from "zod";
import type { Entry, PolicyRule } from "@/gateway/protocol/document";
import { accountEntries } from "../accounts/accounts";
import { audit } from "../core/audit";
import type { AuditAction } from "../core/audit-actions";
import type { TenantScope } from "../core/db";
import { conflict, invalid, isUniqueViolation, notFound } from "../core/errors";
import { type Page, skipTake } from "../core/listing";
import type { Prisma } from "../core/prisma/client";
import { searchWords } from "../core/search";
import { publish } from "../revisions/revisions";
import { listRuleUses, type RuleUse, type Use } from "./rule-use";
import type { createPolicyInput, listPoliciesInput, updatePolicyInput } from "./schema";

export interface PolicyRow {
  id: string;
  name: string;
  description: string;
  isEnabled: boolean;
  rules: PolicyRule[];
  /** How many accounts it names. */
  accounts: number;
  groups: { id: string; name: string }[];
  /** How many devices its groups hold, each counted once. */
  devices: number;
  /** When a gateway last saw it let something through, and how much it was in these seven days; null: not since we count. */
  use: Use | null;
  createdAt: Date;
}

export interface PolicyDetails extends Omit<PolicyRow, "accounts"> {
  accountIds: string[];
  accounts: { id: string; name: string; email: string }[];
  /** Of each of its rules, in their order. */
  ruleUses: RuleUse[];
}

export async function listPolicies(
  scope: TenantScope,
  input: z.infer<typeof listPoliciesInput>,
): Promise<Page<PolicyRow>> {
  const { tx, tenantId } = scope;
  const where: Prisma.PolicyWhereInput = {
    tenantId,
    AND: await searchWords(scope, input.search),
  };
  const policies = await tx.policy.findMany({
    where,
    include: withUses,
    orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
    ...skipTake(input),
  });
  const total = await tx.policy.count({ where });
  return { rows: await policyRows(scope, policies), total };
}

export async function getPolicy(scope: TenantScope, policyId: string): Promise<PolicyDetails> {
  const { tx, tenantId } = scope;
  const policy = await tx.policy.findUnique({
    where: { tenantId_id: { tenantId, id: policyId } },
    include: withUses,
  });
  if (!policy) throw notFound("policy");
  const [row] = await policyRows(scope, [policy]);
  const accounts = await tx.account.findMany({
    where: { tenantId, policies: { some: { policyId } } },
    select: { id: true, name: true, email: true },
    orderBy: { name: "asc" },
  });
  const ruleUses = await listRuleUses(scope, policyId, row!.rules);
  return { ...row!, accountIds: accounts.map(({ id }) => id), accounts, ruleUses };
}

export async function createPolicy(
  scope: TenantScope,
  input: z.infer<typeof createPolicyInput>,
): Promise<{ policy: PolicyRow; revision: number }> {
  const { tx, tenantId } = scope;
  const { id } = await uniqueName(() =>
    tx.policy.create({
      data: {
        tenantId,
        name: input.name,
        description: input.description,
        isEnabled: input.isEnabled,
        rules: rulesOf(input.rules),
      },
    }),
  );
  return setUses(scope, id, input, { action: "policies.create", summary: `added policy ${input.name}` });
}

export async function updatePolicy(
  scope: TenantScope,
  input: z.infer<typeof updatePolicyInput>,
): Promise<{ policy: PolicyRow; revision: number }> {
  const { tx, tenantId } = scope;
  const where = { tenantId_id: { tenantId, id: input.policyId } };
  const before = await tx.policy.findUnique({ where });
  if (!before) throw notFound("policy");
  await uniqueName(() =>
    tx.policy.update({
      where,
      data: {
        name: input.name,
        description: input.description,
        isEnabled: input.isEnabled,
        rules: rulesOf(input.rules),
      },
    }),
  );
  return setUses(scope, input.policyId, input, {
    action: "policies.update",
    summary: `changed policy ${input.name}`,
    before: { name: before.name, isEnabled: before.isEnabled, rules: before.rules },
  });
}

export async function deletePolicy(scope: TenantScope, policyId: string): Promise<{ revision: number }> {
  const { tx, tenantId } = scope;
  const policy = await getPolicy(scope, policyId);
  await tx.policy.delete({ where: { tenantId_id: { tenantId, id: policyId } } });
  await audit(scope, {
    action: "policies.delete",
    subject: { kind: "policy", id: policyId, name: policy.name },
    details: { rules: policy.rules, accounts: policy.accounts.length, groups: policy.groups.map(({ name }) => name) },
  });
  const entries = await accountEntries(scope, policy.accountIds);
  const revision = await publish(scope, [{ kind: "policy", id: policyId, value: null }, ...entries], {
    summary: `removed policy ${policy.name}`,
    subject: { kind: "policy", id: policyId },
  });
  return { revision };
}

/** The document's entries of these policies, or of all, as they now stand. */
export async function policyEntries({ tx, tenantId }: TenantScope, policyIds?: string[]): Promise<Entry[]> {
  const policies = await tx.policy.findMany({
    where: { tenantId, ...(policyIds ? { id: { in: policyIds } } : {}) },
    include: { groups: { select: { groupId: true } } },
  });
  return policies.map(({ id, name, isEnabled, rules, groups }) => ({
    kind: "policy",
    id,
    value: {
      name,
      isEnabled,
      groups: groups.map(({ groupId }) => groupId).sort(),
      rules: rules as unknown as PolicyRule[],
    },
  }));
}

interface Note {
  action: AuditAction;
  summary: string;
  before?: Record<string, unknown>;
}

async function setUses(
  scope: TenantScope,
  policyId: string,
  input: z.infer<typeof createPolicyInput>,
  { action, summary, before }: Note,
): Promise<{ policy: PolicyRow; revision: number }> {
  const { tx, tenantId } = scope;
  const had = await tx.policyAccount.findMany({ where: { tenantId, policyId }, select: { accountId: true } });
  const { added, removed } = difference(
    had.map(({ accountId }) => accountId),
    input.accountIds,
  );
  // In SQL, since these lists may be longer than a statement has parameters.
  await tx.$executeRaw`
    DELETE FROM policy_accounts WHERE tenant_id = ${tenantId}::uuid AND policy_id = ${policyId}::uuid AND account_id = ANY(${removed}::uuid[])`;
  const inserted = await tx.$executeRaw`
    INSERT INTO policy_accounts (tenant_id, policy_id, account_id)
    SELECT tenant_id, ${policyId}::uuid, id FROM accounts WHERE tenant_id = ${tenantId}::uuid AND id = ANY(${added}::uuid[])`;
  if (inserted !== added.length)
    throw invalid("accountIds", "Some of these accounts are gone. Reload the page and choose again.");

  const groupIds = [...new Set(input.groupIds)];
  if ((await tx.deviceGroup.count({ where: { tenantId, id: { in: groupIds } } })) !== groupIds.length)
    throw invalid("groupIds", "Some of these groups are gone. Reload the page and choose again.");
  await tx.policyGroup.deleteMany({ where: { tenantId, policyId, groupId: { notIn: groupIds } } });
  await tx.policyGroup.createMany({
    data: groupIds.map((groupId) => ({ tenantId, policyId, groupId })),
    skipDuplicates: true,
  });

  const policy = await tx.policy.findUniqueOrThrow({
    where: { tenantId_id: { tenantId, id: policyId } },
    include: withUses,
  });
  const [row] = await policyRows(scope, [policy]);
  const after = { name: row!.name, isEnabled: row!.isEnabled, rules: row!.rules };
  await audit(scope, {
    action,
    subject: { kind: "policy", id: policyId, name: row!.name },
    details: {
      ...(before ? { before, after } : after),
      groups: row!.groups.map(({ name }) => name),
      accountsAdded: added.length,
      accountsRemoved: removed.length,
    },
  });
  const entries = [
    ...(await policyEntries(scope, [policyId])),
    ...(await accountEntries(scope, [...added, ...removed])),
  ];
  const revision = await publish(scope, entries, { summary, subject: { kind: "policy", id: policyId } });
  return { policy: row!, revision };
}

function difference(had: string[], wanted: string[]): { added: string[]; removed: string[] } {
  const before = new Set(had);
  const after = new Set(wanted);
  return { added: [...after].filter((id) => !before.has(id)), removed: had.filter((id) => !after.has(id)) };
}

const withUses = {
  _count: { select: { accounts: true } },
  groups: { include: { group: { select: { id: true, name: true } } } },
} as const;

async function policyRows(
  { tx, tenantId }: TenantScope,
  policies: Prisma.PolicyGetPayload<{ include: typeof withUses }>[],
): Promise<PolicyRow[]> {
  const ids = policies.map(({ id }) => id);
  const counts = await tx.$queryRaw<{ policy_id: string; devices: number }[]>`
    SELECT p.policy_id, count(DISTINCT m.device_id)::int AS devices
    FROM policy_groups p JOIN device_group_members m ON m.tenant_id = p.tenant_id AND m.group_id = p.group_id
    WHERE p.tenant_id = ${tenantId}::uuid AND p.policy_id = ANY(${ids}::uuid[]) GROUP BY p.policy_id`;
  const uses = await tx.$queryRaw<{ policy_id: string; last_at: Date; week_bytes: number }[]>`
    SELECT policy_id, max(used_at) AS last_at,
      coalesce(sum(bytes) FILTER (WHERE day > (now() AT TIME ZONE 'UTC')::date - 7), 0)::float8 AS week_bytes
    FROM policy_use WHERE tenant_id = ${tenantId}::uuid AND policy_id = ANY(${ids}::uuid[]) GROUP BY policy_id`;
  const useOf = new Map(uses.map((row) => [row.policy_id, { lastAt: row.last_at, weekBytes: row.week_bytes }]));
  const devices = new Map(counts.map((row) => [row.policy_id, row.devices]));
  return policies.map((policy) => ({
    id: policy.id,
    name: policy.name,
    description: policy.description,
    isEnabled: policy.isEnabled,
    rules: policy.rules as unknown as PolicyRule[],
    accounts: policy._count.accounts,
    groups: policy.groups.map(({ group }) => group).sort((a, b) => a.name.localeCompare(b.name)),
    devices: devices.get(policy.id) ?? 0,
    use: useOf.get(policy.id) ?? null,
    createdAt: policy.createdAt,
  }));
}

/** As Prisma's JSON type, which knows no interfaces. */
const rulesOf = (rules: PolicyRule[]) => rules.map(({ protocol, from, to }) => ({ protocol, from, to }));

async function uniqueName<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict("name", "Another policy has this name. Choose a different one.");
    throw error;
  }
}
