/**
 * Events on disk until the control plane has committed them, numbered without gaps within an epoch.
 *
 * Segments are NDJSON files named by the number of their first event. An append is in the kernel's hands at the end of
 * the current turn, so it outlives the agent; one fdatasync then covers everything that waited, and only then can the
 * event be read. A line cut in half by a crash is dropped: nobody has read it, and its number is given out again.
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { clock } from "../clock";
import type { EventBody, GatewayEvent } from "../protocol/events";

export interface Spool {
  /** Random id of this state folder; another one from when it is found to have been put back from an older copy. */
  readonly epoch: string;
  /** Whether that was found since the agent started. */
  readonly isRestored: boolean;
  /** Number of the newest event; 0 before the first. */
  readonly lastSequence: number;
  /** How many wait for the control plane. */
  readonly depth: number;
  /** What keeps events from the disk, if anything does; they are then held in memory and tried again. */
  readonly failure: string | null;
  /** Keeps the order of calls; durable soon (group commit), and only then seen by `read`. */
  append(body: EventBody, at?: Date): void;
  /** Up to `limit` durable events after that number. What was acknowledged may be gone: it then begins later. */
  read(after: number, limit: number): Promise<GatewayEvent[]>;
  /**
   * The same as a JSON array, as it lies on the disk: for passing on, which costs a tenth of reading and writing each. It
   * is ended early by the event with which it comes to `bytes`.
   */
  readJson(after: number, limit: number, bytes: number): Promise<EventsJson>;
  /**
   * The control plane has read up to there, it says. What was never read here was numbered by the folder of which this one
   * is an older copy, and the same numbers are given out here again: a new epoch begins, of what came since the copy was
   * put back. All before that is committed.
   */
  heed(readUpTo: number): void;
  /** Everything up to here is committed by the control plane and may leave the disk. */
  acknowledge(upTo: number): void;
  /** Called when new events can be read. Returns what takes the listener off again. */
  onAppend(listener: () => void): () => void;
  /** Waits until everything appended is durable, and lets the files go. */
  close(): Promise<void>;
}

export interface EventsJson {
  count: number;
  json: Buffer;
  /** Whether more can be read after these. */
  hasMore: boolean;
}

export interface SpoolOptions {
  segmentBytes?: number;
}

/** Opens the spool in a folder of its own, which it makes. One process at a time. */
export function openSpool(folder: string, { segmentBytes = 4 * 1024 * 1024 }: SpoolOptions = {}): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return new FileSpool(folder, openEpoch(folder), segmentBytes);
}

interface Epoch {
  id: string;
  /** Number of the last event that is not of it. */
  base: number;
}

interface Segment {
  /** Number of its first event. */
  first: number;
  path: string;
}

/** Where the last read ended, so that reading on costs nothing. */
interface Cursor {
  first: number;
  nextSequence: number;
  offset: number;
}

const retryMs = 1_000;
/** Under load one sync covers what came within so long. */
const syncEveryMs = 10;

class FileSpool implements Spool {
  failure: string | null = null;
  isRestored = false;
  #epoch: Epoch;
  /** Number of the last event that the control plane can have read. */
  #readUpTo: number;
  #segments: Segment[];
  #descriptor: number;
  #size: number;
  #last: number;
  #written: number;
  #durable: number;
  #acknowledged: number;
  #waiting: string[] = [];
  #isFlushPlanned = false;
  #retry: NodeJS.Timeout | null = null;
  #syncing: Promise<void> | null = null;
  #syncedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #listeners = new Set<() => void>();
  #cursor: Cursor | null = null;

