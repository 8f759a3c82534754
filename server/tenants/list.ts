/** What staff see of tenants: the list, and one tenant with all that belongs to it. */
import type { z } from "zod";
import { isConnected } from "../core/connected";
import type { Scope } from "../core/db";
import { notFound } from "../core/errors";
import { bareAddress, withPrefix } from "../core/inet";
import { type Page, skipTake } from "../core/listing";
import { type MemberRole, Prisma, type SecondSession, type TenantState } from "../core/prisma/client";
import { searchWords } from "../core/search";
import { type InvitationRow, listInvitations } from "../members/members";
import type { listTenantsInput } from "./schema";

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  number: number;
  state: TenantState;
  plan: { id: string; name: string };
  /** Those that are active, as the plan counts them. */
  accounts: number;
  devices: number;
  liveSessions: number;
  members: number;
  revision: number;
  createdAt: Date;
  /** Every enrolled gateway enforces the newest revision. */
  isEnforcedEverywhere: boolean;
}

/** Those that are deleted are listed only when asked for. */
export async function listTenants(scope: Scope, input: z.infer<typeof listTenantsInput>): Promise<Page<TenantRow>> {
  const { tx } = scope;
  const where: Prisma.TenantWhereInput = {
    state: input.state.length > 0 ? { in: input.state } : { not: "deleted" },
    AND: await searchWords(scope, input.search),
  };
  const tenants = await tx.tenant.findMany({
    where,
    include: withPlan,
    orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
    ...skipTake(input),
  });
  const total = await tx.tenant.count({ where });
  return { rows: await tenantRows(scope, tenants), total };
}

export interface TenantDetails extends TenantRow {
  suspendedReason: string | null;
  secondSession: SecondSession;
  homeRegion: { id: string; name: string } | null;
  blocks: string[];
  networks: { id: string; name: string; cidr: string }[];
  uplinks: { gatewayId: string; gatewayName: string; region: string; interface: string; nextHop: string | null }[];
  invitations: InvitationRow[];
  memberList: { id: string; name: string; email: string; role: MemberRole; createdAt: Date }[];
  applied: {
    gatewayId: string;
    gatewayName: string;
    revision: number;
    enforcedAt: Date | null;
    error: string | null;
  }[];
}

export async function getTenant(scope: Scope, tenantId: string): Promise<TenantDetails> {
  const { tx } = scope;
  const tenant = await tx.tenant.findUnique({ where: { id: tenantId }, include: { ...withPlan, homeRegion: true } });
  if (!tenant) throw notFound("tenant");
  const [row] = await tenantRows(scope, [tenant]);
  const where = { tenantId };
  const blocks = await tx.addressBlock.findMany({ where, orderBy: { cidr: "asc" } });
  const networks = await tx.network.findMany({ where, orderBy: { cidr: "asc" } });
  const uplinks = await tx.uplink.findMany({
    where,
    include: { gateway: { include: { region: true } } },
    orderBy: { gateway: { name: "asc" } },
  });
  const members = await tx.member.findMany({ where, include: { user: true }, orderBy: { user: { name: "asc" } } });
  const gateways = await tx.gateway.findMany({
    where: { enrolledAt: { not: null } },
    include: { applied: { where } },
    orderBy: { name: "asc" },
  });
  return {
    ...row!,
    suspendedReason: tenant.suspendedReason,
    secondSession: tenant.secondSession,
    homeRegion: tenant.homeRegion && { id: tenant.homeRegion.id, name: tenant.homeRegion.name },
    blocks: blocks.map(({ cidr }) => cidr),
    networks: networks.map(({ id, name, cidr }) => ({ id, name, cidr: withPrefix(cidr) })),
    uplinks: uplinks.map((uplink) => ({
      gatewayId: uplink.gatewayId,
      gatewayName: uplink.gateway.name,
      region: uplink.gateway.region.name,
      interface: uplink.interface,
      nextHop: uplink.nextHop && bareAddress(uplink.nextHop),
    })),
    invitations: await listInvitations({ tx, tenantId }),
    memberList: members.map(({ id, role, createdAt, user }) => ({
      id,
      role,
      createdAt,
      name: user.name,
      email: user.email,
    })),
    applied: gateways.map(({ id, name, applied }) => ({
      gatewayId: id,
      gatewayName: name,
      revision: Number(applied[0]?.revision ?? 0),
      enforcedAt: applied[0]?.enforcedAt ?? null,
      error: applied[0]?.error ?? null,
    })),
  };
}

const withPlan = { plan: { select: { id: true, name: true } } } as const;

async function tenantRows(
  { tx }: Scope,
  tenants: Prisma.TenantGetPayload<{ include: typeof withPlan }>[],
): Promise<TenantRow[]> {
  const ids = tenants.map(({ id }) => id);
  const counts = await tx.$queryRaw<
    {
      id: string;
      /** Those that are active, as the plan counts them. */
      accounts: number;
      devices: number;
      live: number;
      members: number;
      is_enforced: boolean;
    }[]
  >`
    SELECT t.id,
      (SELECT count(*)::int FROM accounts WHERE tenant_id = t.id AND state = 'active') AS accounts,
      (SELECT count(*)::int FROM devices WHERE tenant_id = t.id) AS devices,
      (SELECT count(*)::int FROM sessions s WHERE s.tenant_id = t.id AND ${isConnected(Prisma.sql`s`)}) AS live,
      (SELECT count(*)::int FROM members WHERE tenant_id = t.id) AS members,
      NOT EXISTS (
        SELECT FROM gateways g LEFT JOIN applied_revisions a ON a.gateway_id = g.id AND a.tenant_id = t.id
        WHERE g.enrolled_at IS NOT NULL AND coalesce(a.revision, 0) < t.revision) AS is_enforced
    FROM tenants t WHERE t.id = ANY(${ids}::uuid[])`;
  const byId = new Map(counts.map((row) => [row.id, row]));
  return tenants.map(({ id, slug, name, number, state, plan, revision, createdAt }) => {
    const count = byId.get(id);
    return {
      id,
      slug,
      name,
      number,
      state,
      plan,
      accounts: count?.accounts ?? 0,
      devices: count?.devices ?? 0,
      liveSessions: count?.live ?? 0,
      members: count?.members ?? 0,
      revision: Number(revision),
      createdAt,
      isEnforcedEverywhere: count?.is_enforced ?? false,
    };
  });
}
