/**
 * The ledger's part for what policies let through, whole and by rule, added up by day. Each gateway has rows of its own, so
 * that two at once never wait for each other crosswise. Times are by our own clock. The client must be bound to the tenant.
 *
 * What is of no policy or rule that there is, is left out: nobody would ask for it, and a gateway that was captured could
 * make up any number.
 */
import type pg from "pg";
import type { TenantBatch } from "./fold-events";

/** Made up numbers must not stop the batch that they are in: a sum ends where the column does. */
export const capped = (sum: string) => `least(${sum}, 9e18::numeric)::bigint`;
export const added = (total: string, more: string) => capped(`${total}::numeric + ${more}`);

export async function addUses(
  client: pg.PoolClient,
  tenantId: string,
  gatewayId: string,
  clockOffsetMs: number | null,
  { uses }: TenantBatch,
): Promise<void> {
  if (uses.length === 0) return;
  await client.query(
    `INSERT INTO policy_use (tenant_id, gateway_id, policy_id, day, used_at, bytes, packets)
      SELECT $1::uuid, $2::uuid, policy_id, (used_at AT TIME ZONE 'UTC')::date AS day, max(used_at), ${capped("sum(bytes)")}, ${capped("sum(packets)")}
      FROM (SELECT policy_id, least(now(), at + make_interval(secs => $7::float8 / 1000)) AS used_at, bytes, packets
        FROM unnest($3::uuid[], $4::timestamptz[], $5::bigint[], $6::bigint[]) AS n (policy_id, at, bytes, packets)
        JOIN policies p ON p.tenant_id = $1::uuid AND p.id = policy_id) AS n
      GROUP BY policy_id, day
      ON CONFLICT (tenant_id, policy_id, day, gateway_id) DO UPDATE SET used_at = greatest(policy_use.used_at, excluded.used_at),
        bytes = ${added("policy_use.bytes", "excluded.bytes")}, packets = ${added("policy_use.packets", "excluded.packets")}`,
    [
      tenantId,
      gatewayId,
      uses.map(({ policyId }) => policyId),
      uses.map(({ at }) => at),
      uses.map(({ bytes }) => bytes),
      uses.map(({ packets }) => packets),
      clockOffsetMs ?? 0,
    ],
  );
}

/** A rule is known by what it says: protocol and ports, 0 to 0 where it has none or every one. */
export async function addRuleUses(
  client: pg.PoolClient,
  tenantId: string,
  gatewayId: string,
  clockOffsetMs: number | null,
  { ruleUses: uses }: TenantBatch,
): Promise<void> {
  if (uses.length === 0) return;
  await client.query(
    `INSERT INTO policy_rule_use (tenant_id, gateway_id, policy_id, protocol, from_port, to_port, day, used_at, bytes, packets)
      SELECT $1::uuid, $2::uuid, policy_id, protocol, from_port, to_port, (used_at AT TIME ZONE 'UTC')::date AS day, max(used_at), ${capped("sum(bytes)")}, ${capped("sum(packets)")}
      FROM (SELECT policy_id, protocol, from_port, to_port, least(now(), at + make_interval(secs => $10::float8 / 1000)) AS used_at, bytes, packets
        FROM unnest($3::uuid[], $4::text[], $5::int[], $6::int[], $7::timestamptz[], $8::bigint[], $9::bigint[])
          AS n (policy_id, protocol, from_port, to_port, at, bytes, packets)
        JOIN policies p ON p.tenant_id = $1::uuid AND p.id = policy_id AND p.rules @> jsonb_build_array(
          jsonb_build_object('protocol', protocol, 'from', nullif(from_port, 0), 'to', nullif(to_port, 0)))) AS n
      GROUP BY policy_id, protocol, from_port, to_port, day
      ON CONFLICT (tenant_id, policy_id, protocol, from_port, to_port, day, gateway_id) DO UPDATE SET
        used_at = greatest(policy_rule_use.used_at, excluded.used_at),
        bytes = ${added("policy_rule_use.bytes", "excluded.bytes")},
        packets = ${added("policy_rule_use.packets", "excluded.packets")}`,
    [
      tenantId,
      gatewayId,
      uses.map(({ policyId }) => policyId),
      uses.map(({ rule }) => rule.protocol),
      uses.map(({ rule }) => rule.from ?? 0),
      uses.map(({ rule }) => rule.to ?? 0),
      uses.map(({ at }) => at),
      uses.map(({ bytes }) => bytes),
      uses.map(({ packets }) => packets),
      clockOffsetMs ?? 0,
    ],
  );
}
