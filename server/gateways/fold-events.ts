/** Folds a batch of events into what is written: for each tenant one change a session, its samples and its refusals. */
import type { EventsReply } from "@/gateway/protocol/api";
import type {
  DisconnectCode,
  GatewayEvent,
  PolicyUse,
  RefusedFlow,
  RefusedPackets,
  RuleUse,
  SessionStart,
  TenantTotals,
} from "@/gateway/protocol/events";
import { nilTenant } from "../core/db";
import { cleanEvent } from "./clean-event";

/** What a reply comes to. Making it needs no database, so it is made while the batch before is being written. */
export interface PreparedEvents {
  /** Lowest and last number of the events; undefined where there are none. */
  lowest: number | undefined;
  last: number | undefined;
  /** Events and how many of them make sense; of `totals` each reading counts for one. */
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
  // Of lists of what is live the newest counts, and older ones need no look: they are long.
  const newest = events.findLast(({ type }) => type === "confirmed");
  const news = events.filter((event) => event.type !== "confirmed" || event === newest);
  const valid = news.map(cleanEvent).filter((event) => event !== undefined);
  const confirmed = valid.findLastIndex(({ type }) => type === "confirmed");
  const since = confirmed === -1 ? [] : valid.slice(confirmed + 1);
  return {
    lowest: events.reduce<number | undefined>(
      (least, { sequence }) => Math.min(least ?? sequence, sequence),
      undefined,
    ),
    last: events.at(-1)?.sequence,
    count: events.reduce((sum, event) => sum + readings(event), 0),
    valid: valid.reduce((sum, event) => sum + readings(event), events.length - news.length),
    batches: foldEvents(valid),
    confirmation: valid[confirmed] as PreparedEvents["confirmation"],
    since: new Set(since.flatMap(sessionsOf)),
  };
}

/** Of an event that was not cleaned yet as well. */
function readings(event: GatewayEvent): number {
  if (event.type === "used" && Array.isArray(event.tenants))
    return event.tenants.reduce((sum, use) => sum + (use?.policyIds?.length ?? 1), 0);
  if (event.type === "refused_packets" && Array.isArray(event.tenants))
    return event.tenants.reduce((sum, refused) => sum + (refused?.flows?.length ?? 1), 0);
  if (event.type !== "totals" || !Array.isArray(event.tenants)) return 1;
  return event.tenants.reduce((sum, totals) => sum + (totals?.sessionIds?.length ?? 1), 0);
}

function sessionsOf(event: GatewayEvent): string[] {
  if (event.type === "totals") return event.tenants.flatMap(({ sessionIds }) => sessionIds);
  return "sessionId" in event ? [event.sessionId] : [];
}

export interface SessionChange {
  sessionId: string;
  connectedAt: string;
  start: SessionStart | undefined;
  /** Newest totals, and when they were seen. */
  newest: Totals;
  /** Bytes a second over the newest interval; null where what came before is in the database only. */
  rates: { received: number | null; sent: number | null };
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
  /** By policy and moment, to be added up. */
  uses: { policyId: string; at: string; bytes: number; packets: number }[];
  /** By rule and moment, likewise; policies have it too, and it counts for no event of its own. */
  ruleUses: (RuleUse & { at: string })[];
  /** By flow and moment, to be added up. */
  refusedPackets: (RefusedFlow & { at: string })[];
  /** By session, the newest. */
  moves: Map<string, GatewayEvent & { type: "moved" }>;
  /** How many events it was, as they are counted above. */
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
  const foldOf = (tenantId: string) => {
    let fold = folds.get(tenantId);
    if (!fold) {
      fold = new Fold();
      folds.set(tenantId, fold);
    }
    return fold;
  };
  for (const event of events) {
    if (event.type === "confirmed") continue;
    if (event.type === "totals")
      for (const totals of event.tenants) foldOf(totals.tenantId).addReadings(totals, event.at);
    else if (event.type === "used") for (const use of event.tenants) foldOf(use.tenantId).addUse(use, event.at);
    else if (event.type === "refused_packets")
      for (const refused of event.tenants) foldOf(refused.tenantId).addRefusedPackets(refused, event.at);
    else foldOf(event.tenantId ?? nilTenant).add(event);
  }
  return new Map([...folds].map(([tenantId, fold]) => [tenantId, fold.batch()]));
}

interface Tracked extends Pick<SessionChange, "sessionId" | "connectedAt" | "start" | "end"> {
  /** Its place in the list of sessions, from 1 on as PostgreSQL counts; 0 before its first sample. */
  place: number;
  /** Numbers of its newest sample and of the one before; -1 where there is none. */
  newest: number;
  before: number;
}

