import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createEnrolledGateway, createRegion, createTenant, until } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections } from "./client";
import { collectFrom } from "./collect";

let dropDatabase: () => Promise<void>;
let gateway: TestGateway;
let regionId: string;
let tenantId: string;
let accountId: string;
let stop: AbortController;
const log = createLog("test");

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  regionId = await createRegion("Collect");
  ({ tenantId, accountId } = await createTenant("collect"));
});
beforeEach(async () => {
  gateway = await createEnrolledGateway("collect", regionId);
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await gateway.stop();
  await database().gateway.updateMany({ where: { regionId }, data: { enrolledAt: null } });
});
afterAll(async () => {
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("collecting", () => {
  test("a session is on the screens within a second of its connect", async () => {
    const running = collect();
    await until("the long poll is open", async () => gateway.requests.length >= 2);
    const session = newSession();
    const told = performance.now();
    connect(session);
    await until("its row is there", async () => (await samplesAndRows([session])).rows === 1);
    expect(performance.now() - told).toBeLessThan(1_000);
    stop.abort();
    await running;
  });

  test("a long backlog is committed whole and once, and nothing is forgotten before it is committed", async () => {
    const sessions = Array.from({ length: 50 }, newSession);
    for (const session of sessions) connect(session);
    const start = Date.now();
    for (let n = 1; n <= 500; n++)
      for (const session of sessions)
        gateway.append({ type: "bytes", ...session, received: n, sent: n }, new Date(start + n * 10));
    const ahead: number[] = [];
    gateway.intercept = async ({ path }) => {
      if (!path.startsWith("/v1/events")) return undefined;
      const query = new URL(path, "https://gateway").searchParams;
      const { cursor } = await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } });
      if (Number(query.get("committed")) > Number(cursor)) throw new Error("said to be committed, and was not");
      ahead.push(Number(query.get("after")) - Number(query.get("committed")));
      return undefined;
    };
    const running = collect();
    await until("all is acknowledged", async () => gateway.acknowledged === gateway.events.length, 25_000);
    expect(await samplesAndRows(sessions)).toEqual({ samples: 25_000, rows: 50 });
    expect(Math.max(...ahead)).toBe(10_000);
    stop.abort();
    await running;
  });

  test("a gateway whose state folder was lost is followed from its new beginning", async () => {
    const running = collect();
    const [before, after] = [newSession(), newSession()];
    connect(before);
    await until("the first is there", async () => (await samplesAndRows([before])).rows === 1);
    gateway.loseState();
    connect(after);
    await until("the second is there", async () => (await samplesAndRows([after])).rows === 1, 25_000);
    stop.abort();
    await running;
  });

  test("an answer that is cut off commits nothing, and is asked for again", async () => {
    const session = newSession();
    connect(session);
    let isCut = false;
    gateway.intercept = ({ path }) => {
      if (!path.includes("after=0&committed=0&limit=10000&waitMs=5000") || !path.includes(gateway.epoch))
        return undefined;
      if (isCut) return undefined;
      isCut = true;
      const whole = JSON.stringify({ epoch: gateway.epoch, events: gateway.events, isNewEpoch: false });
      return { status: 200, body: whole.slice(0, whole.length / 2) };
    };
    await expect(collect()).rejects.toMatchObject({ kind: "broken" });
    expect((await samplesAndRows([session])).rows).toBe(0);
    const running = collect();
    await until("it is there after all", async () => (await samplesAndRows([session])).rows === 1);
    stop.abort();
    await running;
  });
});

const collect = () => collectFrom(gateway.gatewayId, stop.signal, log);
const newSession = () => ({ sessionId: randomUUID(), tenantId, connectedAt: new Date().toISOString() });

function connect(session: ReturnType<typeof newSession>): void {
  gateway.append({
    ...{ type: "connected", ...session, accountId, processBoot: "b", clientId: 1, process: "udp-1194" },
    ...{ realAddress: "192.0.2.7:1", vpnAddress: "100.70.0.1", fingerprint: "f", clientVersion: null },
    ...{ platform: null, cipher: null },
  });
}

async function samplesAndRows(sessions: { sessionId: string }[]) {
  const ids = sessions.map(({ sessionId }) => sessionId);
  const [samples, rows] = await inTenant(system, tenantId, ({ tx }) =>
    Promise.all([
      tx.trafficSample.count({ where: { sessionId: { in: ids } } }),
      tx.session.count({ where: { id: { in: ids } } }),
    ]),
  );
  return { samples, rows };
}
