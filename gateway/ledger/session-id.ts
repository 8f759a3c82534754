import { randomUUID } from "node:crypto";

/**
 * UUIDs version 7 (RFC 9562) that rise strictly: within a millisecond by a counter, and past a clock that is set back.
 * Which of an account's sessions is the newest is read from them.
 */
export class SessionIds {
  #ms = 0;
  #counter = 0;

  /** @param existing ids that the next must be above */
  constructor(existing: Iterable<string> = []) {
    for (const id of existing) {
      const hex = id.replaceAll("-", "");
      const ms = Number.parseInt(hex.slice(0, 12), 16);
      const counter = Number.parseInt(hex.slice(13, 16), 16);
      if (ms > this.#ms || (ms === this.#ms && counter > this.#counter)) {
        this.#ms = ms;
        this.#counter = counter;
      }
    }
  }

  next(at: Date): string {
    const ms = at.getTime();
    if (ms > this.#ms) {
      this.#ms = ms;
      this.#counter = 0;
    } else if (this.#counter < 0xfff) {
      this.#counter += 1;
    } else {
      this.#ms += 1;
      this.#counter = 0;
    }
    const hex = this.#ms.toString(16).padStart(12, "0");
    const counter = this.#counter.toString(16).padStart(3, "0");
    // The variant and 62 random bits are where version 4 has them too.
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7${counter}-${randomUUID().slice(19)}`;
  }
}