class Fold {
  readonly #tracked = new Map<string, Tracked>();
  readonly #places = new Map<string, number>();
  readonly #samples: Samples = { sessionIds: [], ats: [], session: [], at: [], received: [], sent: [] };
  readonly #refusals: TenantBatch["refusals"] = [];
  readonly #uses: TenantBatch["uses"] = [];
  readonly #ruleUses: TenantBatch["ruleUses"] = [];
  readonly #refusedPackets: TenantBatch["refusedPackets"] = [];
  #moves: TenantBatch["moves"] = new Map();
  #count = 0;

  addReadings({ sessionIds, connectedAts, received, sent }: TenantTotals, at: string): void {
    this.#count += sessionIds.length;
    const place = this.#placeOf(at);
    for (let n = 0; n < sessionIds.length; n++)
      this.#addSample(this.#track(sessionIds[n]!, connectedAts[n]!), place, received[n]!, sent[n]!);
  }

  addUse({ policyIds, bytes, packets, rules = [] }: PolicyUse, at: string): void {
    this.#count += policyIds.length;
    for (const [n, policyId] of policyIds.entries())
      this.#uses.push({ policyId, at, bytes: bytes[n]!, packets: packets[n]! });
    for (const use of rules) this.#ruleUses.push({ ...use, at });
  }

  addRefusedPackets({ flows }: RefusedPackets, at: string): void {
    this.#count += flows.length;
    for (const flow of flows) this.#refusedPackets.push({ ...flow, at });
  }

  add(event: Exclude<GatewayEvent, { type: "confirmed" | "totals" | "used" | "refused_packets" }>): void {
    this.#count += 1;
    if (event.type === "refused") {
      this.#refusals.push(event);
      return;
    }
    if (event.type === "moved") {
      this.#moves.set(event.sessionId, event);
      return;
    }
    const tracked = this.#track(event.sessionId, event.connectedAt);
    if (event.type === "connected") {
      tracked.start = event;
      return;
    }
    this.#addSample(tracked, this.#placeOf(event.at), event.received, event.sent);
    if (event.type === "disconnected") tracked.end ??= { at: event.at, code: event.code, reason: event.reason };
  }

  batch(): TenantBatch {
    const all = Array.from(this.#tracked.values(), (tracked) => this.#changeOf(tracked));
    return {
      started: all.filter(({ start }) => start),
      continued: all.filter(({ start }) => !start),
      samples: this.#samples,
      refusals: this.#refusals,
      uses: this.#uses,
      ruleUses: this.#ruleUses,
      refusedPackets: this.#refusedPackets,
      moves: this.#moves,
      count: this.#count,
    };
  }

  #track(sessionId: string, connectedAt: string): Tracked {
    let tracked = this.#tracked.get(sessionId);
    if (!tracked) {
      tracked = { sessionId, connectedAt, start: undefined, end: undefined, place: 0, newest: -1, before: -1 };
      this.#tracked.set(sessionId, tracked);
    }
    return tracked;
  }

  #addSample(tracked: Tracked, at: number, received: number, sent: number): void {
    const samples = this.#samples;
    const { newest } = tracked;
    if (newest !== -1 && samples.at[newest] === at) {
      // Two at the same moment are one, the later.
      samples.received[newest] = received;
      samples.sent[newest] = sent;
      return;
    }
    tracked.place ||= samples.sessionIds.push(tracked.sessionId);
    tracked.before = newest;
    tracked.newest = samples.session.push(tracked.place) - 1;
    samples.at.push(at);
    samples.received.push(received);
    samples.sent.push(sent);
  }

  /** Of a time in the list of times, from 1 on. */
  #placeOf(at: string): number {
    let place = this.#places.get(at);
    if (place === undefined) {
      place = this.#samples.ats.push(at);
      this.#places.set(at, place);
    }
    return place;
  }

  #changeOf({ sessionId, connectedAt, start, end, ...tracked }: Tracked): SessionChange {
    const none = { at: connectedAt, received: 0, sent: 0 };
    const newest = this.#totals(tracked.newest) ?? none;
    const before = this.#totals(tracked.before) ?? (start && none);
    return {
      sessionId,
      connectedAt,
      start,
      newest,
      rates: end ? { received: 0, sent: 0 } : ratesOf(newest, before),
      end,
    };
  }

  #totals(n: number): Totals | undefined {
    const { ats, at, received, sent } = this.#samples;
    return n === -1 ? undefined : { at: ats[at[n]! - 1]!, received: received[n]!, sent: sent[n]! };
  }
}

function ratesOf(newest: Totals, before: Totals | undefined): SessionChange["rates"] {
  if (!before) return { received: null, sent: null };
  const seconds = Math.max(0.001, (Date.parse(newest.at) - Date.parse(before.at)) / 1000);
  return {
    received: Math.max(0, newest.received - before.received) / seconds,
    sent: Math.max(0, newest.sent - before.sent) / seconds,
  };
}
