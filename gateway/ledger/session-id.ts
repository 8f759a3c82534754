import { randomBytes } from "node:crypto";

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
    const bytes = randomBytes(16);
    bytes.writeUIntBE(this.#ms, 0, 6);
    bytes.writeUInt16BE(0x7000 | this.#counter, 6);
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    const hex = bytes.toString("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }
}
