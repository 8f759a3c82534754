/**
 * Grants: one account may reach some groups on some ports, for a while. The end is enforced by the gateways' kernels; here
 * it is given, ended early, shown, and what has lapsed is taken out of the document.
 */
import type { z } from "zod";
import type { Entry, PolicyRule } from "@/gateway/protocol/document";
import { audit } from "../core/audit";
import type { TenantScope } from "../core/db";
import { AppError, invalid, notFound } from "../core/errors";
import { type Page, skipTake } from "../core/listing";
import type { Prisma } from "../core/prisma/client";
import { searchWords } from "../core/search";
import { publish } from "../revisions/revisions";
import type { createGrantInput, grantStates, listGrantsInput } from "./schema";

export type GrantState = (typeof grantStates)[number];

export interface GrantRow {
  id: string;
  account: { id: string; name: string };
  groups: { id: string; name: string }[];
  rules: PolicyRule[];
  reason: string;
  state: GrantState;
  /** When it lapses, or would have. */
  until: Date;
  createdAt: Date;
  createdBy: string;
  endedAt: Date | null;
  endedBy: string | null;
}

export async function listGrants(
  { tx, tenantId }: TenantScope,
  input: z.infer<typeof listGrantsInput>,
): Promise<Page<GrantRow>> {
  const now = new Date();
  const where: Prisma.GrantWhereInput = {
    tenantId,
    ...(input.state.length > 0 ? { OR: input.state.map((state) => conditions[state](now)) } : {}),
    // A word may be of the reason, another of the person.
    AND: (await searchWords({ tx }, input.search)).map((word) => ({ OR: [word, { account: word }] })),
  };
  const grants = await tx.grant.findMany({
    where,
    include: withNames,
    orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
    ...skipTake(input),
  });
  return { rows: grants.map((grant) => grantRow(grant, now)), total: await tx.grant.count({ where }) };
}

/** @returns the grant, and the revision by which its receipt is asked for */
export async function createGrant(
  scope: TenantScope,
  input: z.infer<typeof createGrantInput>,
): Promise<{ grant: GrantRow; revision: number }> {
  const { tx, tenantId } = scope;
  const account = await tx.account.findUnique({ where: { tenantId_id: { tenantId, id: input.accountId } } });
  if (!account) throw invalid("accountId", "This account is gone. Choose another.");
  if (account.state !== "active")
    throw new AppError("conflict", `${account.name}'s access is revoked. Restore it first.`, { field: "accountId" });
  const groupIds = [...new Set(input.groupIds)];
  if ((await tx.deviceGroup.count({ where: { tenantId, id: { in: groupIds } } })) !== groupIds.length)
    throw invalid("groupIds", "Some of these groups are gone. Reload the page and choose again.");
  const { id } = await tx.grant.create({
    data: {
      tenantId,
      accountId: account.id,
      rules: input.rules.map(({ protocol, from, to }) => ({ protocol, from, to })),
      reason: input.reason,
      until: new Date(Date.now() + input.minutes * 60_000),
      createdBy: scope.actor.name,
    },
  });
  await tx.grantGroup.createMany({ data: groupIds.map((groupId) => ({ tenantId, grantId: id, groupId })) });
  const created = await getGrant(scope, id);
  const grant = grantRow(created, new Date());
  await audit(scope, {
    action: "grants.create",
    subject: { kind: "account", id: account.id, name: account.name },
    details: {
      groups: grant.groups.map(({ name }) => name),
      rules: grant.rules,
      until: grant.until,
      reason: grant.reason,
    },
  });
  const revision = await publish(scope, [grantEntry(created)], {
    summary: `granted ${account.name} ${grant.groups.map(({ name }) => name).join(", ")} for a while`,
    subject: { kind: "grant", id },
  });
  return { grant, revision };
}

