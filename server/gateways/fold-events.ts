/** Folds a batch of events into what is written: for each tenant one change a session, its samples and its refusals. */
import type { DisconnectCode, GatewayEvent, SessionBytes, SessionStart } from "@/gateway/protocol/events";
import { nilTenant } from "../core/db";

export interface SessionChange {
  sessionId: string;
  connectedAt: string;
  start: SessionStart | undefined;
  /** Newest totals, and when they were seen. */
  newest: Totals;
  /** The totals before them; undefined where those are in the database only. */
  before: Totals | undefined;
  end: { at: string; code: DisconnectCode; reason: string | null } | undefined;
}

interface Totals {
  at: string;
  received: number;
  sent: number;
}

export interface TenantBatch {
  /** Those whose start is in the batch, and the others. */
  started: SessionChange[];
  continued: SessionChange[];
  /** Columns of equal length; no session has two at one time. */
  samples: { sessionIds: string[]; ats: string[]; received: number[]; sent: number[] };
  refusals: (GatewayEvent & { type: "refused" })[];
}

/** Events in the order of their sequence. */
export function foldEvents(events: readonly GatewayEvent[]): Map<string, TenantBatch> {
  const folds = new Map<string, Fold>();
  for (const event of events) {
    if (event.type === "confirmed") continue;
    const tenantId = event.tenantId ?? nilTenant;
    let fold = folds.get(tenantId);
    if (!fold) {
      fold = new Fold();
      folds.set(tenantId, fold);
    }
    fold.add(event);
  }
  return new Map([...folds].map(([tenantId, fold]) => [tenantId, fold.batch()]));
}

/** Bytes a second over the newest interval; null where what came before is in the database only. */
export function rateOf({ newest, before, end }: SessionChange, total: "received" | "sent"): number | null {
  if (end) return 0;
  if (!before) return null;
  const seconds = Math.max(0.001, (Date.parse(newest.at) - Date.parse(before.at)) / 1000);
  return Math.max(0, newest[total] - before[total]) / seconds;
}

class Fold {
  readonly #changes = new Map<string, SessionChange>();
  readonly #samples: TenantBatch["samples"] = { sessionIds: [], ats: [], received: [], sent: [] };
  readonly #refusals: TenantBatch["refusals"] = [];

  add(event: Exclude<GatewayEvent, { type: "confirmed" }>): void {
    if (event.type === "refused") {
      this.#refusals.push(event);
      return;
    }
    const known = this.#changes.get(event.sessionId);
    if (event.type === "connected") {
      const { sessionId, connectedAt } = event;
      const none = { at: connectedAt, received: 0, sent: 0 };
      if (known) known.start = event;
      else
        this.#changes.set(sessionId, {
          sessionId,
          connectedAt,
          start: event,
          newest: none,
          before: none,
          end: undefined,
        });
      return;
    }
    const change = this.#count(event, known);
    if (event.type === "disconnected") change.end ??= { at: event.at, code: event.code, reason: event.reason };
  }

  batch(): TenantBatch {
    const all = [...this.#changes.values()];
    return {
      started: all.filter(({ start }) => start),
      continued: all.filter(({ start }) => !start),
      samples: this.#samples,
      refusals: this.#refusals,
    };
  }

  #count(event: SessionBytes & { at: string }, known: SessionChange | undefined): SessionChange {
    const { sessionId, connectedAt, at, received, sent } = event;
    const newest = { at, received, sent };
    const samples = this.#samples;
    if (known && known.newest.at === at && samples.sessionIds.lastIndexOf(sessionId) >= 0) {
      // Two at the same moment are one, the later.
      const last = samples.sessionIds.lastIndexOf(sessionId);
      samples.received[last] = received;
      samples.sent[last] = sent;
      known.newest = newest;
      return known;
    }
    samples.sessionIds.push(sessionId);
    samples.ats.push(at);
    samples.received.push(received);
    samples.sent.push(sent);
    if (known) {
      known.before = known.newest;
      known.newest = newest;
      return known;
    }
    const change = { sessionId, connectedAt, start: undefined, newest, before: undefined, end: undefined };
    this.#changes.set(sessionId, change);
    return change;
  }
}
