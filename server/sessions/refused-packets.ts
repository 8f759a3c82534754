/**
 * Why can't they reach it? What people and devices sent that no policy and no grant gave, as gateways sampled it. A tenant
 * sees its own, staff everybody's: the same query serves both, bounded by row-level security.
 */
import type { z } from "zod";
import type { Protocol } from "@/gateway/protocol/document";
import type { Scope, TenantScope } from "../core/db";
import { like, type Page, skipTake } from "../core/listing";
import { inDirection } from "../core/page";
import { Prisma } from "../core/prisma/client";
import { hasWords } from "../core/search";
import type { listLiveRefusedPacketsInput, listRefusedPacketsInput } from "./schema";

/** Of one sender, to one port, on one day (UTC) at one gateway. */
export interface RefusedPacketsRow {
  /** Who sent: an account or a device, the other null; both null where it was deleted. */
  accountId: string | null;
  deviceId: string | null;
  accountName: string | null;
  deviceName: string | null;
  /** The device that it was for; null where no device has the address, or where it was deleted. */
  targetId: string | null;
  targetName: string | null;
  destination: string;
  protocol: Protocol;
  /** Null for icmp. */
  port: number | null;
  /** At least: what came faster than it is sampled is not counted. */
  packets: number;
  /** Up to half a minute after the packet. */
  firstAt: Date;
  lastAt: Date;
  gatewayId: string;
  gatewayName: string;
}

export interface LiveRefusedPacketsRow extends RefusedPacketsRow {
  tenantId: string;
  tenantName: string;
  slug: string;
}

export async function listRefusedPackets(
  scope: TenantScope,
  input: z.infer<typeof listRefusedPacketsInput>,
): Promise<Page<RefusedPacketsRow>> {
  const { rows, total } = await query(scope, input, [Prisma.sql`p.tenant_id = ${scope.tenantId}::uuid`]);
  return { total, rows: rows.map(({ tenantId: _, tenantName: __, slug: ___, ...row }) => row) };
}

/** The scope must be staff's. */
export async function listLiveRefusedPackets(
  scope: Scope,
  input: z.infer<typeof listLiveRefusedPacketsInput>,
): Promise<Page<LiveRefusedPacketsRow>> {
  return query(scope, input, [
    ...(input.tenantId ? [Prisma.sql`p.tenant_id = ${input.tenantId}::uuid`] : []),
    ...(input.gatewayId ? [Prisma.sql`p.gateway_id = ${input.gatewayId}::uuid`] : []),
  ]);
}

const columns = {
  lastAt: Prisma.sql`p.last_at`,
  packets: Prisma.sql`p.packets`,
} satisfies Record<z.infer<typeof listRefusedPacketsInput>["sort"], Prisma.Sql>;

async function query(
  { tx }: Scope,
  input: z.infer<typeof listRefusedPacketsInput>,
  bounds: Prisma.Sql[],
): Promise<Page<LiveRefusedPacketsRow>> {
  const conditions = [
    ...bounds,
    ...(input.accountId ? [Prisma.sql`p.holder_id = ${input.accountId}::uuid`] : []),
    ...(input.targetId ? [Prisma.sql`p.target_id = ${input.targetId}::uuid`] : []),
    ...(input.search ? [matches(input.search)] : []),
  ];
  const from = Prisma.sql`FROM refused_packets p JOIN tenants t ON t.id = p.tenant_id
    LEFT JOIN accounts a ON a.tenant_id = p.tenant_id AND a.id = p.holder_id
    LEFT JOIN devices s ON s.tenant_id = p.tenant_id AND s.id = p.holder_id
    LEFT JOIN devices d ON d.tenant_id = p.tenant_id AND d.id = p.target_id
    LEFT JOIN gateways g ON g.id = p.gateway_id
    WHERE ${conditions.length > 0 ? Prisma.join(conditions, " AND ") : Prisma.sql`true`}`;
  const order = Prisma.sql`${columns[input.sort]} ${inDirection(input.order)}`;
  const { skip, take } = skipTake(input);
  const rows = await tx.$queryRaw<(Omit<LiveRefusedPacketsRow, "packets"> & { packets: bigint })[]>`
    SELECT a.id AS "accountId", a.name AS "accountName", s.id AS "deviceId", s.name AS "deviceName", d.id AS "targetId", d.name AS "targetName",
      host(p.destination) AS destination, p.protocol, CASE WHEN p.protocol <> 'icmp' THEN p.port END AS port, p.packets,
      p.first_at AS "firstAt", p.last_at AS "lastAt", p.gateway_id AS "gatewayId", coalesce(g.name, 'a deleted gateway') AS "gatewayName",
      p.tenant_id AS "tenantId", t.name AS "tenantName", t.slug
    ${from} ORDER BY ${order}, p.holder_id, p.destination, p.protocol, p.port, p.day, p.gateway_id LIMIT ${take} OFFSET ${skip}`;
  const [count] = await tx.$queryRaw<{ total: bigint }[]>`SELECT count(*) AS total ${from}`;
  return { rows: rows.map((row) => ({ ...row, packets: Number(row.packets) })), total: Number(count!.total) };
}

/** By who, by the device or its address, or by the port alone. */
function matches(search: string): Prisma.Sql {
  return Prisma.sql`(${hasWords(Prisma.sql`a`, search)} OR ${hasWords(Prisma.sql`s`, search)} OR ${hasWords(Prisma.sql`d`, search)}
    OR host(p.destination) LIKE ${like(search)} OR (p.protocol <> 'icmp' AND p.port::text = ${search}))`;
}
