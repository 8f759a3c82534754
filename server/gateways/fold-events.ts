/** Folds a batch of events into what is written: for each tenant one change a session, its samples and its refusals. */
import type { DisconnectCode, GatewayEvent, SessionStart } from "@/gateway/protocol/events";
import { nilTenant } from "../core/db";

export interface SessionChange {
  sessionId: string;
  connectedAt: string;
  /** Newest totals, and when they were seen. */
  received: number;
  sent: number;
  at: string;
  /** Bytes a second over the newest interval; null where what came before is in the database only. */
  receivedRate: number | null;
  sentRate: number | null;
  end: { at: string; code: DisconnectCode; reason: string | null } | null;
}

export interface TenantBatch {
  started: (SessionChange & { start: SessionStart })[];
  continued: SessionChange[];
  /** Columns of equal length. */
  samples: { sessionIds: string[]; ats: string[]; received: number[]; sent: number[] };
  refusals: (GatewayEvent & { type: "refused" })[];
}

/** Events in the order of their sequence. */
export function foldEvents(events: GatewayEvent[]): Map<string, TenantBatch> {
  const batches = new Map<string, TenantBatch>();
  const changes = new Map<string, SessionChange & { start?: SessionStart }>();
  const batchOf = (tenantId: string) => {
    let batch = batches.get(tenantId);
    if (!batch) {
      const samples = { sessionIds: [], ats: [], received: [], sent: [] };
      batch = { started: [], continued: [], samples, refusals: [] };
      batches.set(tenantId, batch);
    }
    return batch;
  };
  for (const event of events) {
    if (event.type === "confirmed") continue;
    const batch = batchOf(event.tenantId ?? nilTenant);
    if (event.type === "refused") {
      batch.refusals.push(event);
      continue;
    }
    const key = `${event.tenantId} ${event.sessionId}`;
    const known = changes.get(key);
    if (event.type === "connected") {
      // Told twice in one batch, it is still one session.
      if (known?.start) continue;
      const { sessionId, connectedAt } = event;
      const totals = { received: 0, sent: 0, at: connectedAt, receivedRate: 0, sentRate: 0 };
      const change = { ...totals, end: null, ...known, sessionId, connectedAt, start: event };
      if (known) batch.continued.splice(batch.continued.indexOf(known), 1);
      changes.set(key, change);
      batch.started.push(change);
      continue;
    }
    const { received, sent, at } = event;
    batch.samples.sessionIds.push(event.sessionId);
    batch.samples.ats.push(at);
    batch.samples.received.push(received);
    batch.samples.sent.push(sent);
    let change = known;
    if (change) {
      const seconds = Math.max(0.001, (Date.parse(at) - Date.parse(change.at)) / 1000);
      change.receivedRate = Math.max(0, received - change.received) / seconds;
      change.sentRate = Math.max(0, sent - change.sent) / seconds;
      change.received = Math.max(change.received, received);
      change.sent = Math.max(change.sent, sent);
      change.at = at;
    } else {
      const { sessionId, connectedAt } = event;
      change = { sessionId, connectedAt, received, sent, at, receivedRate: null, sentRate: null, end: null };
      changes.set(key, change);
      batch.continued.push(change);
    }
    if (event.type === "disconnected" && !change.end) {
      change.end = { at, code: event.code, reason: event.reason };
      change.receivedRate = 0;
      change.sentRate = 0;
    }
  }
  return batches;
}
