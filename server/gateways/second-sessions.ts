/**
 * One session an account or device, over all gateways. On one gateway its agent sees to it; here the others are told. Asked for right
 * after a session is committed, so that two are never live longer than a second, and by every sweep, so that a worker that
 * died in between, or a gateway that could not be reached, changes nothing in the end. Doing it twice does no more.
 *
 * Which is the newer is told by `began_at`, which is by one clock whatever the gateways' say; at the same millisecond by
 * id. Not by the order in which they came to be known: after a partition the older is often told last. Every worker that
 * looks reads the same, and comes to the same.
 */
import type { DisconnectRequest } from "@/gateway/protocol/api";
import type { SecondSession } from "@/gateway/protocol/document";
import { inTransaction, nilTenant, system } from "../core/db";
import type { Log } from "../core/log";
import { disconnect, type GatewayAddress, GatewayError, getSession } from "./client";

/** An account, or a device that dials in by itself. */
export interface HolderKey {
  tenantId: string;
  holderId: string;
}

/** Ends what must go of the live sessions of these. Never rejects: what fails is for the next sweep. */
export async function endSecondSessions(holders: HolderKey[], log: Log): Promise<void> {
  try {
    const byHolder = new Map<string, LiveSession[]>();
    for (const session of await findLive(holders)) {
      const key = `${session.tenantId} ${session.holderId}`;
      byHolder.set(key, [...(byHolder.get(key) ?? []), session]);
    }
    await Promise.all([...byHolder.values()].map((sessions) => keepOne(sessions, log)));
  } catch (error) {
    log.error({ err: error }, "sessions could not be looked at for second sessions");
  }
}

/** Those that are live on more than one gateway. */
export async function findDoubles(): Promise<HolderKey[]> {
  return inTransaction(
    system,
    { isWorker: true },
    ({ tx }) => tx.$queryRaw<HolderKey[]>`
      SELECT tenant_id AS "tenantId", coalesce(device_id, account_id) AS "holderId" FROM sessions
      WHERE disconnected_at IS NULL AND coalesce(device_id, account_id) <> ${nilTenant}::uuid
      GROUP BY 1, 2 HAVING count(DISTINCT gateway_id) > 1`,
  );
}

interface LiveSession extends HolderKey {
  sessionId: string;
  realAddress: string;
  isDevice: boolean;
  secondSession: SecondSession;
  gateway: GatewayAddress & { isAnswering: boolean };
}

/** Oldest first. */
async function findLive(holders: HolderKey[]): Promise<LiveSession[]> {
  const named = holders.filter(({ holderId }) => holderId !== nilTenant);
  if (named.length === 0) return [];
  return inTransaction(
    system,
    { isWorker: true },
    ({ tx }) => tx.$queryRaw<LiveSession[]>`
      SELECT s.tenant_id AS "tenantId", n.holder_id AS "holderId", s.id AS "sessionId", s.real_address AS "realAddress",
        s.device_id IS NOT NULL AS "isDevice",
        t.second_session AS "secondSession",
        jsonb_build_object('id', g.id, 'name', g.name, 'apiHost', g.api_host, 'apiPort', g.api_port,
          'fingerprint', g.fingerprint, 'nextFingerprint', g.next_fingerprint, 'isAnswering', g.error IS NULL AND g.enrolled_at IS NOT NULL) AS gateway
      FROM (SELECT DISTINCT * FROM unnest(${named.map(({ tenantId }) => tenantId)}::uuid[], ${named.map(({ holderId }) => holderId)}::uuid[]) AS n (tenant_id, holder_id)) AS n
      JOIN sessions s ON s.tenant_id = n.tenant_id AND n.holder_id IN (s.account_id, s.device_id) AND s.disconnected_at IS NULL
      JOIN tenants t ON t.id = s.tenant_id JOIN gateways g ON g.id = s.gateway_id
      ORDER BY s.began_at, s.id`,
  );
}

async function keepOne(sessions: LiveSession[], log: Log): Promise<void> {
  const newest = sessions.at(-1)!;
  if (sessions.every(({ gateway }) => gateway.id === newest.gateway.id)) return;
  // The choice is about people: a device that dials in anew has lost its old way.
  const kept = newest.secondSession === "refuse" && !newest.isDevice ? await findHolder(sessions) : newest;
  const ending: DisconnectRequest =
    kept === newest
      ? {
          code: "replaced",
          reason: `this ${newest.isDevice ? "device" : "account"} connected again, from ${kept.realAddress}`,
        }
      : {
          code: "refused",
          reason: `this account is connected already, from ${kept.realAddress}; end that connection first`,
        };
  // Those on the kept one's own gateway are its agent's; those on one that does not answer wait until it does.
  const others = sessions.filter(({ gateway }) => gateway.id !== kept.gateway.id && gateway.isAnswering);
  await Promise.all(others.map((session) => end(session, ending, log)));
}

/**
 * The oldest that is certainly there: its gateway answers, and hears its client. So nobody is locked out by a session that
 * was left behind on a gateway that died, or that can no longer reach its client.
 */
async function findHolder(sessions: LiveSession[]): Promise<LiveSession> {
  for (const session of sessions.slice(0, -1)) if (await isHeard(session)) return session;
  return sessions.at(-1)!;
}

async function isHeard({ gateway, sessionId }: LiveSession): Promise<boolean> {
  if (!gateway.isAnswering) return false;
  try {
    return (await getSession(gateway, sessionId))?.isHeard === true;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

/** Those that are being ended now: a sweep does not ask again while the gateway takes its time. */
const ending = new Set<string>();

async function end({ sessionId, tenantId, holderId, gateway }: LiveSession, request: DisconnectRequest, log: Log) {
  if (ending.has(sessionId)) return;
  ending.add(sessionId);
  try {
    await disconnect(gateway, sessionId, request);
    log.info({ tenantId, holderId, sessionId, gateway: gateway.name, code: request.code }, "ended a second session");
  } catch (error) {
    log.warn(
      { tenantId, holderId, sessionId, gateway: gateway.name, err: error },
      "a second session could not be ended",
    );
  } finally {
    ending.delete(sessionId);
  }
}
