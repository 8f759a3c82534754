/**
 * Attempts to connect that gateways turned away, as their ledgers told them. One client that tries every few seconds is one
 * line a day: what repeats is folded. A tenant sees its own, staff everybody's, bounded by row-level security.
 */
import type { z } from "zod";
import type { Scope, TenantScope } from "../core/db";
import { like, type Page, skipTake } from "../core/listing";
import { inDirection } from "../core/page";
import { Prisma } from "../core/prisma/client";
import { hasWords } from "../core/search";
import type { listLiveRefusalsInput, listRefusalsInput } from "./schema";

/** Of one holder, from one address, at one gateway, for one reason, on one day (UTC). */
export interface RefusalRow {
  /** The newest attempt, and the first. */
  at: Date;
  firstAt: Date;
  times: number;
  accountId: string | null;
  deviceId: string | null;
  accountName: string | null;
  deviceName: string | null;
  code: string;
  reason: string;
  /** With the port of the newest attempt. */
  realAddress: string;
  process: string;
  gatewayId: string;
  gatewayName: string;
  region: string;
}

export interface LiveRefusalRow extends RefusalRow {
  /** All null where the certificate named nobody known. */
  tenantId: string | null;
  tenantName: string | null;
  slug: string | null;
}

export async function listRefusals(
  scope: TenantScope,
  input: z.infer<typeof listRefusalsInput>,
): Promise<Page<RefusalRow>> {
  const page = await fold(scope, input, [
    Prisma.sql`f.tenant_id = ${scope.tenantId}::uuid`,
    ...(input.accountId ? [Prisma.sql`f.account_id = ${input.accountId}::uuid`] : []),
  ]);
  return { total: page.total, rows: page.rows.map(({ tenantId: _, tenantName: __, slug: ___, ...row }) => row) };
}

/** The scope must be staff's. */
export async function listLiveRefusals(
  scope: Scope,
  input: z.infer<typeof listLiveRefusalsInput>,
): Promise<Page<LiveRefusalRow>> {
  return fold(scope, input, [
    Prisma.sql`true`,
    ...(input.accountId ? [Prisma.sql`f.account_id = ${input.accountId}::uuid`] : []),
    ...(input.tenantId ? [Prisma.sql`f.tenant_id = ${input.tenantId}::uuid`] : []),
    ...(input.gatewayId ? [Prisma.sql`f.gateway_id = ${input.gatewayId}::uuid`] : []),
  ]);
}

/** So many of the newest attempts are folded; a gateway that is flooded with them tells no more than some hundred a minute. */
const foldedAtMost = 20_000;

async function fold(
  { tx }: Scope,
  input: z.infer<typeof listRefusalsInput>,
  conditions: Prisma.Sql[],
): Promise<Page<LiveRefusalRow>> {
  const search = like(input.search);
  const matching = input.search
    ? [
        Prisma.sql`(${hasWords(Prisma.sql`a`, input.search)} OR ${hasWords(Prisma.sql`d`, input.search)}
          OR f.reason ILIKE ${search} OR f.code ILIKE ${search} OR f.real_address LIKE ${search})`,
      ]
    : [];
  const folded = Prisma.sql`
    WITH newest AS (
      SELECT f.* FROM refusals f ${input.search ? holders : Prisma.empty}
      WHERE ${Prisma.join([...conditions, ...matching], " AND ")} ORDER BY f.at DESC LIMIT ${foldedAtMost}
    ), folded AS (
      SELECT tenant_id, account_id, device_id, gateway_id, code, reason, max(at) AS at, min(at) AS first_at,
        count(*)::int AS times, (array_agg(real_address ORDER BY at DESC))[1] AS real_address,
        (array_agg(process ORDER BY at DESC))[1] AS process
      FROM newest
      GROUP BY tenant_id, account_id, device_id, gateway_id, code, reason, regexp_replace(real_address, ':\\d+$', ''),
        date_trunc('day', at, 'UTC')
    )`;
  const { skip, take } = skipTake(input);
  const rows = await tx.$queryRaw<LiveRefusalRow[]>`
    ${folded} SELECT f.at, f.first_at AS "firstAt", f.times, f.account_id AS "accountId", a.name AS "accountName", f.device_id AS "deviceId", d.name AS "deviceName",
      f.code, f.reason, f.real_address AS "realAddress", f.process, f.gateway_id AS "gatewayId", coalesce(g.name, 'a deleted gateway') AS "gatewayName",
      coalesce(r.name, '') AS region, t.id AS "tenantId", t.name AS "tenantName", t.slug
    FROM folded f LEFT JOIN tenants t ON t.id = f.tenant_id ${holders}
    LEFT JOIN gateways g ON g.id = f.gateway_id LEFT JOIN regions r ON r.id = g.region_id
    ORDER BY f.at ${inDirection(input.order)}, f.gateway_id, f.real_address, f.code LIMIT ${take} OFFSET ${skip}`;
  const [count] = await tx.$queryRaw<{ total: number }[]>`${folded} SELECT count(*)::int AS total FROM folded`;
  return { rows, total: count!.total };
}

const holders = Prisma.sql`LEFT JOIN accounts a ON a.tenant_id = f.tenant_id AND a.id = f.account_id
  LEFT JOIN devices d ON d.tenant_id = f.tenant_id AND d.id = f.device_id`;
