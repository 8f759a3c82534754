/**
 * What the ledger must still know after the agent was killed. Lines are written ahead: a session's `connected` and its
 * `disconnected` go here first, with the number that their event will get in the spool; on return, what the spool does
 * not have is given to it, and nothing is given twice.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { DisconnectCode, EventBody, SessionStart } from "../protocol/events";
import type { PasswordMark } from "../state/standing";

/** A client that was let in; its session begins when openvpn says that it is established. */
export type Accepted = Omit<SessionStart, "sessionId" | "connectedAt"> & PasswordMark;

export interface StoredSession {
  session: SessionStart & PasswordMark & { received: number; sent: number };
  /** Number of its `connected` event. */
  sequence: number;
  ending: { code: DisconnectCode; reason: string } | null;
}

export type JournalLine =
  | { op: "epoch"; epoch: string }
  | { op: "accepted"; accepted: Accepted }
  | { op: "forgotten"; processBoot: string; clientId: number }
  | ({ op: "session" } & StoredSession)
  | { op: "ending"; sessionId: string; code: DisconnectCode; reason: string }
  | { op: "bytes"; totals: [sessionId: string, received: number, sent: number][] }
  | { op: "ended"; sequence: number; event: Extract<EventBody, { type: "disconnected" }> };

export interface JournalState {
  epoch: string | null;
  accepted: Map<string, Accepted>;
  sessions: Map<string, StoredSession>;
  /** Disconnects whose event may not have reached the spool. */
  ended: { sequence: number; event: Extract<EventBody, { type: "disconnected" }> }[];
}

export const connectionKey = (processBoot: string, clientId: number): string => `${processBoot} ${clientId}`;

export class SessionJournal {
  #descriptor: number;
  #bytes = 0;
  #compactAt = 0;
  #isLineBroken = false;
  /** What keeps lines from the disk, if anything does. Sessions go on without: people's access comes before the record. */
  failure: string | null = null;

  private constructor(readonly path: string) {
    this.#descriptor = openSync(path, "a", 0o600);
  }

  static open(path: string): { journal: SessionJournal; state: JournalState } {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const state = replay(path);
    return { journal: new SessionJournal(path), state };
  }

  /** In the kernel's hands when it returns, so it outlives the agent (not the host; but no session does either). */
  write(line: JournalLine): void {
    const text = Buffer.from(`${this.#isLineBroken ? "\n" : ""}${JSON.stringify(line)}\n`);
    try {
      this.#isLineBroken = writeSync(this.#descriptor, text) < text.length;
      this.failure = this.#isLineBroken ? "the disk is full" : null;
      this.#bytes += text.length;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  get isLong(): boolean {
    return this.#bytes > this.#compactAt;
  }

  /** Replaces everything by these lines; where that fails the old ones stay. */
  rewrite(lines: JournalLine[]): void {
    try {
      this.#replace(lines);
      this.failure = null;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.#compactAt = this.#bytes + 4 * 1024 * 1024;
    }
  }

  #replace(lines: JournalLine[]): void {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const descriptor = openSync(`${this.path}.new`, "w", 0o600);
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
    renameSync(`${this.path}.new`, this.path);
    closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#bytes = Buffer.byteLength(text);
    this.#compactAt = Math.max(4 * 1024 * 1024, this.#bytes * 4);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function replay(path: string): JournalState {
  const state: JournalState = { epoch: null, accepted: new Map(), sessions: new Map(), ended: [] };
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return state;
    throw error;
  }
  for (const line of text.split("\n").slice(0, -1)) {
    try {
      apply(state, JSON.parse(line) as JournalLine);
    } catch {
      // Cut in half by a crash: what it said had not happened yet.
    }
  }
  return state;
}

function apply(state: JournalState, line: JournalLine): void {
  switch (line.op) {
    case "epoch":
      state.epoch = line.epoch;
      return;
    case "accepted":
      state.accepted.set(connectionKey(line.accepted.processBoot, line.accepted.clientId), line.accepted);
      return;
    case "forgotten":
      state.accepted.delete(connectionKey(line.processBoot, line.clientId));
      return;
    case "session": {
      const { session, sequence, ending } = line;
      state.accepted.delete(connectionKey(session.processBoot, session.clientId));
      state.sessions.set(session.sessionId, { session, sequence, ending });
      return;
    }
    case "ending": {
      const stored = state.sessions.get(line.sessionId);
      if (stored) stored.ending = { code: line.code, reason: line.reason };
      return;
    }
    case "bytes":
      for (const [sessionId, received, sent] of line.totals) {
        const stored = state.sessions.get(sessionId);
        if (stored) Object.assign(stored.session, { received, sent });
      }
      return;
    case "ended":
      state.sessions.delete(line.event.sessionId);
      state.ended.push({ sequence: line.sequence, event: line.event });
      return;
    default:
      line satisfies never;
  }
}
