/**
 * The session ledger's other end: commits what a gateway spooled. Rows and cursor are one transaction, under the lock of
 * the gateway's row; events up to the cursor are left out. So a batch that comes twice, cut in half, or to two
 * collectors at once changes nothing twice, and the gateway forgets only what is committed here.
 *
 * Each tenant's rows are written bound to that tenant. Within a batch the events of one session become one row change.
 */
import type pg from "pg";
import type { EventsReply } from "@/gateway/protocol/api";
import type { GatewayEvent } from "@/gateway/protocol/events";
import { int4Array, int8Array } from "../core/binary-array";
import { nilTenant, pool } from "../core/db";
import { isUniqueViolation } from "../core/errors";
import { type PreparedEvents, prepareEvents, type SessionChange, type TenantBatch } from "./fold-events";
import { addRefusedPackets } from "./refused-packets";
import { addRuleUses, addUses } from "./use";

export interface Committed {
  epoch: string;
  cursor: number;
  /** Events that became rows now. */
  events: number;
  /** Events that made no sense, or were of tenants that are gone; they are passed over. */
  dropped: number;
}

/**
 * @param prepared what all of the reply's events come to, where that has been made ahead
 * @returns where the cursor stands now; undefined when the gateway is gone or the reply is from before its present epoch
 */
export async function commitEvents(
  gatewayId: string,
  reply: EventsReply,
  prepared = prepareEvents(reply),
): Promise<Committed | undefined> {
  try {
    return await attempt(gatewayId, reply, prepared, false);
  } catch (error) {
    // Two samples of a session at one moment, in two batches: so rare that only then are all asked whether they are there.
    if (!isUniqueViolation(error)) throw error;
    return attempt(gatewayId, reply, prepared, true);
  }
}