  constructor(
    readonly folder: string,
    epoch: Epoch,
    readonly segmentBytes: number,
  ) {
    this.#epoch = epoch;
    this.#segments = listSegments(folder);
    if (this.#segments.length === 0) this.#segments.push({ first: 1, path: segmentPath(folder, 1) });
    const newest = this.#segments.at(-1)!;
    this.#descriptor = openSync(newest.path, "a", 0o600);
    const whole = wholeLines(newest);
    ftruncateSync(this.#descriptor, whole.bytes);
    // What was written by the agent before this one may not have reached the disk yet.
    fsyncSync(this.#descriptor);
    syncFolder(folder);
    this.#size = whole.bytes;
    this.#last = this.#written = this.#durable = newest.first + whole.lines - 1;
    this.#readUpTo = this.#last;
    this.#acknowledged = Math.max(epoch.base, this.#segments[0]!.first - 1);
  }

  get epoch(): string {
    return this.#epoch.id;
  }

  get lastSequence(): number {
    return this.#last;
  }

  get depth(): number {
    return this.#last - this.#acknowledged;
  }

  append(body: EventBody, at = clock.now()): void {
    if (this.#isClosed) throw new Error("the spool is closed");
    this.#last += 1;
    const event: GatewayEvent = { ...body, sequence: this.#last, at: at.toISOString() };
    this.#waiting.push(`${JSON.stringify(event)}\n`);
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => this.#flush());
  }

  async read(after: number, limit: number): Promise<GatewayEvent[]> {
    const { json } = await this.readJson(after, limit, Number.POSITIVE_INFINITY);
    return JSON.parse(json.toString()) as GatewayEvent[];
  }

  async readJson(after: number, limit: number, bytes: number): Promise<EventsJson> {
    const parts: Buffer[] = [];
    let count = 0;
    let size = 0;
    let next = Math.max(after, this.#epoch.base, this.#segments[0]!.first - 1) + 1;
    while (count < limit && size < bytes && next <= this.#durable) {
      const index = this.#segments.findLastIndex((segment) => segment.first <= next);
      if (index === -1) break;
      const last = Math.min((this.#segments[index + 1]?.first ?? Number.POSITIVE_INFINITY) - 1, this.#durable);
      const to = Math.min(last, next + limit - count - 1);
      const part = await this.#readSegment(this.#segments[index]!, next, to, bytes - size);
      if (part.count === 0) break;
      parts.push(...part.lines);
      count += part.count;
      next += part.count;
      for (const { length } of part.lines) size += length;
    }
    if (count > 0) this.#readUpTo = Math.max(this.#readUpTo, next - 1);
    const last = parts.pop() ?? Buffer.alloc(0);
    const json = Buffer.concat([Buffer.from("["), ...parts, last.subarray(0, -1), Buffer.from("]")]);
    return { count, json, hasMore: count > 0 && next <= this.#durable };
  }

  heed(readUpTo: number): void {
    if (readUpTo <= this.#readUpTo) return;
    this.isRestored = true;
    this.#epoch = writeEpoch(this.folder, { id: randomUUID(), base: this.#readUpTo });
    this.acknowledge(this.#readUpTo);
  }

  acknowledge(upTo: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(upTo, this.#durable));
    // The newest segment stays, even when empty: its name holds the number to go on from.
    while (this.#segments.length > 1 && this.#segments[1]!.first - 1 <= this.#acknowledged) {
      const gone = this.#segments.shift()!;
      unlinkSync(gone.path);
      if (this.#cursor?.first === gone.first) this.#cursor = null;
    }
  }

  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#flush();
    if (this.#retry) clearTimeout(this.#retry);
    while (this.#syncing) await this.#syncing;
    closeSync(this.#descriptor);
    this.#listeners.clear();
  }

  /** Hands what waits to the kernel. On failure (a full disk) the file is cut back to whole lines and it is tried again. */
  #flush(): void {
    this.#isFlushPlanned = false;
    if (this.#waiting.length === 0 || this.#retry) return;
    const lines = this.#waiting;
    try {
      if (this.#size >= this.segmentBytes) this.#rotate();
      const text = Buffer.from(lines.join(""));
      for (let written = 0; written < text.length; ) written += writeSync(this.#descriptor, text, written);
      this.#size += text.length;
      this.#written += lines.length;
      this.#waiting = [];
      this.failure = null;
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#sync();
  }

  #fail(error: unknown): void {
    this.failure = error instanceof Error ? error.message : String(error);
    try {
      ftruncateSync(this.#descriptor, this.#size);
    } catch {
      // The next start cuts the tail.
    }
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#flush();
    }, retryMs);
    this.#retry.unref();
  }

  #rotate(): void {
    // The old segment must be durable before a newer one exists: only the newest may end in half a line.
    fsyncSync(this.#descriptor);
    const segment = { first: this.#written + 1, path: segmentPath(this.folder, this.#written + 1) };
    const descriptor = openSync(segment.path, "a", 0o600);
    syncFolder(this.folder);
    const old = this.#descriptor;
    this.#descriptor = descriptor;
    this.#size = 0;
    this.#segments.push(segment);
    // A sync may still hold the old descriptor.
    if (this.#syncing) void this.#syncing.then(() => closeSync(old));
    else closeSync(old);
  }

  #sync(): void {
    if (this.#syncing) return;
    const waitMs = this.#syncedAt + syncEveryMs - performance.now();
    this.#syncing = new Promise((resolve) => {
      if (waitMs > 0) setTimeout(() => this.#syncNow(resolve), waitMs);
      else this.#syncNow(resolve);
    });
  }

  #syncNow(resolve: () => void): void {
    const upTo = this.#written;
    this.#syncedAt = performance.now();
    fdatasync(this.#descriptor, (error) => {
      this.#syncing = null;
      if (error) this.failure = error.message;
      else this.#durable = Math.max(this.#durable, upTo);
      resolve();
      if (!error) for (const listener of this.#listeners) listener();
      if (error && !this.#isClosed) setTimeout(() => this.#sync(), retryMs).unref();
      else if (!error && this.#written > upTo) this.#sync();
    });
  }

  async #readSegment(
    segment: Segment,
    from: number,
    to: number,
    bytes: number,
  ): Promise<{ count: number; lines: Buffer[] }> {
    const isKnown = this.#cursor?.first === segment.first && this.#cursor.nextSequence <= from;
    let { nextSequence, offset } = isKnown ? this.#cursor! : { nextSequence: segment.first, offset: 0 };
    const lines: Buffer[] = [];
    let count = 0;
    let size = 0;
    let file: FileHandle;
    try {
      file = await open(segment.path, "r");
    } catch (error) {
      // Acknowledged and removed by another request in between.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { count, lines };
      throw error;
    }
    try {
      let rest: Buffer = Buffer.alloc(0);
      while (nextSequence <= to && size < bytes) {
        const chunk = Buffer.allocUnsafe(readBytes);
        const { bytesRead } = await file.read(chunk, 0, readBytes, offset + rest.length);
        if (bytesRead === 0) break;
        const text = rest.length ? Buffer.concat([rest, chunk.subarray(0, bytesRead)]) : chunk.subarray(0, bytesRead);
        let start = 0;
        let wanted = 0;
        for (
          let end = text.indexOf(10);
          end !== -1 && nextSequence <= to && size + start - wanted < bytes;
          end = text.indexOf(10, start)
        ) {
          start = end + 1;
          // A line feed ends a line, and within JSON there is none: by commas they are a list.
          text[end] = comma;
          if (nextSequence >= from) count += 1;
          else wanted = start;
          nextSequence += 1;
        }
        if (start > wanted) lines.push(text.subarray(wanted, start));
        size += start - wanted;
        offset += start;
        rest = Buffer.from(text.subarray(start));
      }
    } finally {
      await file.close();
    }
    this.#cursor = { first: segment.first, nextSequence, offset };
    return { count, lines };
  }
}

const readBytes = 512 * 1024;
const comma = 44;

function openEpoch(folder: string): Epoch {
  try {
    const [id, base] = readFileSync(join(folder, "epoch"), "utf8").trim().split("\n");
    return { id: id!, base: Number(base ?? 0) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return writeEpoch(folder, { id: randomUUID(), base: 0 });
}

function writeEpoch(folder: string, epoch: Epoch): Epoch {
  const path = join(folder, "epoch");
  const descriptor = openSync(`${path}.new`, "w", 0o600);
  writeFileSync(descriptor, epoch.base === 0 ? `${epoch.id}\n` : `${epoch.id}\n${epoch.base}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(`${path}.new`, path);
  syncFolder(folder);
  return epoch;
}

function listSegments(folder: string): Segment[] {
  return readdirSync(folder)
    .filter((name) => /^\d{16}\.ndjson$/.test(name))
    .sort()
    .map((name) => ({ first: Number(name.slice(0, 16)), path: join(folder, name) }));
}

function segmentPath(folder: string, first: number): string {
  return join(folder, `${String(first).padStart(16, "0")}.ndjson`);
}

/** How much of the newest segment is whole: lines in order, each an event with its own number. */
function wholeLines({ path, first }: Segment): { lines: number; bytes: number } {
  const text = readFileSync(path);
  let lines = 0;
  let bytes = 0;
  for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, bytes)) {
    try {
      const event = JSON.parse(text.toString("utf8", bytes, end)) as GatewayEvent;
      if (event.sequence !== first + lines) break;
    } catch {
      break;
    }
    lines += 1;
    bytes = end + 1;
  }
  return { lines, bytes };
}

/** Makes names that were added to a folder durable. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
