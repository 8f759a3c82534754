/**
 * Finding anything by what one types: people, devices, groups, policies, sessions, and for staff tenants and gateways. A
 * member finds what is in their own tenants, staff in all. Each tenant's rows are read bound to it, or as staff, so that row
 * security decides what can be found.
 */
import type { z } from "zod";
import { bind, type Scope } from "../core/db";
import { Prisma } from "../core/prisma/client";
import { hasWords } from "../core/search";
import type { UserPrincipal } from "../trpc/principal";
import { standingIn } from "../trpc/trpc";
import type { searchInput } from "./schema";

export const foundKinds = ["account", "device", "session", "group", "policy", "tenant", "gateway"] as const;

export interface Found {
  kind: (typeof foundKinds)[number];
  id: string;
  /** Where it is; a tenant's own for a tenant, left out for a gateway. */
  tenantSlug?: string;
  title: string;
  /** What tells it from others of the same title. */
  subtitle: string;
  /** Of a session only: in which of the two lists it stands, and what finds it there. */
  session?: { isLive: boolean; realAddress: string };
}

/** At most so many of a kind. */
const most = 5;
/** Of so many that fit, the best are chosen. */
const considered = 1_000;
/** Of a member of more tenants than that, those of the first names are looked through. */
const tenantsAtMost = 20;

/** @returns what was found, the kinds in the order of `foundKinds`, in each the best first */
export async function search(
  scope: Scope,
  principal: UserPrincipal,
  { query, tenantId }: z.infer<typeof searchInput>,
): Promise<Found[]> {
  // One letter finds everything.
  if (!/[\p{L}\p{N}]{2}/u.test(query)) return [];
  const { tx } = scope;
  const found: Found[] = [];
  const { userId } = principal;
  if (tenantId) {
    await bind(tx, { tenantId, userId });
    await standingIn(scope, principal, tenantId);
    found.push(...(await findInTenants(scope, query, tenantId)));
  } else if (principal.staffRole) {
    await bind(tx, { isStaff: true, userId });
    found.push(...(await findInTenants(scope, query, null)), ...(await findOfPlatform(scope, query)));
  } else {
    const members = await tx.member.findMany({
      where: { userId, tenant: { state: { not: "deleted" } } },
      orderBy: { tenant: { name: "asc" } },
      take: tenantsAtMost,
      select: { tenantId: true },
    });
    for (const member of members) {
      await bind(tx, { tenantId: member.tenantId, userId });
      found.push(...(await findInTenants(scope, query, member.tenantId)));
    }
  }
  return foundKinds.flatMap((kind) => found.filter((one) => one.kind === kind).slice(0, most));
}

/** @param tenantId null: in all */
async function findInTenants({ tx }: Scope, query: string, tenantId: string | null): Promise<Found[]> {
  const inTenant = (table: string) =>
    tenantId ? Prisma.sql`${Prisma.raw(table)}.tenant_id = ${tenantId}::uuid` : Prisma.sql`true`;
  const ids = (kind: "accounts" | "devices") =>
    Prisma.sql`(SELECT search_ids(${kind}, ${tenantId}::uuid, ${query}, ${considered}::int))`;
  // A name that begins with what was typed comes before one that has it somewhere.
  const best = (table: string) =>
    Prisma.sql`ORDER BY NOT starts_with(fold(${Prisma.raw(table)}.name), fold(${query})), ${Prisma.raw(table)}.name, ${Prisma.raw(table)}.id LIMIT ${most}`;

  const accounts = await tx.$queryRaw<Found[]>`
    SELECT 'account' AS kind, a.id, t.slug AS "tenantSlug", a.name AS title, a.email::text || ' · ' || host(a.address) AS subtitle
    FROM accounts a JOIN tenants t ON t.id = a.tenant_id WHERE ${inTenant("a")} AND a.id IN ${ids("accounts")} ${best("a")}`;
  const devices = await tx.$queryRaw<Found[]>`
    SELECT 'device' AS kind, d.id, t.slug AS "tenantSlug", d.name AS title, host(d.address) AS subtitle
    FROM devices d JOIN tenants t ON t.id = d.tenant_id WHERE ${inTenant("d")} AND d.id IN ${ids("devices")} ${best("d")}`;
  const groups = await tx.$queryRaw<Found[]>`
    SELECT 'group' AS kind, g.id, t.slug AS "tenantSlug", g.name AS title, g.description AS subtitle
    FROM device_groups g JOIN tenants t ON t.id = g.tenant_id WHERE ${inTenant("g")} AND ${hasWords(Prisma.sql`g`, query)} ${best("g")}`;
  const policies = await tx.$queryRaw<Found[]>`
    SELECT 'policy' AS kind, p.id, t.slug AS "tenantSlug", p.name AS title, p.description AS subtitle
    FROM policies p JOIN tenants t ON t.id = p.tenant_id WHERE ${inTenant("p")} AND ${hasWords(Prisma.sql`p`, query)} ${best("p")}`;
  const holders = await findByFingerprint(tx, query, inTenant("c"));
  const known = new Set([...accounts, ...devices].map(({ id }) => id));
  const people = [...accounts, ...devices, ...holders.filter(({ id }) => !known.has(id))];
  const sessions = await findSessions(tx, query, inTenant("s"), people);
  return [...people, ...sessions, ...groups, ...policies];
}

