/**
 * The sweep: every two seconds, whatever jobs were lost. It asks each gateway how it is, starts again what should be
 * running (collect, push, enrol), ends second sessions, sends a configuration that changed, renews a certificate that is to
 * end, and compares the digests of a few documents, so that drift is found and mended, not assumed away. Nothing depends on
 * it being on time.
 */
import type { GatewayStateReply } from "@/gateway/protocol/api";
import { digestLocations } from "@/gateway/protocol/digest";
import { database, inTenant, inTransaction, pool, system } from "../core/db";
import type { Log } from "../core/log";
import type { Gateway } from "../core/prisma/client";
import { enqueue } from "../core/queue";
import { requestPushTo } from "../revisions/revisions";
import { GatewayError, getDigest, getState } from "./client";
import { configureIfChanged } from "./config";
import { gatewayCollect, gatewayEnrol } from "./jobs";
import { findDevices, locationsFor, tell, type Whereabouts } from "./links";
import { storeUnanswered } from "./push";
import { renewIfDue } from "./renew";
import { storeSample } from "./samples";
import { endSecondSessions, findDoubles } from "./second-sessions";

export const sweepEveryMs = 2_000;
const stateTimeoutMs = 1_500;
/** A document's digest is compared about this often. */
const checkEveryMs = 10 * 60_000;
/** Documents that one sweep compares on one gateway, at most. */
const checksAtOnce = 3;

export async function sweep(log: Log): Promise<void> {
  const gateways = await database().gateway.findMany();
  // Not waited for: a gateway that takes its time holds up no sweep.
  void findDoubles()
    .then((doubles) => endSecondSessions(doubles, log))
    .catch((error) => log.error({ err: error }, "second sessions could not be looked for"));
  const isLinked = gateways.filter(({ enrolledAt }) => enrolledAt).length > 1;
  const whereabouts = isLinked ? await findDevices() : undefined;
  await Promise.all(
    gateways.map((gateway) =>
      sweepGateway(gateway, log, whereabouts).catch((error) =>
        log.error({ err: error, gateway: gateway.name }, "sweep failed"),
      ),
    ),
  );
}

export async function sweepGateway(gateway: Gateway, log: Log, whereabouts?: Whereabouts): Promise<void> {
  const { id: gatewayId } = gateway;
  if (gateway.sealedToken && gateway.tokenExpiresAt && gateway.tokenExpiresAt > new Date())
    await enqueue(gatewayEnrol, { gatewayId });
  if (!gateway.enrolledAt) return;
  await enqueue(gatewayCollect, { gatewayId });
  const state = await askState(gateway, log);
  if (!state) return;
  await storeSample(gatewayId, state, gateway.state as GatewayStateReply | null);
  if (await reconcile(gatewayId, state)) await requestPushTo(gatewayId);
  const version = await configureIfChanged(gateway, state);
  if (version !== undefined) log.info({ gateway: gateway.name, version }, "sent its configuration");
  if (whereabouts && state.locations !== digestLocations(locationsFor(gatewayId, whereabouts)))
    await tell(gateway, whereabouts);
  await compareDigests(gateway, log);
  await renewIfDue(gateway, state, log);
}

async function askState(gateway: Gateway, log: Log): Promise<GatewayStateReply | undefined> {
  try {
    const askedAt = performance.now();
    const state = await getState(gateway, stateTimeoutMs);
    const answeredAt = performance.now();
    await pool().query(
      // The gateway read its clock somewhere between question and answer: half way is at most half of that off.
      `UPDATE gateways SET state = $2, last_seen_at = now(), error = NULL, error_at = NULL,
        clock_offset_ms = extract(epoch FROM clock_timestamp() - $3::timestamptz) * 1000 - $4 WHERE id = $1`,
      [
        gateway.id,
        JSON.stringify(state),
        state.now ?? null,
        (answeredAt - askedAt) / 2 + (performance.now() - answeredAt),
      ],
    );
    if (gateway.error) log.info({ gateway: gateway.name }, "answers again");
    return state;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // Said once, not every two seconds.
    if (gateway.error !== error.message) log.warn({ gateway: gateway.name }, error.message);
    await storeUnanswered(gateway.id, error.message);
    return undefined;
  }
}

