/**
 * What time it is, for all that is decided or told by it. It goes on steadily whatever is done to the host's clock, and
 * keeps to the control plane's, which says its own with each call: grants and holds end by what it said, so a host whose
 * clock is an hour off still ends them when they are to end.
 */
export class Clock {
  /** What is to be added to the steady time, in milliseconds. */
  #offsetMs: number;

  constructor(
    private readonly steadyMs: () => number = () => performance.now(),
    private readonly hostMs: () => number = Date.now,
  ) {
    this.#offsetMs = hostMs() - steadyMs();
  }

  /** Milliseconds since 1970, whole. */
  ms(): number {
    return Math.floor(this.#offsetMs + this.steadyMs());
  }

  now(): Date {
    return new Date(this.ms());
  }

  /** What the host's clock calls by this number, which openvpn goes by: whole seconds since 1970, both. */
  ofHost(seconds: number): number {
    return seconds + Math.round((this.ms() - this.hostMs()) / 1000);
  }

  /**
   * The control plane's time, as a call of its says it. Less than `toleranceMs` apart is taken for the way that the call
   * took, and for clocks that are kept by NTP.
   * @returns by how much we were off where that is mended, else 0
   */
  hear(at: Date): number {
    const offMs = at.getTime() - this.ms();
    if (!(Math.abs(offMs) > toleranceMs)) return 0;
    this.#offsetMs += offMs;
    return offMs;
  }
}

const toleranceMs = 10_000;

/** The agent's own: there is one time. */
export const clock = new Clock();
