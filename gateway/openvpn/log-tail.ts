import { closeSync, openSync, readSync, statSync } from "node:fs";

/**
 * Reads on in a file that another process appends to, and that may be emptied meanwhile: whole lines, and of a flood of
 * them the newest only. What stood in it before is passed over.
 */
export class LogTail {
  #offset: number;

  constructor(
    readonly path: string,
    readonly maxBytes = 128 * 1024,
  ) {
    this.#offset = sizeOf(path);
  }

  /** The lines that came since the last call. */
  read(): string[] {
    const size = sizeOf(this.path);
    if (size < this.#offset) this.#offset = 0;
    const isFlood = size - this.#offset > this.maxBytes;
    if (isFlood) this.#offset = size - this.maxBytes;
    if (size === this.#offset) return [];
    const buffer = Buffer.alloc(size - this.#offset);
    const descriptor = openSync(this.path, "r");
    try {
      readSync(descriptor, buffer, 0, buffer.length, this.#offset);
    } finally {
      closeSync(descriptor);
    }
    const end = buffer.lastIndexOf(10) + 1;
    this.#offset += end;
    const lines = buffer.toString("utf8", 0, end).split("\n").slice(0, -1);
    // The first may be what is left of one.
    return isFlood ? lines.slice(1) : lines;
  }
}

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