/** Whose certificate it is, by the start of its fingerprint, written as openssl does or without colons. */
async function findByFingerprint(tx: Scope["tx"], query: string, inTenant: Prisma.Sql): Promise<Found[]> {
  const hex = query.replaceAll(":", "").toLowerCase();
  if (!/^[0-9a-f]{8,64}$/.test(hex)) return [];
  return tx.$queryRaw<Found[]>`
    SELECT CASE WHEN c.account_id IS NULL THEN 'device' ELSE 'account' END AS kind, coalesce(c.account_id, c.device_id) AS id, t.slug AS "tenantSlug",
      coalesce(a.name, d.name) AS title, 'certificate ' || left(c.fingerprint, 16) || CASE WHEN c.revoked_at IS NULL THEN '' ELSE ', revoked' END AS subtitle
    FROM certificates c JOIN tenants t ON t.id = c.tenant_id
    LEFT JOIN accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id
    LEFT JOIN devices d ON d.tenant_id = c.tenant_id AND d.id = c.device_id
    WHERE ${inTenant} AND c.fingerprint COLLATE "C" >= ${hex} AND c.fingerprint COLLATE "C" < ${`${hex}g`} ORDER BY c.fingerprint LIMIT ${most}`;
}

/** Those that live of whom was found, and the newest from an address that begins as was typed. */
async function findSessions(
  tx: Scope["tx"],
  query: string,
  inTenant: Prisma.Sql,
  people: Pick<Found, "kind" | "id">[],
): Promise<Found[]> {
  const ids = (kind: Found["kind"]) => people.filter((one) => one.kind === kind).map(({ id }) => id);
  const isAddress = /^[0-9a-f:.[\]]{3,}$/i.test(query);
  const columns = Prisma.sql`s.tenant_id, s.id, s.account_id, s.device_id, s.real_address, s.gateway_id, s.connected_at, s.disconnected_at`;
  const byAddress = isAddress
    ? Prisma.sql`UNION (SELECT ${columns} FROM sessions s WHERE ${inTenant}
        AND s.real_address COLLATE "C" >= ${query} AND s.real_address COLLATE "C" < ${`${query}\u{10ffff}`} ORDER BY s.connected_at DESC LIMIT ${most})`
    : Prisma.empty;
  return tx.$queryRaw<Found[]>`
    SELECT 'session' AS kind, s.id, t.slug AS "tenantSlug", coalesce(a.name, d.name, 'Somebody who was deleted') AS title,
      'from ' || s.real_address || CASE WHEN s.disconnected_at IS NULL THEN ', connected' ELSE ', ended' END AS subtitle,
      json_build_object('isLive', s.disconnected_at IS NULL, 'realAddress', s.real_address) AS session
    FROM (
      (SELECT ${columns} FROM sessions s WHERE ${inTenant} AND s.disconnected_at IS NULL
        AND (s.account_id = ANY(${ids("account")}::uuid[]) OR s.device_id = ANY(${ids("device")}::uuid[])) LIMIT ${most})
      ${byAddress}
    ) s JOIN tenants t ON t.id = s.tenant_id
    LEFT JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
    LEFT JOIN devices d ON d.tenant_id = s.tenant_id AND d.id = s.device_id
    ORDER BY s.disconnected_at IS NULL DESC, s.connected_at DESC LIMIT ${most}`;
}

/** For staff. */
async function findOfPlatform({ tx }: Scope, query: string): Promise<Found[]> {
  const tenants = await tx.$queryRaw<Found[]>`
    SELECT 'tenant' AS kind, t.id, t.slug AS "tenantSlug", t.name AS title, '/' || t.slug || CASE t.state WHEN 'active' THEN '' ELSE ', ' || t.state END AS subtitle
    FROM tenants t WHERE t.state <> 'deleted' AND ${hasWords(Prisma.sql`t`, query)}
    ORDER BY NOT starts_with(fold(t.name), fold(${query})), t.name, t.id LIMIT ${most}`;
  const gateways = await tx.$queryRaw<Found[]>`
    SELECT 'gateway' AS kind, g.id, g.name AS title, r.name || ' · ' || g.public_host AS subtitle
    FROM gateways g JOIN regions r ON r.id = g.region_id WHERE ${hasWords(Prisma.sql`g`, query)} ORDER BY g.name LIMIT ${most}`;
  return [...tenants, ...gateways];
}
