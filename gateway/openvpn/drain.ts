/** Sends the clients of one process away, so many a second, for as long as it drains: also those that come late. */
import { clock } from "../clock";
import type { LiveSession } from "../ledger/sessions";
import type { DrainState } from "../protocol/api";

export interface DrainOptions {
  perSecond: number;
  sessions(): LiveSession[];
  /** Tells the client to connect again. May fail: it is tried again. */
  sendAway(session: LiveSession): Promise<void>;
}

/** A client is gone within a second or never heard it; then it is told again. */
const againMs = 5_000;

export class Drain {
  readonly state: DrainState;
  #timer: NodeJS.Timeout;
  /** When each was told, by session id. */
  #told = new Map<string, number>();

  constructor(
    readonly options: DrainOptions,
    readonly now: () => number = () => clock.ms(),
  ) {
    this.state = { startedAt: new Date(now()).toISOString(), from: options.sessions().length };
    this.#timer = setInterval(() => this.#sendNext(), 1000 / options.perSecond);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sendNext(): void {
    const sessions = this.options.sessions();
    const live = new Set(sessions.map(({ sessionId }) => sessionId));
    for (const sessionId of this.#told.keys()) if (!live.has(sessionId)) this.#told.delete(sessionId);
    const now = this.now();
    const next = sessions.find(
      ({ sessionId }) => now - (this.#told.get(sessionId) ?? Number.NEGATIVE_INFINITY) > againMs,
    );
    if (!next) return;
    this.#told.set(next.sessionId, now);
    // Not reached: it stays in the list, and its turn comes again.
    this.options.sendAway(next).catch(() => {});
  }
}
