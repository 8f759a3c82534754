/**
 * The ledger's part for packets that nothing gave: a row for each sender, what it was for, day and gateway, to which later
 * ones add. Bounded whatever a sender tries and a gateway tells: the first so many flows of a sender at a gateway on a day
 * have a row, of which all that is told is counted; the rest have none, nor has a sender that there is not.
 */
import type pg from "pg";
import type { TenantBatch } from "./fold-events";
import { added, capped } from "./use";

/** A port scan fills it; what a person means to reach is far less. */
export const mostFlowsADay = 200;

/**
 * Each gateway has rows of its own and tells one batch at a time, so the bound holds and none waits for another crosswise.
 * Times are by our own clock. The client must be bound to the tenant.
 */
export async function addRefusedPackets(
  client: pg.PoolClient,
  tenantId: string,
  gatewayId: string,
  clockOffsetMs: number | null,
  { refusedPackets: all }: TenantBatch,
): Promise<void> {
  if (all.length === 0) return;
  await client.query(
    `WITH told AS (
        SELECT holder_id, (at AT TIME ZONE 'UTC')::date AS day, destination, protocol, port,
          (array_agg(target_id ORDER BY at DESC))[1] AS target_id, ${capped("sum(packets)")} AS packets, min(at) AS first_at, max(at) AS last_at
        FROM (SELECT holder_id, destination, protocol, port, target_id, packets, least(now(), at + make_interval(secs => $10::float8 / 1000)) AS at
          FROM unnest($3::uuid[], $4::timestamptz[], $5::inet[], $6::text[], $7::int[], $8::uuid[], $9::bigint[])
            AS n (holder_id, at, destination, protocol, port, target_id, packets)
          WHERE EXISTS (SELECT FROM accounts a WHERE a.tenant_id = $1::uuid AND a.id = holder_id)
            OR EXISTS (SELECT FROM devices d WHERE d.tenant_id = $1::uuid AND d.id = holder_id)) AS n
        GROUP BY 1, 2, 3, 4, 5),
      -- Of each sender and day, those that have a row come first, and then as many as there is room for.
      placed AS (
        SELECT told.*, EXISTS (SELECT FROM refused_packets r WHERE r.tenant_id = $1::uuid AND r.gateway_id = $2::uuid
          AND (r.holder_id, r.day, r.destination, r.protocol, r.port) = (told.holder_id, told.day, told.destination, told.protocol, told.port)) AS has_row
        FROM told),
      ranked AS (
        SELECT placed.*, row_number() OVER (PARTITION BY holder_id, day, has_row ORDER BY packets DESC, destination, protocol, port)
          + (SELECT count(*) FROM refused_packets r WHERE r.tenant_id = $1::uuid AND r.gateway_id = $2::uuid
            AND r.holder_id = placed.holder_id AND r.day = placed.day) AS place
        FROM placed)
      INSERT INTO refused_packets AS r (tenant_id, gateway_id, holder_id, day, destination, protocol, port, target_id, packets, first_at, last_at)
      SELECT $1::uuid, $2::uuid, holder_id, day, destination, protocol, port, target_id, packets, first_at, last_at
      FROM ranked WHERE has_row OR place <= $11::int
      ON CONFLICT (tenant_id, holder_id, day, gateway_id, destination, protocol, port) DO UPDATE SET
        target_id = excluded.target_id, packets = ${added("r.packets", "excluded.packets")},
        first_at = least(r.first_at, excluded.first_at), last_at = greatest(r.last_at, excluded.last_at)`,
    [
      tenantId,
      gatewayId,
      all.map(({ accountId, deviceId }) => accountId ?? deviceId),
      all.map(({ at }) => at),
      all.map(({ destination }) => destination),
      all.map(({ protocol }) => protocol),
      all.map(({ port }) => port ?? 0),
      all.map(({ targetId }) => targetId),
      all.map(({ packets }) => packets),
      clockOffsetMs ?? 0,
      mostFlowsADay,
    ],
  );
}
