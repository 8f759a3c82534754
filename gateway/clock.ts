import { readFileSync } from "node:fs";
import { writePrivate } from "./state/private-file";

/**
 * What time it is, for all that is decided or told by it. It goes on steadily whatever is done to the host's clock, and
 * keeps to the control plane's, which says its own with each call: grants and holds end by what it said, so a host whose
 * clock is an hour off still ends them when they are to end.
 */
export class Clock {
  /** What is to be added to the steady time, in milliseconds. */
  #offsetMs: number;
  #path: string | null = null;
  #isKept = false;

  constructor(
    private readonly steadyMs: () => number = sinceBootMs,
    private readonly hostMs: () => number = Date.now,
    private readonly bootId: () => string = readBootId,
  ) {
    this.#offsetMs = hostMs() - steadyMs();
  }

  /**
   * Goes on from what an agent before it heard, which is in that file, and keeps there what this one hears: who comes in
   * before the control plane has called does so at the right time too. The steady time begins with the host, so a file of
   * before the host's last start says nothing; nor does one that is damaged.
   */
  keepIn(path: string): void {
    this.#path = path;
    try {
      const { bootId, offsetMs } = JSON.parse(readFileSync(path, "utf8")) as { bootId: unknown; offsetMs: unknown };
      if (bootId === this.bootId() && Number.isFinite(offsetMs)) this.#offsetMs = offsetMs as number;
    } catch {
      // The host's clock it is, until the control plane calls.
    }
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
    if (Number.isNaN(offMs)) return 0;
    const isOff = Math.abs(offMs) > toleranceMs;
    if (isOff) {
      this.#offsetMs += offMs;
      this.#isKept = false;
    }
    if (this.#path !== null && !this.#isKept) this.#keep(this.#path);
    return isOff ? offMs : 0;
  }

  #keep(path: string): void {
    try {
      writePrivate(path, JSON.stringify({ bootId: this.bootId(), offsetMs: this.#offsetMs }));
      this.#isKept = true;
    } catch {
      // The disk may be full; the next call tries again.
    }
  }
}

/** CLOCK_MONOTONIC, which all processes share (clock_gettime(2)). */
function sinceBootMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

function readBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

const toleranceMs = 10_000;

/** The agent's own: there is one time. */
export const clock = new Clock();
