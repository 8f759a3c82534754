import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventBody, GatewayEvent } from "../protocol/events";
import { openSpool, type Spool } from "./spool";

let folder: string;
const opened: Spool[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spool-"));
});
afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close();
  rmSync(folder, { recursive: true, force: true });
});

const body = (n: number): EventBody => ({
  type: "bytes",
  sessionId: `session-${n}`,
  tenantId: "tenant",
  connectedAt: "2026-01-01T00:00:00.000Z",
  received: n,
  sent: 0,
});

function start(segmentBytes?: number): Spool {
  const spool = openSpool(folder, segmentBytes ? { segmentBytes } : {});
  opened.push(spool);
  return spool;
}

/** Appends and waits until they can be read. */
async function append(spool: Spool, count: number): Promise<void> {
  const target = spool.lastSequence + count;
  for (let n = spool.lastSequence + 1; n <= target; n++) spool.append(body(n));
  await durable(spool);
}

function durable(spool: Spool): Promise<void> {
  return new Promise((resolve) => {
    const check = async () => {
      if ((await spool.read(spool.lastSequence - 1, 1)).length === 0) return;
      off();
      resolve();
    };
    const off = spool.onAppend(check);
    void check();
  });
}

const sequences = async (spool: Spool, after = 0, limit = 1_000_000) =>
  (await spool.read(after, limit)).map((event) => event.sequence);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const segments = () => readdirSync(folder).filter((name) => name.endsWith(".ndjson"));

describe("a folder that was put back from an older copy", () => {
  it("begins a new epoch once the control plane says that it has read more, of what came since, and keeps it", async () => {
    const first = start();
    await append(first, 5);
    await first.close();
    // The copy: what came after it was read and committed, and is gone from here.
    const { epoch } = first;
    const spool = start();
    for (const n of [6, 7, 8]) spool.append(body(n));
    spool.heed(9);
    await durable(spool);
    expect(spool.epoch).not.toBe(epoch);
    expect(spool.isRestored).toBe(true);
    expect(await sequences(spool)).toEqual([6, 7, 8]);
    expect(spool.depth).toBe(3);
    await spool.close();
    const next = start();
    expect(next.epoch).toBe(spool.epoch);
    expect(await sequences(next)).toEqual([6, 7, 8]);
    next.heed(8);
    expect(next.isRestored).toBe(false);
  });

  it("is found out although more was numbered since than the control plane has", async () => {
    const first = start();
    await append(first, 2);
    await first.close();
    const spool = openSpool(folder);
    opened.push(spool);
    for (let n = 0; n < 10; n++) spool.append(body(n));
    spool.heed(4);
    expect(spool.isRestored).toBe(true);
    expect(spool.epoch).not.toBe(first.epoch);
  });

  it("is no other: what was read once may be asked for again, by this agent and the next", async () => {
    const spool = start();
    await append(spool, 5);
    expect(await sequences(spool)).toEqual(range(1, 5));
    spool.heed(5);
    await spool.close();
    const next = start();
    next.heed(5);
    expect(next.epoch).toBe(spool.epoch);
  });
});

