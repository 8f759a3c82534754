/**
 * Failed attempts per key in a window. An attempt counts when it begins and is given back when it turns out right, so
 * that many at once get no further than many in a row.
 */
export class AttemptLimiter {
  #windows = new Map<string, { count: number; endsAt: number }>();

  constructor(
    readonly limit: number,
    readonly windowMs: number,
    readonly now: () => number = () => performance.now(),
    readonly maxKeys = 100_000,
  ) {}

  /** Takes one attempt. The milliseconds to wait, or 0 when it may be tried. */
  take(key: string): number {
    const now = this.now();
    let window = this.#windows.get(key);
    if (!window || window.endsAt <= now) {
      this.#windows.delete(key);
      window = { count: 0, endsAt: now + this.windowMs };
      this.#windows.set(key, window);
      this.#forget();
    }
    if (window.count >= this.limit) return window.endsAt - now;
    window.count += 1;
    return 0;
  }

  giveBack(key: string): void {
    const window = this.#windows.get(key);
    if (window && window.count > 0) window.count -= 1;
  }

  clear(key: string): void {
    this.#windows.delete(key);
  }

  /** Oldest first, so that a flood of keys cannot take the memory. */
  #forget(): void {
    for (const [key, window] of this.#windows) {
      if (this.#windows.size <= this.maxKeys && window.endsAt > this.now()) return;
      this.#windows.delete(key);
    }
  }
}