/** Before its time; open flows stop. */
export async function endGrant(scope: TenantScope, grantId: string): Promise<{ revision: number }> {
  const { tx, tenantId } = scope;
  const grant = grantRow(await getGrant(scope, grantId), new Date());
  if (grant.state !== "active") throw new AppError("conflict", "This grant is over already.");
  await tx.grant.update({
    where: { tenantId_id: { tenantId, id: grantId } },
    data: { endedAt: new Date(), endedBy: scope.actor.name },
  });
  await audit(scope, {
    action: "grants.end",
    subject: { kind: "account", id: grant.account.id, name: grant.account.name },
    details: { groups: grant.groups.map(({ name }) => name), until: grant.until },
  });
  const revision = await publish(scope, [{ kind: "grant", id: grantId, value: null }], {
    summary: `ended a grant of ${grant.account.name}`,
    subject: { kind: "grant", id: grantId },
  });
  return { revision };
}

/** The document's entries: those that nobody ended and no sweep has taken yet. */
export async function grantEntries({ tx, tenantId }: TenantScope): Promise<Entry[]> {
  const grants = await tx.grant.findMany({ where: { tenantId, endedAt: null }, include: withNames });
  return grants.map(grantEntry);
}

/** For an account that goes: its grants go with it. */
export async function goneGrantEntries({ tx, tenantId }: TenantScope, accountId: string): Promise<Entry[]> {
  const grants = await tx.grant.findMany({ where: { tenantId, accountId, endedAt: null }, select: { id: true } });
  return grants.map(({ id }) => ({ kind: "grant", id, value: null }));
}

/** Those in force, for the person whom they are for; the soonest to lapse first. */
export async function currentGrants({ tx, tenantId }: TenantScope, accountId: string) {
  const now = new Date();
  const grants = await tx.grant.findMany({
    where: { tenantId, accountId, ...conditions.active(now) },
    include: withNames,
    orderBy: { until: "asc" },
  });
  return grants.map((grant) => grantRow(grant, now));
}

/** Takes lapsed grants out of the tenant's document. @returns their entries, to be published */
export async function lapseGrants({ tx, tenantId }: TenantScope, now: Date): Promise<Entry[]> {
  const lapsed = await tx.grant.findMany({
    where: { tenantId, endedAt: null, until: { lte: now } },
    select: { id: true, until: true },
  });
  for (const { id, until } of lapsed)
    await tx.grant.update({ where: { tenantId_id: { tenantId, id } }, data: { endedAt: until } });
  return lapsed.map(({ id }) => ({ kind: "grant", id, value: null }));
}

const conditions: Record<GrantState, (now: Date) => Prisma.GrantWhereInput> = {
  active: (now) => ({ endedAt: null, until: { gt: now } }),
  lapsed: (now) => ({ endedBy: null, until: { lte: now } }),
  ended: () => ({ endedBy: { not: null } }),
};

const withNames = {
  account: { select: { id: true, name: true } },
  groups: { include: { group: { select: { id: true, name: true } } } },
} as const;

type WithNames = Prisma.GrantGetPayload<{ include: typeof withNames }>;

async function getGrant({ tx, tenantId }: TenantScope, id: string): Promise<WithNames> {
  const grant = await tx.grant.findUnique({ where: { tenantId_id: { tenantId, id } }, include: withNames });
  if (!grant) throw notFound("grant");
  return grant;
}

function grantRow(grant: WithNames, now: Date): GrantRow {
  const { id, account, reason, until, createdAt, createdBy, endedAt, endedBy } = grant;
  return {
    id,
    account,
    groups: grant.groups.map(({ group }) => group).sort((a, b) => a.name.localeCompare(b.name)),
    rules: grant.rules as unknown as PolicyRule[],
    reason,
    state: endedBy !== null ? "ended" : until <= now ? "lapsed" : "active",
    until,
    createdAt,
    createdBy,
    endedAt,
    endedBy,
  };
}

function grantEntry({ id, accountId, groups, rules, until }: WithNames): Entry {
  return {
    kind: "grant",
    id,
    value: {
      account: accountId,
      groups: groups.map(({ groupId }) => groupId).sort(),
      rules: rules as unknown as PolicyRule[],
      until: until.toISOString(),
    },
  };
}
