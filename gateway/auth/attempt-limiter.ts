/**
 * Failed attempts per key. A key holds so many at once, and one comes back every so often: whoever has used them up is
 * slowed down to that pace, and not shut out until a window ends. An attempt counts when it begins and is given back when
 * it turns out right, so that many at once get no further than many in a row.
 */
export class AttemptLimiter {
  /** By key, when all will have come back; the one that was changed longest ago first. */
  #fullAt = new Map<string, number>();
  #everyMs: number;

  /** @param windowMs in which `limit` come back */
  constructor(
    readonly limit: number,
    windowMs: number,
    readonly now: () => number = () => performance.now(),
    readonly maxKeys = 100_000,
  ) {
    this.#everyMs = windowMs / limit;
  }

  /** Takes one attempt. The milliseconds to wait, or 0 when it may be tried. */
  take(key: string): number {
    const now = this.now();
    const missingMs = Math.max(0, (this.#fullAt.get(key) ?? 0) - now);
    const waitMs = missingMs - (this.limit - 1) * this.#everyMs;
    // Times are no whole numbers.
    if (waitMs > 0.5) return waitMs;
    this.#set(key, now + missingMs + this.#everyMs);
    this.#forget(now);
    return 0;
  }

  giveBack(key: string): void {
    const fullAt = this.#fullAt.get(key);
    if (fullAt !== undefined) this.#set(key, fullAt - this.#everyMs);
  }

  #set(key: string, fullAt: number): void {
    this.#fullAt.delete(key);
    this.#fullAt.set(key, fullAt);
  }

  /** Oldest first, so that a flood of keys cannot take the memory. */
  #forget(now: number): void {
    for (const [key, fullAt] of this.#fullAt) {
      if (this.#fullAt.size <= this.maxKeys && fullAt > now) return;
      this.#fullAt.delete(key);
    }
  }
}
