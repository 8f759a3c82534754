/** Collect: follows a gateway's events by long poll and commits them as they come, so that screens are right within a second. */
import { noteConnected } from "../certificates/certificates";
import { database } from "../core/db";
import type { Log } from "../core/log";
import { enqueue } from "../core/queue";
import { getEvents } from "./client";
import { type PreparedEvents, prepareEvents } from "./fold-events";
import { gatewayCollect, gatewayLocate } from "./jobs";
import { commitEvents } from "./ledger";
import { noteCollected } from "./metrics";
import { endSecondSessions, type HolderKey } from "./second-sessions";

const batchLimit = 10_000;
/** Short, for a poll that a cut link took with it is only missed when it is over. */
const waitMs = 5_000;
/** Then the job adds itself again, and any worker goes on. */
const runMs = 45_000;

/** @throws GatewayError when it does not answer; the sweep starts it again */
export async function collectFrom(gatewayId: string, signal: AbortSignal, log: Log): Promise<void> {
  const gateway = await database().gateway.findUnique({ where: { id: gatewayId } });
  if (!gateway?.enrolledAt) return;
  let epoch = gateway.epoch ?? "";
  let cursor = Number(gateway.cursor);
  // What the gateway may forget is what is committed; what is read may be ahead of that by one batch.
  const read = (after: number) =>
    getEvents(gateway, { epoch, after, committed: cursor, limit: batchLimit, waitMs }, signal).then(
      (reply) => ({ reply, prepared: prepareEvents(reply) }),
      (error: Error) => error,
    );
  const deadline = Date.now() + runMs;
  let next: ReturnType<typeof read> | undefined;
  while (!signal.aborted && (next || Date.now() < deadline)) {
    const answer = await (next ?? read(cursor));
    next = undefined;
    if (signal.aborted) return;
    if (answer instanceof Error) throw answer;
    const { reply, prepared } = answer;
    // There is more already: it is fetched and folded while this is written.
    const last = reply.events.at(-1)?.sequence;
    const hasMore = (reply.hasMore ?? reply.events.length === batchLimit) && Number.isSafeInteger(last);
    if (hasMore && Date.now() < deadline) next = read(last!);
    const committed = await commitEvents(gatewayId, reply, prepared);
    if (!committed) break;
    // Not waited for: a gateway that takes its time keeps nobody's events back.
    void endSecondSessions(beganIn(prepared), log);
    if (committed.events + committed.dropped > 0) noteCollected(gateway.name, committed, reply.events.at(-1)?.at);
    // The rows are there: whoever connected with a renewed profile needs the one before no more. Missed, it is found hourly.
    await noteConnected(connectedIn(prepared)).catch((error) =>
      log.error({ err: error, gateway: gateway.name }, "renewed certificates could not be retired"),
    );
    if (reply.events.some((event) => event.type === "connected" && event.deviceId)) await enqueue(gatewayLocate, {});
    if (committed.dropped > 0)
      log.warn(
        { gateway: gateway.name, dropped: committed.dropped },
        "events of unknown tenants or of no sense were passed over",
      );
    if (committed.epoch !== epoch && epoch !== "") {
      const why = reply.isRestored ? "was put back from an older copy" : "was lost";
      log.warn({ gateway: gateway.name }, `the gateway's event log begins anew: its state folder ${why}`);
    }
    ({ epoch, cursor } = committed);
  }
  if (!signal.aborted) await enqueue(gatewayCollect, { gatewayId });
}

/** Those of whom a session began and did not end. */
function beganIn({ batches }: PreparedEvents): HolderKey[] {
  return [...batches].flatMap(([tenantId, { started }]) =>
    started
      .filter(({ end }) => !end)
      .map(({ start }) => ({ tenantId, holderId: start!.deviceId ?? start!.accountId! })),
  );
}

/** Fingerprints that sessions began with. */
function connectedIn({ batches }: PreparedEvents): string[] {
  const started = [...batches.values()].flatMap((batch) => batch.started);
  return [...new Set(started.map(({ start }) => start!.fingerprint))];
}
