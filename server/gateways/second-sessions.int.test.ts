import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createEnrolledGateway, createRegion, createTenant, until } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import type { SecondSession } from "../core/prisma/client";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections } from "./client";
import { collectFrom } from "./collect";
import { endSecondSessions, findDoubles } from "./second-sessions";
import { sweepGateway } from "./sweep";

let dropDatabase: () => Promise<void>;
let regionId: string;
let tenantId: string;
let accountId: string;
let oslo: TestGateway;
let rome: TestGateway;
let stop: AbortController;
let collecting: Promise<unknown>[];
const log = createLog("test");

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  regionId = await createRegion("Second");
});
beforeEach(async () => {
  ({ tenantId, accountId } = await createTenant("second"));
  oslo = await createEnrolledGateway("oslo", regionId);
  rome = await createEnrolledGateway("rome", regionId);
  stop = new AbortController();
  collecting = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.allSettled(collecting);
  for (const gateway of [oslo, rome]) await gateway.stop();
  await database().gateway.updateMany({ where: { regionId }, data: { enrolledAt: null } });
});
afterAll(async () => {
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("an account's second session, on another gateway", () => {
  test("ends the first within a second, and says from where", async () => {
    collect(oslo, rome);
    const first = await connect(oslo);
    const second = connectUnseen(rome);
    const told = performance.now();
    await until("the first is ended", async () => oslo.disconnects.length > 0);
    expect(performance.now() - told).toBeLessThan(1_000);
    expect(oslo.disconnects[0]).toEqual({
      sessionId: first,
      code: "replaced",
      reason: "this account connected again, from 192.0.2.7:1",
    });
    await isLive(second);
    expect(rome.disconnects).toEqual([]);
  });

  test("is ended instead where the tenant wants the first to stay", async () => {
    await want("refuse");
    collect(oslo, rome);
    const first = await connect(oslo);
    oslo.heard.set(first, { silentMs: 900, isHeard: true });
    const second = connectUnseen(rome);
    const told = performance.now();
    await until("the second is ended", async () => rome.disconnects.length > 0);
    expect(performance.now() - told).toBeLessThan(1_000);
    expect(rome.disconnects[0]).toMatchObject({ sessionId: second, code: "refused" });
    expect(rome.disconnects[0]!.reason).toContain("connected already");
    expect(oslo.disconnects).toEqual([]);
  });

  test.each([
    ["went silent", async (first: string) => void oslo.heard.set(first, { silentMs: 60_000, isHeard: false })],
    ["is gone from its gateway", async () => {}],
  ])("is let in where the first %s, whatever the tenant wants", async (_, happen) => {
    await want("refuse");
    collect(oslo, rome);
    const first = await connect(oslo);
    await happen(first);
    const second = await connect(rome);
    await until("the first is ended", async () => oslo.disconnects.length > 0);
    expect(oslo.disconnects[0]).toMatchObject({ sessionId: first, code: "replaced" });
    await isLive(second);
    expect(rome.disconnects).toEqual([]);
  });

  test("is let in where the first one's gateway is dead, and once that is back one remains", async () => {
    await want("refuse");
    collect(oslo, rome);
    const first = await connect(oslo);
    oslo.heard.set(first, { silentMs: 0, isHeard: true });
    await oslo.stop();
    const second = await connect(rome);
    await until("the dead one is known to be", async () => {
      await sweepGateway(await database().gateway.findUniqueOrThrow({ where: { id: oslo.gatewayId } }), log);
      return (await database().gateway.findUniqueOrThrow({ where: { id: oslo.gatewayId } })).error !== null;
    });
    await endSecondSessions([{ tenantId, holderId: accountId }], log);
    expect(rome.disconnects).toEqual([]);
    oslo.heard.set(first, { silentMs: 60_000, isHeard: false });
    await oslo.start();
    await until("it is seen to be back", async () => {
      await sweepGateway(await database().gateway.findUniqueOrThrow({ where: { id: oslo.gatewayId } }), log);
      return (await database().gateway.findUniqueOrThrow({ where: { id: oslo.gatewayId } })).error === null;
    });
    await endSecondSessions(await ownDoubles(), log);
    expect(oslo.disconnects).toMatchObject([{ sessionId: first, code: "replaced" }]);
    await isLive(second);
  });

  test("is said to no gateway that shows another certificate than it was granted", async () => {
    collect(oslo);
    await connect(oslo);
    stop.abort();
    await Promise.allSettled(collecting);
    await database().gateway.update({ where: { id: oslo.gatewayId }, data: { fingerprint: "ab".repeat(32) } });
    closeGatewayConnections();
    stop = new AbortController();
    const warn = vi.spyOn(log, "warn");
    collect(rome);
    await connect(rome);
    const failed = "a second session could not be ended";
    await until("it was tried", async () => warn.mock.calls.some(([, text]) => (text as unknown) === failed));
    warn.mockRestore();
    expect(oslo.disconnects).toEqual([]);
  });

  test("is the newer one although its gateway's clock is an hour behind", async () => {
    await setClock(oslo, 3_600_000);
    collect(oslo, rome);
    const first = await connect(oslo);
    await connect(rome);
    await until("the first is ended", async () => oslo.disconnects.length > 0);
    expect(oslo.disconnects[0]).toMatchObject({ sessionId: first });
    expect(rome.disconnects).toEqual([]);
  });

  test("that was told late, after a partition, is still the older one if it began before", async () => {
    // On oslo, cut off: it began first, by a clock that is an hour ahead.
    await setClock(oslo, 3_600_000);
    const began = new Date(oslo.now().getTime() - 20_000);
    const first = connectUnseen(oslo, began);
    collect(rome);
    const second = await connect(rome);
    collect(oslo);
    await until("the older is ended", async () => oslo.disconnects.length > 0);
    expect(oslo.disconnects[0]).toMatchObject({ sessionId: first });
    await isLive(second);
    expect(rome.disconnects).toEqual([]);
  });

  test("that no worker lived to end is ended by the sweep", async () => {
    collect(oslo);
    const first = await connect(oslo);
    oslo.intercept = ({ path }) => (path.includes("/sessions/") ? { status: 503 } : undefined);
    collect(rome);
    await connect(rome);
    oslo.intercept = () => undefined;
    await until("a sweep has ended it", async () => {
      await endSecondSessions(await ownDoubles(), log);
      return oslo.disconnects.length > 0;
    });
    expect(oslo.disconnects[0]).toMatchObject({ sessionId: first, code: "replaced" });
  });

  test("on one gateway is its agent's affair, and another account's or another tenant's is nobody's", async () => {
    collect(oslo, rome);
    await connect(oslo);
    await connect(oslo);
    const other = await createTenant("other");
    await connect(rome, { ...other });
    await connect(rome, { accountId: randomUUID() });
    expect(await ownDoubles()).toEqual([]);
    await endSecondSessions(
      [
        { tenantId, holderId: accountId },
        { tenantId: other.tenantId, holderId: other.accountId },
      ],
      log,
    );
    expect([...oslo.disconnects, ...rome.disconnects]).toEqual([]);
  });

  test("sessions of accounts that are not known are no account's second", async () => {
    collect(oslo, rome);
    for (const gateway of [oslo, rome])
      await isLive(
        gateway.append({
          ...{ type: "bytes", sessionId: randomUUID(), tenantId, connectedAt: new Date().toISOString() },
          ...{ received: 1, sent: 1 },
        }),
      );
    expect(await ownDoubles()).toEqual([]);
  });
});

/** The sweep sees it. */
async function setClock(gateway: TestGateway, aheadMs: number): Promise<void> {
  gateway.clockOffsetMs = aheadMs;
  await sweepGateway(await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } }), log);
}