/**
 * Where the gateway has less than we believed (its state folder was lost, or put back from a copy), we believe it.
 * @returns whether it is behind in anything
 */
async function reconcile(gatewayId: string, state: GatewayStateReply): Promise<boolean> {
  const { lost, isBehind } = await inTransaction(system, { isWorker: true }, async ({ tx }) => {
    const applied = await tx.appliedRevision.findMany({ where: { gatewayId, revision: { gt: 0 } } });
    const [behind] = await tx.$queryRaw<{ exists: boolean }[]>`
      SELECT EXISTS (SELECT 1 FROM tenants t LEFT JOIN applied_revisions a ON a.tenant_id = t.id AND a.gateway_id = ${gatewayId}::uuid
        WHERE t.revision > coalesce(a.revision, 0)) AS exists`;
    return {
      // A push that came through meanwhile makes it more, never less.
      lost: applied.filter(({ tenantId, revision }) => (state.revisions[tenantId] ?? 0) < Number(revision)),
      isBehind: behind!.exists,
    };
  });
  let isReset = false;
  for (const { tenantId, revision } of lost) {
    // Asked again: the state is from before, and a push may have been enforced and stored since.
    isReset = (await resetApplied(gatewayId, tenantId, revision)) || isReset;
  }
  return isBehind || isReset;
}

async function resetApplied(gatewayId: string, tenantId: string, believed: bigint): Promise<boolean> {
  const gateway = await database().gateway.findUnique({ where: { id: gatewayId } });
  if (!gateway) return false;
  const { revision } = await getDigest(gateway, tenantId);
  if (revision >= Number(believed)) return false;
  const { count } = await inTenant(system, tenantId, ({ tx }) =>
    tx.appliedRevision.updateMany({
      where: { tenantId, gatewayId, revision: believed },
      data: { revision, enforcedAt: null },
    }),
  );
  return count > 0;
}

/** At the same revision both sides must have the same entries; where they have not, the whole document is sent. */
async function compareDigests(gateway: Gateway, log: Log): Promise<void> {
  const due = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.appliedRevision.findMany({
      where: {
        gatewayId: gateway.id,
        revision: { gt: 0 },
        OR: [{ isDrifted: true }, { checkedAt: null }, { checkedAt: { lt: new Date(Date.now() - checkEveryMs) } }],
      },
      orderBy: { checkedAt: { sort: "asc", nulls: "first" } },
      take: checksAtOnce,
    }),
  );
  for (const { tenantId } of due) {
    if (await compareDigest(gateway, tenantId)) continue;
    log.warn({ gateway: gateway.name, tenantId }, "its document differs from ours; sending all of it");
    await requestPushTo(gateway.id);
  }
}

/** @returns false when they differ, which is then marked, and makes the next push send the whole document */
async function compareDigest(
  gateway: { id: string } & Parameters<typeof getDigest>[0],
  tenantId: string,
): Promise<boolean> {
  const theirs = await getDigest(gateway, tenantId);
  return inTenant(system, tenantId, async ({ tx }) => {
    const [ours] = await tx.$queryRaw<{ revision: bigint; bits: string | null }[]>`
      SELECT t.revision, (SELECT bit_xor(('x' || encode(e.digest, 'hex'))::bit(256))::text FROM document_entries e
        WHERE e.tenant_id = t.id AND e.value IS NOT NULL) AS bits
      FROM tenants t WHERE t.id = ${tenantId}::uuid`;
    const key = { tenantId_gatewayId: { tenantId, gatewayId: gateway.id } };
    // At different revisions there is nothing to compare; a push is on its way.
    if (!ours || theirs.revision !== Number(ours.revision)) return true;
    const isSame = theirs.digest === hexOf(ours.bits ?? "0".repeat(256));
    await tx.appliedRevision.update({
      where: key,
      data: { checkedAt: new Date(), isDrifted: !isSame, ...(isSame ? {} : { revision: 0 }) },
    });
    return isSame;
  });
}

/** PostgreSQL writes a bit string digit by digit. */
const hexOf = (bits: string) =>
  (bits.match(/.{4}/g) ?? []).map((four) => Number.parseInt(four, 2).toString(16)).join("");
