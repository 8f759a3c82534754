/**
 * Live sessions of this gateway. Durable, so that an agent that comes back to a running openvpn goes on with the same
 * session ids; one `connected` and one `disconnected` event each, however often the agent dies in between.
 *
 * A connection is named by (process boot, client id): both start again with openvpn, so a late word about an old one can
 * never touch a newer.
 */
import { clock } from "../clock";
import {
  type DisconnectCode,
  type EventBody,
  type Holder,
  maxReadings,
  type SessionStart,
  type TenantTotals,
} from "../protocol/events";
import type { PasswordMark } from "../state/standing";
import { SessionIds } from "./session-id";
import { type Accepted, connectionKey, type JournalLine, SessionJournal } from "./session-journal";
import type { Spool } from "./spool";

export interface LiveSession extends SessionStart, PasswordMark {
  received: number;
  sent: number;
}

export interface Sessions {
  all(): LiveSession[];
  byHolder(holder: Holder): LiveSession[];
  get(sessionId: string): LiveSession | undefined;
  /** Milliseconds since the client was last heard; undefined where there is no such session. */
  silentMs(sessionId: string): number | undefined;
  /**
   * Cuts it: the client is told the reason, then dropped by its real address where it lingers. Resolves when openvpn no
   * longer forwards for it, and at once where there is no such session; rejects where openvpn could not be reached.
   * Calling it again while it runs waits for the same end. Records the disconnected event once.
   */
  end(sessionId: string, code: DisconnectCode, reason: string): Promise<void>;
}

/** The same for sessions of one account, or of one device, and no others. */
export function holderKey({ tenantId, accountId, deviceId }: Holder): string {
  return deviceId ? `${tenantId} device ${deviceId}` : `${tenantId} ${accountId}`;
}

export interface LedgerOptions {
  /** The journal's file. */
  path: string;
  spool: Spool;
  /** Cuts the connection in openvpn; resolves when openvpn has said that it is gone. */
  cut(session: LiveSession, code: DisconnectCode, reason: string): Promise<void>;
  /** Called when a session begins or ends, or is found again at the start. */
  onChange?(session: LiveSession, isLive: boolean): void;
  /** Called once for each session that ends, with what is told of it. */
  onEnd?(event: Ended, session: LiveSession): void;
  now?: () => Date;
}

export type Ended = Extract<EventBody, { type: "disconnected" }>;

export interface Closing {
  code: DisconnectCode;
  reason: string | null;
  /** Final totals, where openvpn told them. */
  received?: number;
  sent?: number;
}

interface Entry {
  session: LiveSession;
  sequence: number;
  ending: { code: DisconnectCode; reason: string } | null;
  expected: { code: DisconnectCode; reason: string } | null;
  /** When the client was last heard, by the clock that is never set. */
  heardAt: number;
  hasNewBytes: boolean;
  end: Promise<void> | null;
  onGone: (() => void)[];
}

export class SessionLedger implements Sessions {
  #entries = new Map<string, Entry>();
  #byConnection = new Map<string, Entry>();
  #byHolder = new Map<string, Set<Entry>>();
  #accepted: Map<string, Accepted>;
  #journal: SessionJournal;
  #ids: SessionIds;
  #isSetChanged = false;
  #now: () => Date;

  constructor(readonly options: LedgerOptions) {
    this.#now = options.now ?? (() => clock.now());
    const { spool } = options;
    const { journal, state } = SessionJournal.open(options.path);
    this.#journal = journal;
    this.#accepted = state.accepted;
    this.#ids = new SessionIds(state.sessions.keys());
    // A spool of another epoch knows none of it.
    const isKnown = (sequence: number) => state.epoch === spool.epoch && sequence <= spool.lastSequence;
    const missing: { sequence: number; append: () => void }[] = [];
    for (const { session, sequence, ending } of state.sessions.values()) {
      const entry = this.#index({ ...blank(session), sequence, ending });
      if (isKnown(sequence)) continue;
      missing.push({
        sequence,
        append: () => {
          entry.sequence = spool.lastSequence + 1;
          spool.append({ type: "connected", ...toStart(session) }, new Date(session.connectedAt));
        },
      });
    }
    const ended: JournalLine[] = [];
    for (const { sequence, event } of state.ended) {
      if (isKnown(sequence)) continue;
      missing.push({
        sequence,
        append: () => {
          ended.push({ op: "ended", sequence: spool.lastSequence + 1, event });
          spool.append(event);
        },
      });
    }
    for (const { append } of missing.sort((a, b) => a.sequence - b.sequence)) append();
    this.#compact(ended);
  }

