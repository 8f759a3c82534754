/** Collect: follows a gateway's events by long poll and commits them as they come, so that screens are right within a second. */
import { database } from "../core/db";
import type { Log } from "../core/log";
import { enqueue } from "../core/queue";
import { getEvents } from "./client";
import { gatewayCollect } from "./jobs";
import { commitEvents } from "./ledger";

const batchLimit = 10_000;
const waitMs = 20_000;
/** Then the job adds itself again, and any worker goes on. */
const runMs = 45_000;

/** @throws GatewayError when it does not answer; the sweep starts it again */
export async function collectFrom(gatewayId: string, signal: AbortSignal, log: Log): Promise<void> {
  const gateway = await database().gateway.findUnique({ where: { id: gatewayId } });
  if (!gateway?.enrolledAt) return;
  let { epoch } = gateway;
  let cursor = Number(gateway.cursor);
  const deadline = Date.now() + runMs;
  while (!signal.aborted && Date.now() < deadline) {
    const query = { epoch: epoch ?? "", after: cursor, limit: batchLimit, waitMs };
    const reply = await getEvents(gateway, query, signal).catch((error) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (!reply) return;
    const committed = await commitEvents(gatewayId, reply);
    if (!committed) break;
    if (committed.dropped > 0)
      log.warn(
        { gateway: gateway.name, dropped: committed.dropped },
        "events of unknown tenants or of no sense were passed over",
      );
    if (committed.epoch !== epoch && epoch !== null)
      log.warn({ gateway: gateway.name }, "the gateway's event log begins anew: its state folder was lost");
    ({ epoch, cursor } = committed);
  }
  if (!signal.aborted) await enqueue(gatewayCollect, { gatewayId });
}
