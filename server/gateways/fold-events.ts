/** Folds a batch of events into what is written: for each tenant one change a session, its samples and its refusals. */
import type { EventsReply } from "@/gateway/protocol/api";
import type { DisconnectCode, GatewayEvent, SessionBytes, SessionStart } from "@/gateway/protocol/events";
import { nilTenant } from "../core/db";
import { cleanEvent } from "./clean-event";

/** What a reply comes to. Making it needs no database, so it is made while the batch before is being written. */
export interface PreparedEvents {
  /** Lowest and last number of the events; undefined where there are none. */
  lowest: number | undefined;
  last: number | undefined;
  /** Events, and how many of them make sense. */
  count: number;
  valid: number;
  batches: Map<string, TenantBatch>;
  /** The newest list of live sessions, and the sessions that something was told of since: of those it is out of date. */
  confirmation: (GatewayEvent & { type: "confirmed" }) | undefined;
  since: Set<string>;
}

/** Of the events above that number. */
export function prepareEvents(reply: EventsReply, above = 0): PreparedEvents {
  const events = reply.events.filter((event) => Number.isSafeInteger(event?.sequence) && event.sequence > above);
  const valid = events.map(cleanEvent).filter((event) => event !== undefined);
  const confirmed = valid.findLastIndex(({ type }) => type === "confirmed");
  return {
    lowest: events.reduce<number | undefined>(
      (least, { sequence }) => Math.min(least ?? sequence, sequence),
      undefined,
    ),
    last: events.at(-1)?.sequence,
    count: events.length,
    valid: valid.length,
    batches: foldEvents(valid),
    confirmation: valid[confirmed] as PreparedEvents["confirmation"],
    since: new Set(valid.slice(confirmed + 1).flatMap((event) => ("sessionId" in event ? [event.sessionId] : []))),
  };
}

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
  samples: Samples;
  refusals: (GatewayEvent & { type: "refused" })[];
  /** How many events it was. */
  count: number;
}

/** Columns of equal length; no session has two at one time. Ids and times are few and long: a sample says where in the lists. */
export interface Samples {
  sessionIds: string[];
  ats: string[];
  session: number[];
  at: number[];
  received: number[];
  sent: number[];
}

/** Events in the order of their sequence. */
function foldEvents(events: readonly GatewayEvent[]): Map<string, TenantBatch> {
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
  /** Number of each session's newest sample. */
  readonly #newest = new Map<string, number>();
  readonly #times = new Map<string, number>();
  readonly #samples: Samples = { sessionIds: [], ats: [], session: [], at: [], received: [], sent: [] };
  readonly #refusals: TenantBatch["refusals"] = [];
  #count = 0;

  add(event: Exclude<GatewayEvent, { type: "confirmed" }>): void {
    this.#count += 1;
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
    const change = this.#addTotals(event, known);
    if (event.type === "disconnected") change.end ??= { at: event.at, code: event.code, reason: event.reason };
  }

  batch(): TenantBatch {
    const all = [...this.#changes.values()];
    return {
      started: all.filter(({ start }) => start),
      continued: all.filter(({ start }) => !start),
      samples: this.#samples,
      refusals: this.#refusals,
      count: this.#count,
    };
  }

  #addTotals(event: SessionBytes & { at: string }, known: SessionChange | undefined): SessionChange {
    const { sessionId, connectedAt, at, received, sent } = event;
    const newest = { at, received, sent };
    const samples = this.#samples;
    const last = this.#newest.get(sessionId);
    if (known && last !== undefined && known.newest.at === at) {
      // Two at the same moment are one, the later.
      samples.received[last] = received;
      samples.sent[last] = sent;
      known.newest = newest;
      return known;
    }
    samples.session.push(last === undefined ? samples.sessionIds.push(sessionId) : samples.session[last]!);
    samples.at.push(this.#time(at));
    this.#newest.set(sessionId, samples.received.push(received) - 1);
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

  /** Its place in the list of times, from 1 on as PostgreSQL counts. */
  #time(at: string): number {
    let place = this.#times.get(at);
    if (place === undefined) {
      place = this.#samples.ats.push(at);
      this.#times.set(at, place);
    }
    return place;
  }
}