  all(): LiveSession[] {
    return Array.from(this.#entries.values(), (entry) => entry.session);
  }

  byHolder(holder: Holder): LiveSession[] {
    return Array.from(this.#byHolder.get(holderKey(holder)) ?? [], (entry) => entry.session);
  }

  get(sessionId: string): LiveSession | undefined {
    return this.#entries.get(sessionId)?.session;
  }

  find(processBoot: string, clientId: number): LiveSession | undefined {
    return this.#byConnection.get(connectionKey(processBoot, clientId))?.session;
  }

  ofBoot(processBoot: string): LiveSession[] {
    return this.all().filter((session) => session.processBoot === processBoot);
  }

  end(sessionId: string, code: DisconnectCode, reason: string): Promise<void> {
    const entry = this.#entries.get(sessionId);
    if (!entry) return Promise.resolve();
    if (entry.end) return entry.end;
    entry.ending ??= { code, reason };
    this.#journal.write({ op: "ending", sessionId, ...entry.ending });
    entry.end = this.options.cut(entry.session, entry.ending.code, entry.ending.reason).finally(() => {
      // Where it failed the next call tries again; the code of the first stays.
      entry.end = null;
    });
    return entry.end;
  }

  /** The client was asked to go: should it go by itself, or come again elsewhere, that is why. Ends nothing. */
  expectEnd(sessionId: string, code: DisconnectCode, reason: string): void {
    const entry = this.#entries.get(sessionId);
    if (entry) entry.expected = { code, reason };
  }

  /** Resolves when the session has ended, whoever ended it. */
  whenGone(sessionId: string): Promise<void> {
    const entry = this.#entries.get(sessionId);
    return entry ? new Promise((resolve) => entry.onGone.push(resolve)) : Promise.resolve();
  }

  /** Before openvpn is told: should the agent die now, the session that openvpn then has can still be named. */
  accept(accepted: Accepted): void {
    this.#journal.write({ op: "accepted", accepted });
    this.#accepted.set(connectionKey(accepted.processBoot, accepted.clientId), accepted);
  }

  hasAccepted(processBoot: string, clientId: number): boolean {
    return this.#accepted.has(connectionKey(processBoot, clientId));
  }

  acceptedOf(processBoot: string): Accepted[] {
    return [...this.#accepted.values()].filter((accepted) => accepted.processBoot === processBoot);
  }

  /** openvpn says that the client is in. Undefined where it was never accepted here; the same session where it is known. */
  establish(processBoot: string, clientId: number): LiveSession | undefined {
    const key = connectionKey(processBoot, clientId);
    const known = this.#byConnection.get(key);
    if (known) return known.session;
    const accepted = this.#accepted.get(key);
    if (!accepted) return undefined;
    this.#accepted.delete(key);
    const at = this.#now();
    const session = { ...accepted, sessionId: this.#ids.next(at), connectedAt: at.toISOString(), received: 0, sent: 0 };
    const entry = this.#index({ ...blank(session), sequence: this.#nextSequence() });
    this.#journal.write({ op: "session", session: entry.session, sequence: entry.sequence, ending: null });
    this.options.spool.append({ type: "connected", ...toStart(session) }, at);
    this.#isSetChanged = true;
    this.options.onChange?.(entry.session, true);
    return entry.session;
  }

  /** New totals, as openvpn counts them. @param others how much of what was received may not be the client's */
  count(processBoot: string, clientId: number, received: number, sent: number, others = 0): void {
    const entry = this.#byConnection.get(connectionKey(processBoot, clientId));
    if (!entry) return;
    const { session } = entry;
    if (received > session.received + others) entry.heardAt = performance.now();
    // Two sources tell them, and one may be the older.
    if (received <= session.received && sent <= session.sent) return;
    session.received = Math.max(session.received, received);
    session.sent = Math.max(session.sent, sent);
    entry.hasNewBytes = true;
  }

  /** The client's port became known, or it goes on from another address. Not kept: the next agent finds it out anew. */
  move(sessionId: string, realAddress: string): void {
    const session = this.#entries.get(sessionId)?.session;
    if (!session || session.realAddress === realAddress) return;
    session.realAddress = realAddress;
    const { tenantId, connectedAt } = session;
    this.options.spool.append({ type: "moved", sessionId, tenantId, connectedAt, realAddress }, this.#now());
  }

  silentMs(sessionId: string): number | undefined {
    const entry = this.#entries.get(sessionId);
    return entry && performance.now() - entry.heardAt;
  }

  /** Whether it is being ended. */
  isEnding(sessionId: string): boolean {
    return this.#entries.get(sessionId)?.ending != null;
  }

  /** Whether it is being ended, or was asked to go. */
  isLeaving(sessionId: string): boolean {
    return this.isEnding(sessionId) || this.#entries.get(sessionId)?.expected != null;
  }

  /** The connection is gone, established or not. What `end` was told comes before what the caller makes of it. */
  close(processBoot: string, clientId: number, closing: Closing): LiveSession | undefined {
    const key = connectionKey(processBoot, clientId);
    if (this.#accepted.delete(key)) this.#journal.write({ op: "forgotten", processBoot, clientId });
    const entry = this.#byConnection.get(key);
    if (!entry) return undefined;
    const { session, expected } = entry;
    const ending = expected && (entry.ending?.code ?? "replaced") === "replaced" ? expected : entry.ending;
    session.received = closing.received ?? session.received;
    session.sent = closing.sent ?? session.sent;
    const event: Ended = {
      type: "disconnected",
      code: ending?.code ?? closing.code,
      reason: ending?.reason ?? closing.reason,
      sessionId: session.sessionId,
      tenantId: session.tenantId,
      connectedAt: session.connectedAt,
      received: session.received,
      sent: session.sent,
    };
    this.#journal.write({ op: "ended", sequence: this.#nextSequence(), event });
    this.options.spool.append(event, this.#now());
    this.#drop(entry);
    this.#isSetChanged = true;
    this.options.onChange?.(session, false);
    this.options.onEnd?.(event, session);
    for (const onGone of entry.onGone) onGone();
    return session;
  }

  /** A process is gone with everything in it. */
  closeBoot(processBoot: string, closing: Closing): void {
    for (const session of this.ofBoot(processBoot)) this.close(processBoot, session.clientId, closing);
    for (const accepted of this.acceptedOf(processBoot)) this.close(processBoot, accepted.clientId, closing);
  }

  /** Every boot of which something is known. */
  boots(): Set<string> {
    const known = [...this.all(), ...this.#accepted.values()];
    return new Set(known.map(({ processBoot }) => processBoot));
  }

  /** Puts the totals that changed since the last call into the spool. */
  flushBytes(): void {
    const changed = Array.from(this.#entries.values()).filter((entry) => entry.hasNewBytes);
    if (changed.length === 0) return;
    for (const entry of changed) entry.hasNewBytes = false;
    const at = this.#now();
    for (let n = 0; n < changed.length; n += maxReadings) {
      const some = changed.slice(n, n + maxReadings).map(({ session }) => session);
      this.options.spool.append({ type: "totals", tenants: totalsOf(some) }, at);
    }
    const totals = changed.map(({ session }) => [session.sessionId, session.received, session.sent] as const);
    this.#journal.write({ op: "bytes", totals: totals.map((total) => [...total]) });
    if (this.#journal.isLong) this.#compact();
  }

  /** Says which sessions are live; says nothing when there were none last time either. */
  confirm(): void {
    if (this.#entries.size === 0 && !this.#isSetChanged) return;
    this.#isSetChanged = false;
    const tenants = new Map<string, { tenantId: string; sessionIds: string[] }>();
    for (const { tenantId, sessionId } of this.all()) {
      const live = tenants.get(tenantId);
      if (live) live.sessionIds.push(sessionId);
      else tenants.set(tenantId, { tenantId, sessionIds: [sessionId] });
    }
    this.options.spool.append({ type: "confirmed", tenants: [...tenants.values()] }, this.#now());
    if (this.#journal.isLong) this.#compact();
  }

  get failure(): string | null {
    return this.#journal.failure;
  }

  /** Leaves everything as it is for the next agent. */
  dispose(): void {
    this.flushBytes();
    this.#journal.close();
  }

  #nextSequence(): number {
    return this.options.spool.lastSequence + 1;
  }

  #index(entry: Entry): Entry {
    const { session } = entry;
    this.#entries.set(session.sessionId, entry);
    this.#byConnection.set(connectionKey(session.processBoot, session.clientId), entry);
    const holder = holderKey(session);
    const entries = this.#byHolder.get(holder) ?? new Set();
    this.#byHolder.set(holder, entries.add(entry));
    return entry;
  }

  #drop(entry: Entry): void {
    const { session } = entry;
    this.#entries.delete(session.sessionId);
    this.#byConnection.delete(connectionKey(session.processBoot, session.clientId));
    const holder = holderKey(session);
    const entries = this.#byHolder.get(holder);
    entries?.delete(entry);
    if (entries?.size === 0) this.#byHolder.delete(holder);
  }

  /** Ended sessions leave here, but for those of this turn: the spool writes its file at the end of the turn. */
  #compact(endedNow: JournalLine[] = []): void {
    const lines: JournalLine[] = [{ op: "epoch", epoch: this.options.spool.epoch }, ...endedNow];
    for (const accepted of this.#accepted.values()) lines.push({ op: "accepted", accepted });
    for (const { session, sequence, ending } of this.#entries.values())
      lines.push({ op: "session", session, sequence, ending });
    this.#journal.rewrite(lines);
  }
}

function totalsOf(sessions: LiveSession[]): TenantTotals[] {
  const tenants = new Map<string, TenantTotals>();
  for (const { sessionId, tenantId, connectedAt, received, sent } of sessions) {
    const totals = tenants.get(tenantId) ?? { tenantId, sessionIds: [], connectedAts: [], received: [], sent: [] };
    tenants.set(tenantId, totals);
    totals.sessionIds.push(sessionId);
    totals.connectedAts.push(connectedAt);
    totals.received.push(received);
    totals.sent.push(sent);
  }
  return [...tenants.values()];
}

function blank(session: LiveSession): Entry {
  const heardAt = performance.now();
  return { session, sequence: 0, ending: null, expected: null, heardAt, hasNewBytes: false, end: null, onGone: [] };
}

/** What is told of it: the mark of its password stays here. */
function toStart({ received: _received, sent: _sent, passwordMark: _mark, ...start }: LiveSession): SessionStart {
  return start;
}
