/** Where devices on tunnels of their own are, as the session ledger has it. */
import type { TenantScope } from "../core/db";

export interface Presence {
  isOnline: boolean;
  /** Connected since then, or gone since then. */
  since: Date;
  region: string;
  gatewayName: string;
  process: string;
  /** `address:port` as the gateway saw it. */
  realAddress: string;
  /** When the gateway's list of live sessions last agreed; null for a device that is gone. */
  confirmedAt: Date | null;
  /** Why the session ended; null while it lives, and where nobody said. */
  endReason: string | null;
}

/** By device; those that never connected are not in it. */
export async function presenceOf({ tx, tenantId }: TenantScope, deviceIds: string[]): Promise<Map<string, Presence>> {
  if (deviceIds.length === 0) return new Map();
  const rows = await tx.$queryRaw<(Omit<Presence, "isOnline"> & { deviceId: string; isOnline: boolean })[]>`
    SELECT d.id AS "deviceId", s.disconnected_at IS NULL AS "isOnline", coalesce(s.disconnected_at, s.connected_at) AS since,
      coalesce(r.name, '') AS region, coalesce(g.name, 'a deleted gateway') AS "gatewayName", s.process, s.real_address AS "realAddress",
      CASE WHEN s.disconnected_at IS NULL THEN g.confirmed_at END AS "confirmedAt", s.end_reason AS "endReason"
    FROM unnest(${deviceIds}::uuid[]) AS d (id)
    CROSS JOIN LATERAL (SELECT * FROM sessions WHERE tenant_id = ${tenantId}::uuid AND device_id = d.id
      ORDER BY disconnected_at IS NULL DESC, connected_at DESC LIMIT 1) s
    LEFT JOIN gateways g ON g.id = s.gateway_id LEFT JOIN regions r ON r.id = g.region_id`;
  return new Map(rows.map(({ deviceId, ...presence }) => [deviceId, presence]));
}

/** Another router with the same profile, kept out for as long as the first is heard. */
export interface Rival {
  realAddress: string;
  lastAt: Date;
}

/** A router that started anew waits for its own former connection too, a quarter of a minute at most. */
const leastRefusals = 10;

/** Who went on trying within the last hour to come in as the device while it was connected. */
export async function findRival({ tx, tenantId }: TenantScope, deviceId: string): Promise<Rival | null> {
  const [rival] = await tx.$queryRaw<Rival[]>`
    SELECT max(at) AS "lastAt", (array_agg(real_address ORDER BY at DESC))[1] AS "realAddress" FROM refusals
    WHERE tenant_id = ${tenantId}::uuid AND device_id = ${deviceId}::uuid AND code = 'already_connected'
      AND at > now() - interval '1 hour' HAVING count(*) >= ${leastRefusals}`;
  return rival ?? null;
}