const ownDoubles = async () => (await findDoubles()).filter((double) => double.tenantId === tenantId);

function collect(...gateways: TestGateway[]): void {
  for (const gateway of gateways) {
    const follow = async (): Promise<void> => {
      while (!stop.signal.aborted)
        await collectFrom(gateway.gatewayId, stop.signal, log).catch(() => new Promise((next) => setTimeout(next, 50)));
    };
    collecting.push(follow());
  }
}

const want = (secondSession: SecondSession) =>
  inTenant(system, tenantId, ({ tx }) => tx.tenant.update({ where: { id: tenantId }, data: { secondSession } }));

/** @returns its id, once its row is there */
async function connect(gateway: TestGateway, of: { tenantId?: string; accountId?: string } = {}): Promise<string> {
  const sessionId = connectUnseen(gateway, gateway.now(), of);
  await isLive({ sessionId, ...of });
  return sessionId;
}

function connectUnseen(gateway: TestGateway, at = gateway.now(), of: { tenantId?: string; accountId?: string } = {}) {
  const sessionId = randomUUID();
  gateway.append(
    {
      ...{ type: "connected", sessionId, tenantId, accountId, processBoot: "b", clientId: 1, process: "udp-1194" },
      ...{ realAddress: "192.0.2.7:1", vpnAddress: "100.70.0.1", fingerprint: "f", clientVersion: null },
      ...{ platform: null, cipher: null, connectedAt: at.toISOString(), ...of },
    },
    at,
  );
  return sessionId;
}

async function isLive(session: string | object): Promise<void> {
  const { sessionId: id, tenantId: owner = tenantId } = (
    typeof session === "string" ? { sessionId: session } : session
  ) as { sessionId: string; tenantId?: string };
  await until("its row is there", () =>
    inTenant(system, owner, async ({ tx }) => (await tx.session.count({ where: { id, disconnectedAt: null } })) === 1),
  );
}
