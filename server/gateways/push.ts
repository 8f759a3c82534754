/**
 * Push: sends one gateway what changed in each tenant that it is behind on, and stores what it confirms. It starts from
 * the revision that the gateway is believed to have; if that is wrong the gateway says where it is, and the push starts
 * from there (or from nothing: the whole document). Safe to run twice at once, and to be killed anywhere: what is behind
 * is read from the database each time, and a gateway takes the same push again without effect.
 *
 * It is the hot path from a click to the kernel: one round trip to see what is behind, one for the changes, one call,
 * one for the receipt. Each statement list below is one implicit transaction, bound as its first statement says.
 */
import pg from "pg";
import { pool } from "../core/db";
import { type GatewayAddress, GatewayError, putTenant } from "./client";
import { notePush, notePushFailure } from "./metrics";

/** @throws GatewayError when the gateway does not answer; the queue tries again, with jitter */
export async function pushGateway(gatewayId: string, signal?: AbortSignal): Promise<void> {
  const { gateway, behind } = await findBehind(gatewayId);
  if (!gateway) return;
  const queue = [...behind];
  let unanswered: GatewayError | undefined;
  const work = async () => {
    for (let tenant = queue.shift(); tenant && !unanswered && !signal?.aborted; tenant = queue.shift()) {
      try {
        await pushTenant(gateway, tenant.tenantId, tenant.applied, signal);
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        notePushFailure(gateway.name, error.kind);
        if (error.kind === "unreachable" || error.kind === "untrusted") unanswered = error;
        // It answers, but not for this tenant: the others go on, and the sweep tries this one again.
        else await storeRefusal(gateway.id, tenant.tenantId, error.message);
      }
    }
  };
  await Promise.all(Array.from({ length: tenantsAtOnce }, work));
  if (unanswered && !signal?.aborted) {
    await storeUnanswered(gateway.id, unanswered.message);
    throw unanswered;
  }
}

/** Brings the gateway's document of one tenant to the newest revision. @param believed what it has; 0: nothing */
async function pushTenant(
  gateway: GatewayAddress,
  tenantId: string,
  believed: number,
  signal?: AbortSignal,
): Promise<void> {
  let from = believed;
  for (let attempt = 0; attempt < 4; attempt++) {
    const { to, entries } = await readChanges(tenantId, from);
    if (to === 0) return;
    const result = await putTenant(gateway, tenantId, { from: from === 0 ? null : from, to, entries }, signal);
    if (result.outcome === "enforced")
      return storeReceipt({ gateway, tenantId, from, to, tookMs: Number(result.reply.tookMs) || 0 });
    // It was told before, and we were stopped before we wrote that down.
    if (result.revision === to) return storeReceipt({ gateway, tenantId, from, to, tookMs: 0 });
    from = result.revision > to ? 0 : result.revision;
  }
  throw new GatewayError("broken", `${gateway.name} contradicts itself about the revision that it has.`);
}

const tenantsAtOnce = 4;

interface Behind {
  tenantId: string;
  applied: number;
}

async function findBehind(gatewayId: string): Promise<{ gateway: GatewayAddress | undefined; behind: Behind[] }> {
  const id = uuid(gatewayId);
  const [, gateways, tenants] = await all(`SELECT set_config('app.worker', 'on', true);
    SELECT id, name, api_host, api_port, fingerprint, next_fingerprint FROM gateways WHERE id = ${id} AND enrolled_at IS NOT NULL;
    SELECT t.id, coalesce(a.revision, 0) AS applied FROM tenants t LEFT JOIN applied_revisions a ON a.tenant_id = t.id AND a.gateway_id = ${id}
      WHERE t.revision > coalesce(a.revision, 0)`);
  const [row] = gateways!.rows;
  return {
    gateway: row && {
      ...{ id: row.id, name: row.name, apiHost: row.api_host, apiPort: row.api_port },
      ...{ fingerprint: row.fingerprint, nextFingerprint: row.next_fingerprint },
    },
    behind: tenants!.rows.map((tenant) => ({ tenantId: tenant.id, applied: Number(tenant.applied) })),
  };
}