async function attempt(
  gatewayId: string,
  reply: EventsReply,
  prepared: PreparedEvents,
  isCareful: boolean,
): Promise<Committed | undefined> {
  const client = await pool().connect();
  try {
    await client.query("BEGIN");
    const committed = await commit(client, gatewayId, reply, prepared, isCareful);
    await client.query("COMMIT");
    return committed;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

async function commit(
  client: pg.PoolClient,
  gatewayId: string,
  reply: EventsReply,
  prepared: PreparedEvents,
  isCareful: boolean,
): Promise<Committed | undefined> {
  // Not FOR UPDATE: receipts refer to this row meanwhile.
  const locked = await client.query<{ epoch: string | null; cursor: string; clock_offset_ms: number | null }>(
    "SELECT epoch, cursor, clock_offset_ms FROM gateways WHERE id = $1 AND enrolled_at IS NOT NULL FOR NO KEY UPDATE",
    [gatewayId],
  );
  const [held] = locked.rows;
  if (!held) return undefined;
  const isSame = held.epoch === reply.epoch;
  if (!isSame && !reply.isNewEpoch) return undefined;
  const cursor = isSame ? Number(held.cursor) : 0;
  const isAllNew = prepared.lowest === undefined || prepared.lowest > cursor;
  const { batches, confirmation, since, ...events } = isAllNew ? prepared : prepareEvents(reply, cursor);
  const next = events.last ?? cursor;
  if (isSame && next === cursor) return { epoch: reply.epoch, cursor, events: 0, dropped: 0 };
  const known = await findTenants(client, [...batches.keys()]);
  const touched = new Set<string>();
  const origin = { gatewayId, epoch: reply.epoch, clockOffsetMs: held.clock_offset_ms, isCareful };
  const passedOver = await write(client, origin, batches, known, touched);
  if (confirmation) await confirm(client, gatewayId, confirmation, since, touched);
  await client.query(
    // By our own clock: "confirmed 3 s ago" is not to be an hour off.
    `UPDATE gateways SET epoch = $2, cursor = $3, confirmed_at = coalesce(
        $4::timestamptz + make_interval(secs => coalesce(clock_offset_ms, 0) / 1000.0), confirmed_at) WHERE id = $1`,
    [gatewayId, reply.epoch, next, confirmation?.at ?? null],
  );
  await notify(client, touched);
  const written = events.valid - passedOver;
  return { epoch: reply.epoch, cursor: next, events: written, dropped: events.count - written };
}

/** Which of these there are; what is of nobody known is the nil tenant's. */
async function findTenants(client: pg.PoolClient, ids: string[]): Promise<Set<string>> {
  const named = new Set(ids);
  if (named.size === 0) return named;
  await client.query("SELECT set_config('app.worker', 'on', true)");
  const { rows } = await client.query<{ id: string }>("SELECT id FROM tenants WHERE id = ANY($1::uuid[])", [
    [...named],
  ]);
  return new Set([nilTenant, ...rows.map(({ id }) => id)]);
}

interface Origin {
  gatewayId: string;
  epoch: string;
  /** How far the database's clock is ahead of the gateway's; null while that is not known. */
  clockOffsetMs: number | null;
  isCareful: boolean;
}

/**
 * Statements run one after the other; they are queued at once, so that the next is there when the one before is done.
 * @returns how many events were of tenants that are not known, and were passed over
 */
async function write(
  client: pg.PoolClient,
  { gatewayId, epoch, clockOffsetMs, isCareful }: Origin,
  batches: Map<string, TenantBatch>,
  known: Set<string>,
  touched: Set<string>,
): Promise<number> {
  let passedOver = 0;
  const queued: Promise<unknown>[] = [];
  const unknown: [string, SessionChange[]][] = [];
  for (const [tenantId, batch] of batches) {
    if (!known.has(tenantId)) {
      passedOver += batch.count;
      continue;
    }
    touched.add(tenantId);
    queued.push(
      bind(client, tenantId),
      startSessions(client, tenantId, gatewayId, clockOffsetMs, batch),
      continueSessions(client, tenantId, batch).then(
        (missing) => missing.length > 0 && unknown.push([tenantId, missing]),
      ),
      moveSessions(client, tenantId, batch),
      addSamples(client, tenantId, batch, isCareful),
      addRefusals(client, tenantId, gatewayId, epoch, batch),
      addUses(client, tenantId, gatewayId, clockOffsetMs, batch),
      addRuleUses(client, tenantId, gatewayId, clockOffsetMs, batch),
      addRefusedPackets(client, tenantId, gatewayId, clockOffsetMs, batch),
    );
  }
  await Promise.all(queued);
  for (const [tenantId, missing] of unknown) {
    await bind(client, tenantId);
    await addUnknown(client, tenantId, gatewayId, missing);
  }
  return passedOver;
}

const bind = (client: pg.PoolClient, tenantId: string) =>
  client.query("SELECT set_config('app.tenant', $1, true)", [tenantId]);

/**
 * A row that is there already is one whose end or bytes came first: it keeps them. `began_at` is by our own clock, so that
 * sessions of two gateways can be told apart by it although one's clock is an hour off.
 */
async function startSessions(
  client: pg.PoolClient,
  tenantId: string,
  gatewayId: string,
  clockOffsetMs: number | null,
  batch: TenantBatch,
): Promise<void> {
  const all = batch.started;
  if (all.length === 0) return;
  await client.query({
    name: "ledger-start",
    text: `INSERT INTO sessions (tenant_id, gateway_id, began_at, id, connected_at, account_id, device_id, process, process_boot, client_id,
        real_address, vpn_address, fingerprint, client_version, platform, cipher, received, sent, bytes_at, received_rate, sent_rate,
        disconnected_at, end_code, end_reason)
      SELECT $1::uuid, $2::uuid, least(now(), n.connected_at + make_interval(secs => $23::float8 / 1000)), n.*
      FROM unnest($3::uuid[], $4::timestamptz[], $5::uuid[], $24::uuid[], $6::text[], $7::text[], $8::int[], $9::text[],
        $10::inet[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::timestamptz[],
        $18::float8[], $19::float8[], $20::timestamptz[], $21::text[], $22::text[])
        AS n (id, connected_at, account_id, device_id, process, process_boot, client_id, real_address, vpn_address, fingerprint,
          client_version, platform, cipher, received, sent, bytes_at, received_rate, sent_rate, disconnected_at, end_code, end_reason)
      ON CONFLICT (tenant_id, id, connected_at) DO UPDATE SET began_at = least(sessions.began_at, excluded.began_at),
        gateway_id = excluded.gateway_id, account_id = excluded.account_id, device_id = excluded.device_id,
        process = excluded.process, process_boot = excluded.process_boot, client_id = excluded.client_id,
        real_address = excluded.real_address, vpn_address = excluded.vpn_address, fingerprint = excluded.fingerprint,
        client_version = excluded.client_version, platform = excluded.platform, cipher = excluded.cipher,
        received = greatest(sessions.received, excluded.received), sent = greatest(sessions.sent, excluded.sent),
        bytes_at = greatest(sessions.bytes_at, excluded.bytes_at),
        disconnected_at = coalesce(sessions.disconnected_at, excluded.disconnected_at),
        end_code = coalesce(sessions.end_code, excluded.end_code), end_reason = coalesce(sessions.end_reason, excluded.end_reason)`,
    values: [
      tenantId,
      gatewayId,
      list(all.map((s) => s.sessionId)),
      list(all.map((s) => s.connectedAt)),
      list(all.map((s) => s.start!.accountId)),
      all.map((s) => s.start!.process),
      all.map((s) => s.start!.processBoot),
      list(all.map((s) => s.start!.clientId)),
      all.map((s) => s.start!.realAddress),
      all.map((s) => s.start!.vpnAddress),
      all.map((s) => s.start!.fingerprint),
      all.map((s) => s.start!.clientVersion),
      all.map((s) => s.start!.platform),
      all.map((s) => s.start!.cipher),
      list(all.map((s) => s.newest.received)),
      list(all.map((s) => s.newest.sent)),
      list(all.map((s) => s.newest.at)),
      list(all.map((s) => s.rates.received ?? 0)),
      list(all.map((s) => s.rates.sent ?? 0)),
      list(all.map((s) => s.end?.at ?? null)),
      all.map((s) => s.end?.code ?? null),
      all.map((s) => s.end?.reason ?? null),
      clockOffsetMs,
      all.map((s) => s.start!.deviceId ?? null),
    ],
  });
}

/** New totals, and ends. An end is set once; only one that we inferred gives way to what the gateway knows. */
async function continueSessions(
  client: pg.PoolClient,
  tenantId: string,
  { continued: all }: TenantBatch,
): Promise<SessionChange[]> {
  if (all.length === 0) return [];
  const update = {
    name: "ledger-continue",
    text: `UPDATE sessions s SET received = greatest(s.received, n.received), sent = greatest(s.sent, n.sent), bytes_at = greatest(s.bytes_at, n.at),
        received_rate = CASE WHEN n.ended_at IS NOT NULL OR s.disconnected_at IS NOT NULL THEN 0 ELSE coalesce(n.received_rate,
          greatest(0, n.received - s.received) / greatest(0.001, extract(epoch FROM n.at - s.bytes_at))) END,
        sent_rate = CASE WHEN n.ended_at IS NOT NULL OR s.disconnected_at IS NOT NULL THEN 0 ELSE coalesce(n.sent_rate,
          greatest(0, n.sent - s.sent) / greatest(0.001, extract(epoch FROM n.at - s.bytes_at))) END,
        disconnected_at = CASE WHEN s.end_code = 'unknown' THEN coalesce(n.ended_at, s.disconnected_at) ELSE coalesce(s.disconnected_at, n.ended_at) END,
        end_code = CASE WHEN s.end_code = 'unknown' THEN coalesce(n.end_code, s.end_code) ELSE coalesce(s.end_code, n.end_code) END,
        end_reason = CASE WHEN s.end_code = 'unknown' AND n.end_code IS NOT NULL THEN n.end_reason ELSE coalesce(s.end_reason, n.end_reason) END
      FROM unnest($2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::float8[], $8::float8[],
        $9::timestamptz[], $10::text[], $11::text[])
        AS n (id, connected_at, received, sent, at, received_rate, sent_rate, ended_at, end_code, end_reason)
      WHERE s.tenant_id = $1::uuid AND s.id = n.id AND s.connected_at = n.connected_at RETURNING s.id`,
    values: [
      tenantId,
      list(all.map((s) => s.sessionId)),
      list(all.map((s) => s.connectedAt)),
      list(all.map((s) => s.newest.received)),
      list(all.map((s) => s.newest.sent)),
      list(all.map((s) => s.newest.at)),
      list(all.map((s) => s.rates.received)),
      list(all.map((s) => s.rates.sent)),
      list(all.map((s) => s.end?.at ?? null)),
      all.map((s) => s.end?.code ?? null),
      all.map((s) => s.end?.reason ?? null),
    ],
  };
  const { rows, rowCount } = await client.query<{ id: string }>(update);
  if (rowCount === all.length) return [];
  const found = new Set(rows.map(({ id }) => id));
  return all.filter(({ sessionId }) => !found.has(sessionId));
}

/** Their start is not known here (yet): rows with what is known, so that nothing is missing from the ledger. */
async function addUnknown(
  client: pg.PoolClient,
  tenantId: string,
  gatewayId: string,
  missing: SessionChange[],
): Promise<void> {
  await client.query(
    `INSERT INTO sessions (tenant_id, gateway_id, id, connected_at, account_id, process, process_boot, client_id, real_address, vpn_address,
        fingerprint, received, sent, bytes_at, disconnected_at, end_code, end_reason)
      SELECT $1::uuid, $2::uuid, id, connected_at, $3::uuid, '', '', 0, '', '0.0.0.0', '', received, sent, at, ended_at, end_code, end_reason
      FROM unnest($4::uuid[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[])
        AS n (id, connected_at, received, sent, at, ended_at, end_code, end_reason)
      ON CONFLICT DO NOTHING`,
    [
      tenantId,
      gatewayId,
      nilTenant,
      missing.map((s) => s.sessionId),
      missing.map((s) => s.connectedAt),
      missing.map((s) => s.newest.received),
      missing.map((s) => s.newest.sent),
      missing.map((s) => s.newest.at),
      missing.map((s) => s.end?.at ?? null),
      missing.map((s) => s.end?.code ?? null),
      missing.map((s) => s.end?.reason ?? null),
    ],
  );
}

async function moveSessions(client: pg.PoolClient, tenantId: string, batch: TenantBatch): Promise<void> {
  if (batch.moves.size === 0) return;
  const all = [...batch.moves.values()];
  await client.query({
    name: "ledger-move",
    text: `UPDATE sessions s SET real_address = n.real_address
      FROM unnest($2::uuid[], $3::timestamptz[], $4::text[]) AS n (id, connected_at, real_address)
      WHERE s.tenant_id = $1::uuid AND s.id = n.id AND s.connected_at = n.connected_at`,
    values: [
      tenantId,
      all.map(({ sessionId }) => sessionId),
      all.map(({ connectedAt }) => connectedAt),
      all.map(({ realAddress }) => realAddress),
    ],
  });
}

async function addSamples(
  client: pg.PoolClient,
  tenantId: string,
  { samples }: TenantBatch,
  isCareful: boolean,
): Promise<void> {
  if (samples.session.length === 0) return;
  await client.query({
    name: isCareful ? "ledger-samples-careful" : "ledger-samples",
    text: `INSERT INTO traffic_samples (tenant_id, session_id, at, received, sent)
      SELECT $1::uuid, ($2::uuid[])[session], ($3::timestamptz[])[at], received, sent
      FROM unnest($4::int[], $5::int[], $6::bigint[], $7::bigint[]) AS n (session, at, received, sent) ${isCareful ? "ON CONFLICT DO NOTHING" : ""}`,
    values: [
      tenantId,
      list(samples.sessionIds),
      list(samples.ats),
      int4Array(samples.session),
      int4Array(samples.at),
      int8Array(samples.received),
      int8Array(samples.sent),
    ],
  });
}

async function addRefusals(
  client: pg.PoolClient,
  tenantId: string,
  gatewayId: string,
  epoch: string,
  { refusals }: TenantBatch,
): Promise<void> {
  if (refusals.length === 0) return;
  await client.query(
    `INSERT INTO refusals (tenant_id, gateway_id, epoch, sequence, at, account_id, device_id, code, reason, real_address, process)
      SELECT $1::uuid, $2::uuid, $3, * FROM unnest($4::bigint[], $5::timestamptz[], $6::uuid[], $11::uuid[],
        $7::text[], $8::text[], $9::text[], $10::text[])
      ON CONFLICT DO NOTHING`,
    [
      tenantId,
      gatewayId,
      epoch,
      refusals.map((r) => r.sequence),
      refusals.map((r) => r.at),
      refusals.map((r) => r.accountId),
      refusals.map((r) => r.code),
      refusals.map((r) => r.reason),
      refusals.map((r) => r.realAddress),
      refusals.map((r) => r.process),
      refusals.map((r) => r.deviceId ?? null),
    ],
  );
}

/** Rates are of the newest interval; a session that was silent for longer moves nothing. */
const silentAfterSeconds = 15;

/**
 * Makes our list of the gateway's live sessions the same as its own: what was lost on the way heals here. Sessions that it
 * told something of since, which is written already, are left to the next list.
 */
async function confirm(
  client: pg.PoolClient,
  gatewayId: string,
  event: GatewayEvent & { type: "confirmed" },
  since: Set<string>,
  touched: Set<string>,
): Promise<void> {
  await client.query("SELECT set_config('app.worker', 'on', true)");
  const { rows } = await client.query<{ tenant_id: string; id: string; is: "gone" | "silent" | "reopened" }>({
    name: "ledger-confirm",
    text: `WITH listed AS (SELECT * FROM unnest($2::uuid[], $3::uuid[]) AS n (tenant_id, id)),
        live AS (SELECT * FROM sessions WHERE gateway_id = $1 AND disconnected_at IS NULL)
      SELECT tenant_id, id, 'gone' AS is FROM live
        WHERE connected_at < $4::timestamptz AND NOT EXISTS (SELECT FROM listed WHERE listed.id = live.id)
      UNION ALL SELECT tenant_id, id, 'silent' FROM live
        WHERE (received_rate <> 0 OR sent_rate <> 0) AND $4::timestamptz - bytes_at > make_interval(secs => $5)
          AND EXISTS (SELECT FROM listed WHERE listed.id = live.id)
      UNION ALL SELECT tenant_id, id, 'reopened' FROM listed WHERE NOT EXISTS (SELECT FROM live WHERE live.id = listed.id)`,
    values: [
      gatewayId,
      list(event.tenants.flatMap(({ tenantId, sessionIds }) => sessionIds.map(() => tenantId))),
      list(event.tenants.flatMap(({ sessionIds }) => sessionIds)),
      event.at,
      silentAfterSeconds,
    ],
  });
  const [gone, silent, reopened] = ["gone", "silent", "reopened"].map((what) =>
    rows.filter(({ is, id }) => is === what && !since.has(id)),
  );
  const inEachTenant = async (
    sessions: { tenant_id: string; id: string }[],
    statement: string,
    more: unknown[] = [],
  ) => {
    for (const tenantId of new Set(sessions.map(({ tenant_id }) => tenant_id))) {
      const own = sessions.filter(({ tenant_id }) => tenant_id === tenantId);
      touched.add(tenantId);
      await bind(client, tenantId);
      await client.query(`${statement} AND tenant_id = $1::uuid AND id = ANY($2::uuid[])`, [
        tenantId,
        own.map(({ id }) => id),
        ...more,
      ]);
    }
  };
  await inEachTenant(
    gone!,
    `UPDATE sessions SET disconnected_at = greatest($3::timestamptz, connected_at), end_code = 'unknown',
      end_reason = 'The gateway no longer lists it.', received_rate = 0, sent_rate = 0 WHERE disconnected_at IS NULL`,
    [event.at],
  );
  await inEachTenant(silent!, "UPDATE sessions SET received_rate = 0, sent_rate = 0 WHERE disconnected_at IS NULL");
  await inEachTenant(
    reopened!,
    "UPDATE sessions SET disconnected_at = NULL, end_code = NULL, end_reason = NULL WHERE disconnected_at IS NOT NULL AND gateway_id = $3::uuid",
    [gatewayId],
  );
}

/** A notification holds under 8,000 bytes. */
async function notify(client: pg.PoolClient, tenantIds: Set<string>): Promise<void> {
  const ids = [...tenantIds];
  for (let i = 0; i < ids.length; i += 200)
    await client.query("SELECT pg_notify('sessions', $1)", [ids.slice(i, i + 200).join(",")]);
}

/** An array as PostgreSQL reads it, of ids, times and numbers, which need no quoting: far cheaper than to let each be looked at. */
const list = (values: (string | number | null)[]) => `{${values.map((value) => value ?? "NULL").join(",")}}`;
