/** A tenant at a glance, for those who work in it. */

import { isConnected } from "../core/connected";
import type { TenantScope } from "../core/db";
import { withPrefix } from "../core/inet";
import { Prisma } from "../core/prisma/client";

export interface TenantOverview {
  accounts: { active: number; revoked: number; max: number };
  /** `online` of those that dial in by themselves. */
  devices: { total: number; max: number; dialling: number; online: number };
  policies: number;
  /** Accounts that are connected now. */
  liveSessions: number;
  plan: { name: string; maxAccounts: number; maxDevices: number };
  networks: { id: string; name: string; cidr: string }[];
  /** Bytes a second over the last 24 hours, a point each quarter of an hour. */
  traffic: { at: Date; receivedRate: number; sentRate: number }[];
  recentChanges: RecentChange[];
  onboarding: {
    /** Somebody beside the first admin is a member or invited. */
    invited: boolean;
    hasDevice: boolean;
    hasGroup: boolean;
    hasAccount: boolean;
    hasPolicy: boolean;
    /** A profile, that is, a certificate. */
    downloaded: boolean;
    connected: boolean;
  };
}

export interface RecentChange {
  revision: number;
  summary: string;
  at: Date;
  /** On how many of the enrolled gateways it is in force. */
  enforced: number;
  of: number;
  slowestMs: number | null;
}

export async function tenantOverview(scope: TenantScope): Promise<TenantOverview> {
  const { tx, tenantId } = scope;
  const tenant = await tx.tenant.findUniqueOrThrow({
    where: { id: tenantId },
    include: { plan: true, networks: { orderBy: { cidr: "asc" } } },
  });
  const [counts] = await tx.$queryRaw<
    {
      active: number;
      revoked: number;
      devices: number;
      dialling: number;
      online: number;
      groups: number;
      policies: number;
      live: number;
      members: number;
      downloaded: boolean;
      connected: boolean;
    }[]
  >`
    SELECT
      (SELECT count(*)::int FROM accounts WHERE tenant_id = ${tenantId}::uuid AND state = 'active') AS active,
      (SELECT count(*)::int FROM accounts WHERE tenant_id = ${tenantId}::uuid AND state = 'revoked') AS revoked,
      (SELECT count(*)::int FROM devices WHERE tenant_id = ${tenantId}::uuid) AS devices,
      (SELECT count(*)::int FROM devices WHERE tenant_id = ${tenantId}::uuid AND attachment = 'openvpn') AS dialling,
      (SELECT count(DISTINCT s.device_id)::int FROM sessions s WHERE s.tenant_id = ${tenantId}::uuid AND ${isConnected(Prisma.sql`s`)}) AS online,
      (SELECT count(*)::int FROM device_groups WHERE tenant_id = ${tenantId}::uuid) AS groups,
      (SELECT count(*)::int FROM policies WHERE tenant_id = ${tenantId}::uuid) AS policies,
      (SELECT count(DISTINCT s.account_id)::int FROM sessions s WHERE s.tenant_id = ${tenantId}::uuid AND ${isConnected(Prisma.sql`s`)}) AS live,
      (SELECT count(*)::int FROM members WHERE tenant_id = ${tenantId}::uuid)
        + (SELECT count(*)::int FROM invitations WHERE tenant_id = ${tenantId}::uuid AND accepted_at IS NULL AND revoked_at IS NULL) AS members,
      EXISTS (SELECT FROM certificates WHERE tenant_id = ${tenantId}::uuid AND account_id IS NOT NULL) AS downloaded,
      EXISTS (SELECT FROM sessions WHERE tenant_id = ${tenantId}::uuid AND account_id IS NOT NULL) AS connected`;
  const { active, revoked, devices, dialling, online, groups, policies, live, members, downloaded, connected } =
    counts!;
  const { name, maxAccounts, maxDevices } = tenant.plan;
  return {
    accounts: { active, revoked, max: maxAccounts },
    devices: { total: devices, max: maxDevices, dialling, online },
    policies,
    liveSessions: live,
    plan: { name, maxAccounts, maxDevices },
    networks: tenant.networks.map((network) => ({
      id: network.id,
      name: network.name,
      cidr: withPrefix(network.cidr),
    })),
    traffic: await traffic(scope),
    recentChanges: await recentChanges(scope),
    onboarding: {
      invited: members > 1,
      hasDevice: devices > 0,
      hasGroup: groups > 0,
      hasAccount: active + revoked > 0,
      hasPolicy: policies > 0,
      downloaded,
      connected,
    },
  };
}

