import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { change, createEnrolledGateway, createRegion, createTenant } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import { closeDatabase, database, inTenant, inTransaction, system } from "../core/db";
import { createLog } from "../core/log";
import { registry } from "../core/metrics";
import { closeQueues, queueOf } from "../core/queue";
import { closeGatewayConnections } from "./client";
import { getGateway, retireGateway, updateGateway } from "./gateways";
import { tellOfGateways } from "./metrics";
import { pushGateway } from "./push";
import { ensurePartitions, retain } from "./retain";
import { listSamples } from "./samples";
import { sweepGateway } from "./sweep";

let dropDatabase: () => Promise<void>;
let gateway: TestGateway;
let regionId: string;
let tenantId: string;
const log = createLog("test");

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  regionId = await createRegion("Sweep");
});
beforeEach(async () => {
  gateway = await createEnrolledGateway("sweep", regionId);
  ({ tenantId } = await createTenant("sweep"));
});
afterEach(async () => {
  await gateway.stop();
  await database().gateway.updateMany({ where: { regionId }, data: { enrolledAt: null } });
});
afterAll(async () => {
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

/** One sweep compares a few documents only, and tenants of earlier tests are there too: on to the turn of this one. */
const sweepUntil = async (isSo: (row: Awaited<ReturnType<typeof applied>>) => boolean) => {
  for (let round = 0; round < 40 && !isSo(await applied()); round++) await sweep();
};

describe("the sweep", () => {
  test("adds the push again that was lost, and starts the collector", async () => {
    await sweep();
    expect(await waiting("gateway.push")).toContain(gateway.gatewayId);
    expect(await waiting("gateway.collect")).toContain(gateway.gatewayId);
  });

  test("keeps what a gateway says of itself, and since when it does not answer", async () => {
    await sweep();
    expect(await here()).toMatchObject({ error: null, state: { agentVersion: "test" }, lastSeenAt: expect.any(Date) });
    await gateway.stop();
    await sweep();
    expect(await here()).toMatchObject({ status: "unreachable", error: expect.stringContaining("does not answer") });
    await gateway.start();
    await sweep();
    expect((await here()).error).toBeNull();
  });

  test("sends a configuration that changed", async () => {
    const row = await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } });
    await sweep();
    const { version } = gateway.config!;
    await inTransaction(system, { isStaff: true }, (scope) =>
      updateGateway(scope, {
        ...{
          gatewayId: row.id,
          name: row.name,
          regionId,
          apiHost: row.apiHost,
          apiPort: row.apiPort,
          publicHost: "fra.test",
        },
        fronts: [{ protocol: "udp", port: 1194 }],
        processes: [{ name: "tcp-443", protocol: "tcp", port: 443 }],
      }),
    );
    await sweep();
    expect(gateway.config!.version).toBeGreaterThan(version);
    expect(gateway.config).toMatchObject({
      fronts: [{ protocol: "udp", port: 1194 }],
      processes: [{ name: "tcp-443", protocol: "tcp", port: 443 }],
      authTokenSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("sends a configuration that other settings or another gateway make, and the same one once", async () => {
    const version = () => gateway.config?.version ?? 0;
    const peers = () => gateway.config?.links?.map(({ peer }) => peer) ?? [];
    const sweepUntilConfig = async (isSo: () => boolean) => {
      let round = 0;
      for (; !isSo() && round < 20; round++) await sweep();
      expect(round).toBeLessThan(20);
    };
    await sweepUntilConfig(() => version() > 0);
    const first = version();
    const configDigest = "of what other settings made";
    await database().gateway.update({ where: { id: gateway.gatewayId }, data: { configDigest } });
    await sweepUntilConfig(() => version() > first);
    const other = await createEnrolledGateway("beside", regionId);
    await sweepUntilConfig(() => peers().includes(other.gatewayId));
    await inTransaction(system, { isStaff: true }, (scope) => retireGateway(scope, other.gatewayId));
    await sweepUntilConfig(() => !peers().includes(other.gatewayId));
    // Gateways of other tests come and go meanwhile; one sweep of a few meets none of them.
    const seen: number[] = [];
    await sweepUntilConfig(() => seen.push(version()) > 1 && seen.at(-1) === seen.at(-2));
    await other.stop();
  }, 60_000);

  test("shows which link is down, and warns of it where the other gateway is well", async () => {
    const other = await createEnrolledGateway("beyond", regionId);
    const { name } = await database().gateway.findUniqueOrThrow({ where: { id: other.gatewayId } });
    gateway.links = [{ peer: other.gatewayId, isUp: false, since: new Date(0).toISOString(), received: 0, sent: 0 }];
    await sweep();
    const warning = expect.stringContaining(`The link to ${name} is down`);
    expect(await here()).toMatchObject({
      links: expect.arrayContaining([expect.objectContaining({ peer: name, status: "down" })]),
    });
    expect((await here()).notes).not.toContainEqual(warning);
    await database().gateway.update({ where: { id: other.gatewayId }, data: { lastSeenAt: new Date() } });
    expect(await here()).toMatchObject({ status: "warning", notes: expect.arrayContaining([warning]) });
    tellOfGateways();
    const own = (await here()).name;
    expect(await registry.metrics()).toContain(`drawbridge_gateway_link_up{gateway="${own}",peer="${name}"} 0`);
    await other.stop();
  });

  test("finds a document that drifted at the same revision, and has all of it sent", async () => {
    await push();
    await sweepUntil(({ checkedAt }) => checkedAt !== null);
    expect(await applied()).toMatchObject({ isDrifted: false, checkedAt: expect.any(Date) });
    gateway.documents.get(tenantId)!.accounts.clear();
    await inTenant(system, tenantId, ({ tx }) =>
      tx.appliedRevision.updateMany({ where: { tenantId }, data: { checkedAt: null } }),
    );
    await sweepUntil(({ isDrifted }) => isDrifted);
    expect(await applied()).toMatchObject({ isDrifted: true, revision: 0n });
    await push();
    expect(gateway.documents.get(tenantId)!.accounts.size).toBe(1);
    await sweepUntil(({ isDrifted }) => !isDrifted);
    expect(await applied()).toMatchObject({ isDrifted: false, revision: 1n });
  });

  test("believes a gateway that lost its documents, and has them sent again", async () => {
    await push();
    gateway.loseState();
    await sweep();
    expect(await applied()).toMatchObject({ revision: 0n });
    await push();
    expect(gateway.documents.get(tenantId)?.revision).toBe(1);
  });

  test("leaves alone what was enforced while it looked", async () => {
    await push();
    await change(tenantId, "PLC 1");
    gateway.intercept = async ({ path }) => {
      if (path !== "/v1/state") return undefined;
      const stale = gateway.state();
      gateway.intercept = () => undefined;
      await push();
      return { status: 200, body: stale };
    };
    await sweep();
    expect(await applied()).toMatchObject({ revision: 2n });
  });
});

describe("how a gateway was over time", () => {
  const host = { busySeconds: 100, totalSeconds: 1_000, memoryBytes: 8e9, memoryAvailableBytes: 6e9 };
  const samples = () => database().gatewaySample.findMany({ where: { gatewayId: gateway.gatewayId } });
  const at = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000);
  const put = (minutesAgo: number, sessions: number) =>
    database().gatewaySample.create({
      data: {
        ...{ gatewayId: gateway.gatewayId, at: at(minutesAgo), sessions, cpu: 0.5, memoryBytes: 5, hostMemory: 0.5 },
        ...{ behind: 0, spooled: 0, drifted: 0 },
      },
    });

  test("is written by the sweep, once in a while, with what the host did since the sweep before", async () => {
    gateway.host = host;
    await sweep();
    await sweep();
    expect(await samples()).toMatchObject([
      { cpu: null, hostMemory: 0.25, memoryBytes: 1n, behind: expect.anything() },
    ]);
    await database().gatewaySample.updateMany({ where: { gatewayId: gateway.gatewayId }, data: { at: at(1) } });
    gateway.host = { ...host, busySeconds: 101, totalSeconds: 1_004 };
    await sweep();
    expect(await samples()).toContainEqual(expect.objectContaining({ cpu: 0.25 }));
  });

  test("takes nothing that a captured gateway makes up for a number", async () => {
    gateway.intercept = ({ path }) =>
      path === "/v1/state" ? { status: 200, body: { ...gateway.state(), sessions: "many", spooled: -1 } } : undefined;
    await sweep();
    expect(await samples()).toEqual([]);
  });

  test("is read with a gap where nothing is known, and goes after a week", async () => {
    for (const [minutesAgo, sessions] of [[50, 4], [49.9, 8], [10, 2], [8 * 24 * 60, 9]] as const) await put(minutesAgo, sessions); // biome-ignore format: one line
    const read = await inTransaction(system, { isStaff: true }, (scope) =>
      listSamples(scope, { gatewayId: gateway.gatewayId, hours: 1 }),
    );
    const known = read.sessions.filter((value) => value !== null);
    expect(known.at(-1)).toBe(2);
    expect(known.reduce((a, b) => a + b)).toBeOneOf([8, 14]);
    expect(read.sessions).toContain(null);
    expect(read.times.length).toBe(read.cpu.length);
    expect(await samples()).toHaveLength(4);
    await retain(log);
    expect(await samples()).toHaveLength(3);
  });
});

describe("retention", () => {
  test("drops whole months that are older than is kept, and makes those to come", async () => {
    const long = new Date("2020-01-15T00:00:00Z");
    await ensurePartitions(long);
    expect(await partitions()).toEqual(expect.arrayContaining(["sessions_202001", "refusals_202002"]));
    await retain(log);
    expect((await partitions()).filter((name) => name.includes("_2020"))).toEqual([]);
    const now = new Date();
    const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1))
      .toISOString()
      .slice(0, 7)
      .replace("-", "");
    expect(await partitions()).toContain(`traffic_samples_${next}`);
  });

  test("makes a month although rows of it came before it was made, and keeps them", async () => {
    const at = new Date("2031-05-10T12:00:00Z");
    const sessionId = randomUUID();
    const found = () =>
      database().$queryRaw<{ where: string }[]>`SELECT tableoid::regclass::text AS where FROM traffic_samples
        WHERE session_id = ${sessionId}::uuid`;
    const look = () =>
      inTenant(
        system,
        tenantId,
        ({ tx }) =>
          tx.$queryRaw<{ where: string }[]>`SELECT tableoid::regclass::text AS where FROM traffic_samples
          WHERE session_id = ${sessionId}::uuid`,
      );
    await inTenant(system, tenantId, ({ tx }) =>
      tx.trafficSample.create({ data: { tenantId, sessionId, at, received: 1, sent: 1 } }),
    );
    expect(await look()).toEqual([{ where: "traffic_samples_default" }]);
    await ensurePartitions(at);
    expect(await look()).toEqual([{ where: "traffic_samples_203105" }]);
    // Nobody's but the tenant's, before and after.
    expect(await found()).toEqual([]);
    await ensurePartitions(at);
  });

  test("drops old receipts and strays, and keeps what is young", async () => {
    await change(tenantId, "young");
    await inTenant(system, tenantId, async ({ tx }) => {
      await tx.change.update({
        where: { tenantId_revision: { tenantId, revision: 1 } },
        data: { at: new Date("2020-01-01T00:00:00Z") },
      });
    });
    await retain(log);
    const changes = await inTenant(system, tenantId, ({ tx }) => tx.change.findMany({ where: { tenantId } }));
    expect(changes.map(({ summary }) => summary)).toEqual(["young"]);
  });
});

/** Other test files have gateways in the same database. */
const sweep = async () =>
  sweepGateway(await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } }), log);
const push = () => pushGateway(gateway.gatewayId);
const here = () => inTransaction(system, { isStaff: true }, (scope) => getGateway(scope, gateway.gatewayId));

function applied() {
  return inTenant(system, tenantId, ({ tx }) =>
    tx.appliedRevision.findUniqueOrThrow({ where: { tenantId_gatewayId: { tenantId, gatewayId: gateway.gatewayId } } }),
  );
}

async function waiting(queue: string): Promise<string[]> {
  const jobs = await queueOf(queue).getJobs(["waiting", "active", "delayed"]);
  return jobs.map((job) => job.data.gatewayId);
}

async function partitions(): Promise<string[]> {
  const rows = await database().$queryRaw<
    { name: string }[]
  >`SELECT relname AS name FROM pg_class WHERE relispartition AND relkind = 'r'`;
  return rows.map(({ name }) => name);
}
