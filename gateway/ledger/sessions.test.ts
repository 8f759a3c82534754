import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DisconnectCode, type EventBody, type GatewayEvent, maxReadings } from "../protocol/events";
import type { Accepted } from "./session-journal";
import { type LiveSession, SessionLedger } from "./sessions";
import { openSpool, type Spool } from "./spool";

let folder: string;
let spool: Spool;
let ledger: SessionLedger;
let cuts: { sessionId: string; code: DisconnectCode; reason: string }[];
let cut: (session: LiveSession) => Promise<void>;
let changes: string[];
let now: () => Date;
const opened: Spool[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ledger-"));
  cuts = [];
  changes = [];
  now = () => new Date();
  cut = async (session) => void ledger.close(session.processBoot, session.clientId, { code: "left", reason: null });
  open(folder);
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(from: string): void {
  spool = openSpool(join(from, "spool"));
  opened.push(spool);
  ledger = new SessionLedger({
    path: join(from, "ledger", "sessions.ndjson"),
    spool,
    cut: (session, code, reason) => {
      cuts.push({ sessionId: session.sessionId, code, reason });
      return cut(session);
    },
    now: () => now(),
    onChange: (session, isLive) => changes.push(`${isLive ? "+" : "-"}${session.clientId}`),
  });
}

/** The files as a SIGKILL at this very moment would leave them, and an agent that starts from them. */
function killAndReturn(): void {
  const copy = mkdtempSync(join(tmpdir(), "ledger-"));
  cpSync(folder, copy, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  folder = copy;
  open(folder);
}

const accepted = (clientId: number, change: Partial<Accepted> = {}): Accepted => ({
  tenantId: "tenant",
  accountId: "ana",
  processBoot: "boot",
  clientId,
  process: "udp-1194",
  realAddress: "192.0.2.2:1000",
  vpnAddress: "100.64.3.7",
  fingerprint: "f".repeat(64),
  clientVersion: "2.6.14",
  platform: "linux",
  cipher: "AES-256-GCM",
  ...change,
});
const enter = (clientId: number, change: Partial<Accepted> = {}): LiveSession => {
  ledger.accept(accepted(clientId, change));
  return ledger.establish(change.processBoot ?? "boot", clientId)!;
};
/** Everything appended so far, once it can be read. */
async function events(): Promise<GatewayEvent[]> {
  while ((await spool.read(spool.lastSequence - 1, 1)).length === 0 && spool.lastSequence > 0)
    await new Promise<void>((resolve) => {
      const off = spool.onAppend(() => {
        off();
        resolve();
      });
    });
  return spool.read(0, 1_000);
}
const types = async () => (await events()).map(({ type }) => type);
const only = async <T extends EventBody["type"]>(type: T) =>
  (await events()).filter((event) => event.type === type) as Extract<GatewayEvent, { type: T }>[];

describe("a session", () => {
  it("begins when openvpn says so, once, and carries what was known when it was let in", async () => {
    ledger.accept(accepted(1));
    expect(ledger.all()).toEqual([]);
    const session = ledger.establish("boot", 1)!;
    expect(ledger.establish("boot", 1)).toBe(session);
    expect(session).toMatchObject({ ...accepted(1), received: 0, sent: 0 });
    expect(ledger.byHolder({ tenantId: "tenant", accountId: "ana" })).toEqual([session]);
    const { received: _r, sent: _s, ...start } = session;
    expect(await events()).toEqual([{ type: "connected", ...start, sequence: 1, at: session.connectedAt }]);
  });

  it("is none where nobody was let in", () => {
    expect(ledger.establish("boot", 1)).toBeUndefined();
    ledger.accept(accepted(2));
    ledger.close("boot", 2, { code: "left", reason: null });
    expect(ledger.establish("boot", 2)).toBeUndefined();
  });

  it("has an id that sorts by when it began", () => {
    const ids = Array.from({ length: 20 }, (_, index) => enter(index, { accountId: `a${index}` }).sessionId);
    now = () => new Date("2001-01-01");
    ids.push(enter(20, { accountId: "after the clock was set back" }).sessionId);
    killAndReturn();
    ids.push(enter(21, { accountId: "and after the agent was killed too" }).sessionId);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...ids].sort()).toEqual(ids);
  });

  it("is closed by its own connection only: a late word about another boot changes nothing", async () => {
    const old = enter(0, { processBoot: "old" });
    const session = enter(0, { processBoot: "new", accountId: "bob" });
    ledger.close("old", 0, { code: "left", reason: null });
    ledger.close("old", 0, { code: "left", reason: null });
    ledger.count("old", 0, 999, 999);
    expect(ledger.all()).toEqual([session]);
    expect(await only("disconnected")).toMatchObject([{ sessionId: old.sessionId }]);
  });

  it("says its bytes when they changed, and the last totals at its end", async () => {
    const session = enter(1);
    ledger.flushBytes();
    ledger.count("boot", 1, 10, 20);
    ledger.count("boot", 1, 30, 20);
    ledger.count("boot", 1, 5, 5);
    ledger.flushBytes();
    ledger.flushBytes();
    ledger.close("boot", 1, { code: "left", reason: null, received: 31, sent: 22 });
    const { sessionId, tenantId, connectedAt } = session;
    expect((await only("totals")).map(({ tenants }) => tenants)).toEqual([
      [{ tenantId, sessionIds: [sessionId], connectedAts: [connectedAt], received: [30], sent: [20] }],
    ]);
    expect(await only("disconnected")).toMatchObject([{ received: 31, sent: 22, code: "left" }]);
  });

  it("says its bytes with those of all others, a list a tenant, in events of a bounded size", async () => {
    const count = maxReadings + 3;
    for (let n = 0; n < count; n++) {
      enter(n, { accountId: `account-${n}`, tenantId: `tenant-${n % 2}` });
      ledger.count("boot", n, n + 1, n + 2);
    }
    ledger.flushBytes();
    await events();
    const told = (await spool.read(count, 1_000)).filter((event) => event.type === "totals");
    expect(told.map(({ tenants }) => tenants.map(({ sessionIds }) => sessionIds.length))).toEqual([
      [maxReadings / 2, maxReadings / 2],
      [2, 1],
    ]);
    const received = told.flatMap(({ tenants }) => tenants).flatMap((totals) => totals.received);
    expect(received.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  });

  it("that roams keeps its id, and says where it is now", async () => {
    const { sessionId } = enter(1);
    const realAddress = "198.51.100.9:4000";
    ledger.move(sessionId, realAddress);
    ledger.move(sessionId, realAddress);
    expect(ledger.all()).toMatchObject([{ sessionId, realAddress }]);
    expect(await only("moved")).toMatchObject([{ sessionId, realAddress }]);
    // Whoever comes back cannot know whether that was told: it says it again.
    killAndReturn();
    ledger.move(sessionId, realAddress);
    expect(await only("moved")).toHaveLength(2);
  });
});

describe("ending a session", () => {
  it("is done once, by the first code and reason, however many ask", async () => {
    const session = enter(1);
    await Promise.all([
      ledger.end(session.sessionId, "revoked", "your access was revoked"),
      ledger.end(session.sessionId, "kicked", "something else"),
    ]);
    await ledger.end(session.sessionId, "kicked", "gone long ago");
    expect(cuts).toEqual([{ sessionId: session.sessionId, code: "revoked", reason: "your access was revoked" }]);
    expect(await only("disconnected")).toMatchObject([{ code: "revoked", reason: "your access was revoked" }]);
    expect(changes).toEqual(["+1", "-1"]);
  });

  it("that failed is tried again by the next who asks", async () => {
    const session = enter(1);
    const works = cut;
    cut = () => Promise.reject(new Error("openvpn does not answer"));
    await expect(ledger.end(session.sessionId, "revoked", "no more")).rejects.toThrow("does not answer");
    expect(ledger.get(session.sessionId)).toBeDefined();
    cut = works;
    await ledger.end(session.sessionId, "kicked", "again");
    expect(await only("disconnected")).toMatchObject([{ code: "revoked", reason: "no more" }]);
  });

  it("keeps its code when the agent dies before openvpn has let go", async () => {
    const session = enter(1);
    cut = () => new Promise(() => {});
    void ledger.end(session.sessionId, "revoked", "no more");
    killAndReturn();
    ledger.close("boot", 1, { code: "left", reason: null });
    expect(await only("disconnected")).toMatchObject([{ sessionId: session.sessionId, code: "revoked" }]);
  });
});

describe("an agent that was killed", () => {
  it("goes on with the sessions that it had, and with who was let in but not yet in", () => {
    const session = enter(1);
    ledger.count("boot", 1, 10, 20);
    ledger.flushBytes();
    ledger.accept(accepted(2, { accountId: "bob" }));
    killAndReturn();
    expect(ledger.all()).toEqual([{ ...session, received: 10, sent: 20 }]);
    expect(ledger.establish("boot", 2)).toMatchObject({ accountId: "bob" });
  });

  it("loses nothing that had not reached the spool, and says nothing twice", async () => {
    const first = enter(1);
    const second = enter(2, { accountId: "bob" });
    ledger.close("boot", 1, { code: "left", reason: null });
    // In this turn the spool has not written anything yet, and the journal has.
    killAndReturn();
    expect(spool.lastSequence).toBe(2);
    killAndReturn();
    expect(await only("disconnected")).toMatchObject([{ sessionId: first.sessionId, sequence: expect.any(Number) }]);
    expect(await only("connected")).toMatchObject([{ sessionId: second.sessionId }]);
    const before = await types();
    killAndReturn();
    expect(await types()).toEqual(before);
  });

  it("says nothing again that the spool has", async () => {
    enter(1);
    enter(2, { accountId: "bob" });
    ledger.close("boot", 1, { code: "left", reason: null });
    const before = await types();
    expect(before).toEqual(["connected", "connected", "disconnected"]);
    killAndReturn();
    expect(await types()).toEqual(before);
  });

  it("tells a new spool about every session that is live", async () => {
    const session = enter(1);
    await events();
    rmSync(join(folder, "spool"), { recursive: true });
    killAndReturn();
    expect(await only("connected")).toMatchObject([{ sessionId: session.sessionId, sequence: 1 }]);
  });

  it("takes a line cut in half for what it is", () => {
    const session = enter(1);
    appendFileSync(join(folder, "ledger", "sessions.ndjson"), '{"op":"ended","sequ');
    killAndReturn();
    expect(ledger.all()).toMatchObject([{ sessionId: session.sessionId }]);
  });

  it("closes everything of a process that is gone", async () => {
    enter(1);
    enter(2, { processBoot: "other", accountId: "bob" });
    ledger.accept(accepted(3, { accountId: "eve" }));
    killAndReturn();
    ledger.closeBoot("boot", { code: "process_ended", reason: "openvpn ended" });
    expect(ledger.boots()).toEqual(new Set(["other"]));
    expect(await only("disconnected")).toMatchObject([{ code: "process_ended" }]);
    expect(ledger.establish("boot", 3)).toBeUndefined();
  });
});

describe("confirmations", () => {
  it("name what is live, and stop when nothing is", async () => {
    ledger.confirm();
    const session = enter(1);
    ledger.confirm();
    ledger.close("boot", 1, { code: "left", reason: null });
    ledger.confirm();
    ledger.confirm();
    expect((await only("confirmed")).map(({ tenants }) => tenants)).toEqual([
      [{ tenantId: "tenant", sessionIds: [session.sessionId] }],
      [],
    ]);
  });
});

describe("the journal", () => {
  it("does not grow for ever", { timeout: 30_000 }, async () => {
    const session = enter(1);
    for (let n = 1; n <= 60_000; n++) {
      ledger.count("boot", 1, n, n);
      ledger.flushBytes();
      if (n % 5_000 === 0) await events();
    }
    expect(readFileSync(join(folder, "ledger", "sessions.ndjson")).length).toBeLessThan(4.5 * 1024 * 1024);
    killAndReturn();
    expect(ledger.all()).toMatchObject([{ sessionId: session.sessionId, received: 60_000 }]);
  });
});
