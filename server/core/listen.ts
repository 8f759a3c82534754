/**
 * LISTEN: one connection a process for all that wait for news from the database. A notification is a hint to look again
 * and no more: once connected, and again after a lost connection, every listener is told, since something may have been
 * missed.
 */
import pg from "pg";
import { env } from "./env";

export type Channel = "sessions" | "receipts";

/** @param onNews gets the payload; undefined says that something may have been missed */
type Listener = (payload: string | undefined) => void;

/** @returns how to stop listening */
export function listen(channel: Channel, onNews: Listener): () => void {
  const state = shared();
  const listeners = state.listeners.get(channel) ?? new Set();
  state.listeners.set(channel, listeners);
  listeners.add(onNews);
  state.connection ??= connect(state);
  return () => {
    listeners.delete(onNews);
  };
}

/**
 * Yields whenever a notification concerns the caller, at once to begin with, and at most every `everyMs`; what comes in
 * between is one. Ends with the signal, or when `stillMay` (asked twice a minute) says no.
 */
export async function* changes(options: {
  channel: Channel;
  concerns: (payload: string) => boolean;
  everyMs: number;
  stillMay: () => Promise<boolean>;
  signal: AbortSignal;
  /** How often `stillMay` is asked. */
  recheckMs?: number;
}): AsyncGenerator<{ at: Date }> {
  const { channel, concerns, everyMs, stillMay, signal, recheckMs = 25_000 } = options;
  let isDirty = true;
  let wake = () => {};
  const stop = listen(channel, (payload) => {
    if (payload !== undefined && !concerns(payload)) return;
    isDirty = true;
    wake();
  });
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  let checkedAt = Date.now();
  try {
    while (!signal.aborted) {
      if (Date.now() - checkedAt >= recheckMs) {
        if (!(await stillMay())) return;
        checkedAt = Date.now();
      }
      if (isDirty) {
        isDirty = false;
        yield { at: new Date() };
        await pause(everyMs, signal);
      } else {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.max(0, checkedAt + recheckMs - Date.now()));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (isDirty || signal.aborted) wake();
        });
      }
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onAbort);
  }
}

/** Ends the connection; those who listen hear nothing more. */
export async function closeListening(): Promise<void> {
  const state = held.drawbridgeListen;
  held.drawbridgeListen = undefined;
  if (!state) return;
  state.isClosed = true;
  await (await state.connection)?.end().catch(() => {});
}

interface State {
  listeners: Map<Channel, Set<Listener>>;
  connection: Promise<pg.Client | undefined> | undefined;
  isClosed: boolean;
}

const held = globalThis as { drawbridgeListen?: State };

function shared(): State {
  held.drawbridgeListen ??= { listeners: new Map(), connection: undefined, isClosed: false };
  return held.drawbridgeListen;
}

const channels: Channel[] = ["sessions", "receipts"];

async function connect(state: State, attempt = 0): Promise<pg.Client | undefined> {
  if (state.isClosed) return undefined;
  const client = new pg.Client({ connectionString: env.DATABASE_URL, keepAlive: true });
  try {
    client.on("notification", ({ channel, payload }) => tell(state, channel as Channel, payload ?? ""));
    await client.connect();
    for (const channel of channels) await client.query(`LISTEN ${channel}`);
    // From here on; a failure before is the catch's.
    client.once("error", () => client.end().catch(() => {}));
    client.once("end", () => {
      if (!state.isClosed) state.connection = connect(state, 1);
    });
    for (const channel of channels) tell(state, channel, undefined);
    return client;
  } catch {
    client.on("error", () => {});
    client.end().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 100 * 2 ** attempt)).unref());
    return connect(state, attempt + 1);
  }
}

function tell(state: State, channel: Channel, payload: string | undefined): void {
  for (const listener of state.listeners.get(channel) ?? []) listener(payload);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