/** One statement, so that the entries are exactly those of the revision. Of a whole document, what is gone is left out. */
async function readChanges(tenantId: string, from: number): Promise<{ to: number; entries: string[] }> {
  const id = uuid(tenantId);
  const results = await all(`SELECT set_config('app.tenant', ${id}, true);
    SELECT t.revision, e.kind, e.id, e.value::text FROM tenants t
      LEFT JOIN document_entries e ON e.tenant_id = t.id AND e.revision > ${whole(from)} ${from === 0 ? "AND e.value IS NOT NULL" : ""}
      WHERE t.id = ${id}`);
  const rows: { revision: string; kind: string | null; id: string; value: string | null }[] = results[1]!.rows;
  return {
    to: Number(rows[0]?.revision ?? 0),
    entries: rows
      .filter(({ kind }) => kind !== null)
      .map(({ kind, id, value }) => `{"kind":"${kind}","id":"${id}","value":${value ?? "null"}}`),
  };
}

interface Confirmed {
  gateway: GatewayAddress;
  tenantId: string;
  from: number;
  to: number;
  tookMs: number;
}

async function storeReceipt({ gateway, tenantId, from, to, tookMs }: Confirmed): Promise<void> {
  const [tenant, id] = [uuid(tenantId), uuid(gateway.id)];
  const results = await all(`SELECT set_config('app.tenant', ${tenant}, true), pg_notify('receipts', ${tenant});
    INSERT INTO applied_revisions (tenant_id, gateway_id, revision, enforced_at) VALUES (${tenant}, ${id}, ${whole(to)}, clock_timestamp())
      ON CONFLICT (tenant_id, gateway_id) DO UPDATE SET revision = greatest(applied_revisions.revision, excluded.revision),
        enforced_at = excluded.enforced_at, error = NULL, error_at = NULL;
    INSERT INTO pushes (tenant_id, gateway_id, to_revision, from_revision, enforced_at, took_ms)
      VALUES (${tenant}, ${id}, ${whole(to)}, ${whole(from)}, clock_timestamp(), ${Math.max(0, tookMs)}) ON CONFLICT DO NOTHING;
    SELECT extract(epoch FROM clock_timestamp() - at)::float8 AS seconds FROM changes
      WHERE tenant_id = ${tenant} AND revision = ${whole(from + 1)} AND ${from > 0}`);
  const [oldest] = results[3]!.rows;
  if (oldest) notePush(gateway.name, oldest.seconds);
}

async function storeRefusal(gatewayId: string, tenantId: string, message: string): Promise<void> {
  const [tenant, gateway] = [uuid(tenantId), uuid(gatewayId)];
  await all(`SELECT set_config('app.tenant', ${tenant}, true), pg_notify('receipts', ${tenant});
    INSERT INTO applied_revisions (tenant_id, gateway_id, error, error_at)
      VALUES (${tenant}, ${gateway}, ${pg.escapeLiteral(message.replaceAll("\0", ""))}, clock_timestamp())
      ON CONFLICT (tenant_id, gateway_id) DO UPDATE SET error = excluded.error, error_at = excluded.error_at`);
}

export async function storeUnanswered(gatewayId: string, message: string): Promise<void> {
  await pool().query("UPDATE gateways SET error = $2, error_at = clock_timestamp() WHERE id = $1", [
    gatewayId,
    message,
  ]);
}

/** A list of statements crosses in one round trip and is one transaction, but takes no parameters: ids and numbers pass the two below. */
async function all(statements: string): Promise<pg.QueryResult[]> {
  return (await pool().query(statements)) as unknown as pg.QueryResult[];
}

/** As a literal of SQL. */
function uuid(id: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new Error(`not an id: ${id}`);
  return `'${id}'`;
}

function whole(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a revision: ${value}`);
  return value;
}