describe("the spool", () => {
  it("numbers events from 1 without gaps, across segments and restarts", async () => {
    const first = start(2_000);
    await append(first, 50);
    await append(first, 50);
    expect(segments().length).toBeGreaterThan(1);
    await first.close();
    const second = start(2_000);
    expect(second.lastSequence).toBe(100);
    await append(second, 20);
    expect(await sequences(second)).toEqual(range(1, 120));
    expect((await second.read(41, 1))[0]).toMatchObject({ sequence: 42, received: 42 });
  });

  it("keeps its epoch for as long as the folder is there", async () => {
    const first = start();
    await first.close();
    expect(start().epoch).toBe(first.epoch);
  });

  it("drops a line cut in half by a crash and gives its number out again", async () => {
    const first = start();
    await append(first, 5);
    await first.close();
    const path = join(folder, segments()[0]!);
    appendFileSync(path, '{"type":"bytes","sequence":6,"at":"2026');
    const second = start();
    expect(second.lastSequence).toBe(5);
    await append(second, 2);
    expect(await sequences(second)).toEqual(range(1, 7));
  });

  it("stops at the first line that is not its own, whatever a power cut left behind", async () => {
    const first = start();
    await append(first, 3);
    await first.close();
    const path = join(folder, segments()[0]!);
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(300), Buffer.from('\n{"sequence":9}\n')]));
    const second = start();
    await append(second, 1);
    expect(await sequences(second)).toEqual(range(1, 4));
  });

  it("ends what it passes on by the event that comes to the size, never before the first, and says that there are more", async () => {
    const spool = start(1_000);
    for (let batch = 0; batch < 5; batch++) await append(spool, 10);
    const [one] = await spool.read(0, 1);
    const lineBytes = JSON.stringify(one).length + 1;
    const passedOn = async (after: number, limit: number, bytes: number) => {
      const { count, json, hasMore } = await spool.readJson(after, limit, bytes);
      const events = JSON.parse(json.toString()) as GatewayEvent[];
      expect(events.map(({ sequence }) => sequence)).toEqual(range(after + 1, after + count));
      return { count, hasMore };
    };
    expect(await passedOn(0, 100, 1)).toEqual({ count: 1, hasMore: true });
    expect(await passedOn(1, 100, 2 * lineBytes + 1)).toEqual({ count: 3, hasMore: true });
    expect(await passedOn(4, 100, 20 * lineBytes)).toMatchObject({ hasMore: true });
    expect(await passedOn(0, 50, 1_000_000)).toEqual({ count: 50, hasMore: false });
    expect(await passedOn(0, 49, 1_000_000)).toEqual({ count: 49, hasMore: true });
    expect(await passedOn(50, 10, 1_000_000)).toEqual({ count: 0, hasMore: false });
  });

  it("removes whole segments once acknowledged, and goes on counting when all are", async () => {
    const spool = start(1_000);
    for (let batch = 0; batch < 10; batch++) await append(spool, 10);
    const before = segments().length;
    spool.acknowledge(50);
    expect(segments().length).toBeLessThan(before);
    expect(spool.depth).toBe(50);
    expect(await sequences(spool, 50)).toEqual(range(51, 100));
    spool.acknowledge(100);
    expect(spool.depth).toBe(0);
    await spool.close();
    const next = start(1_000);
    expect(next.lastSequence).toBe(100);
    await append(next, 1);
    expect(await sequences(next, 100)).toEqual([101]);
  });

  it("never lets an event be read before it is durable", async () => {
    const spool = start();
    spool.append(body(1));
    expect(await spool.read(0, 10)).toEqual([]);
    await durable(spool);
    expect(await sequences(spool)).toEqual([1]);
  });

  it("acknowledges nothing that was not read yet", async () => {
    const spool = start();
    spool.append(body(1));
    spool.acknowledge(1_000);
    expect(spool.depth).toBe(1);
  });

  it("wakes whoever waits for events, once they can be read", async () => {
    const spool = start();
    const woken = new Promise<number[]>((resolve) => spool.onAppend(() => resolve(sequences(spool))));
    spool.append(body(1));
    spool.append(body(2));
    expect(await woken).toEqual([1, 2]);
  });

  it("reads 100,000 events in batches, in order and in little time", { timeout: 30_000 }, async () => {
    const spool = start();
    for (let batch = 0; batch < 100; batch++) await append(spool, 1_000);
    const begun = performance.now();
    let after = 0;
    for (;;) {
      const events = await spool.read(after, 5_000);
      if (events.length === 0) break;
      expect(events[0]!.sequence).toBe(after + 1);
      after = events.at(-1)!.sequence;
    }
    expect(after).toBe(100_000);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