/** From the samples' totals: what each session added since its sample before, or since it began. */
async function traffic({ tx, tenantId }: TenantScope): Promise<TenantOverview["traffic"]> {
  const rows = await tx.$queryRaw<{ at: Date; received_rate: number; sent_rate: number }[]>`
    WITH bounds AS (SELECT date_bin('15 minutes', now(), 'epoch'::timestamptz) AS last),
    added AS (
      SELECT s.at,
        greatest(s.received - coalesce(lag(s.received) OVER w, CASE WHEN l.connected_at >= b.last - interval '25 hours' THEN 0 ELSE s.received END), 0) AS received,
        greatest(s.sent - coalesce(lag(s.sent) OVER w, CASE WHEN l.connected_at >= b.last - interval '25 hours' THEN 0 ELSE s.sent END), 0) AS sent
      FROM bounds b, traffic_samples s
      LEFT JOIN sessions l ON l.tenant_id = s.tenant_id AND l.id = s.session_id
      WHERE s.tenant_id = ${tenantId}::uuid AND s.at >= (SELECT last FROM bounds) - interval '25 hours'
      WINDOW w AS (PARTITION BY s.session_id ORDER BY s.at)
    ),
    binned AS (
      SELECT date_bin('15 minutes', at, 'epoch'::timestamptz) AS at, sum(received) AS received, sum(sent) AS sent FROM added GROUP BY 1
    )
    SELECT p.at, (coalesce(n.received, 0) / 900)::float8 AS received_rate, (coalesce(n.sent, 0) / 900)::float8 AS sent_rate
    FROM bounds b, generate_series(b.last - interval '24 hours', b.last, interval '15 minutes') AS p (at)
    LEFT JOIN binned n ON n.at = p.at ORDER BY p.at`;
  return rows.map((row) => ({ at: row.at, receivedRate: row.received_rate, sentRate: row.sent_rate }));
}

const changesShown = 10;

async function recentChanges({ tx, tenantId }: TenantScope): Promise<RecentChange[]> {
  const rows = await tx.$queryRaw<
    { revision: bigint; summary: string; at: Date; enforced: number; of: number; slowest_ms: number | null }[]
  >`
    SELECT c.revision, c.summary, c.at,
      (count(g.id) FILTER (WHERE a.revision >= c.revision))::int AS enforced,
      count(g.id)::int AS of,
      max(greatest(extract(epoch FROM p.enforced_at - c.at) * 1000, 0))::float8 AS slowest_ms
    FROM (SELECT * FROM changes WHERE tenant_id = ${tenantId}::uuid ORDER BY revision DESC LIMIT ${changesShown}) c
    LEFT JOIN gateways g ON g.enrolled_at IS NOT NULL
    LEFT JOIN applied_revisions a ON a.tenant_id = c.tenant_id AND a.gateway_id = g.id
    LEFT JOIN LATERAL (
      SELECT enforced_at FROM pushes
      WHERE tenant_id = c.tenant_id AND gateway_id = g.id AND to_revision >= c.revision ORDER BY to_revision LIMIT 1
    ) p ON true
    GROUP BY c.revision, c.summary, c.at ORDER BY c.revision DESC`;
  return rows.map(({ revision, slowest_ms, ...row }) => ({
    ...row,
    revision: Number(revision),
    slowestMs: slowest_ms === null ? null : Math.round(slowest_ms),
  }));
}
