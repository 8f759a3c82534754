/** What the workers promise, whichever queue they run on; each backend's test file runs all of it. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { closeDatabase, database, inTenant, inTransaction, system } from "../../server/core/db";
import { closeQueues } from "../../server/core/queue";
import { createGateway } from "../../server/gateways/gateways";
import { findReceipt } from "../../server/revisions/revisions";
import { change, createEnrolledGateway, createRegion, createTenant, until } from "./scene";
import { createTestDatabase, type TestDatabase } from "./test-database";
import { TestGateway } from "./test-gateway";
import { startWorkers, type WorkerProcess } from "./worker-process";

/** @param backend gives what to add to the settings, and how to stop what it started */
export function describeWorkers(
  name: string,
  backend: () => Promise<{ settings: Record<string, string>; stop(): Promise<void> }>,
): void {
  describe(`workers on ${name}`, () => {
    let own: TestDatabase;
    let queue: Awaited<ReturnType<typeof backend>>;
    let regionId: string;
    let gateway: TestGateway;
    let tenantId: string;
    let accountId: string;
    let workers: WorkerProcess;
    const gateways: TestGateway[] = [];

    beforeAll(async () => {
      // A database of its own: these workers sweep every gateway that they find.
      own = await createTestDatabase(process.env.MIGRATE_DATABASE_URL!);
      queue = await backend();
      Object.assign(process.env, own.settings, queue.settings);
      regionId = await createRegion("Workers");
      ({ tenantId, accountId } = await createTenant("workers"));
      workers = await startWorkers();
    });
    beforeEach(async () => {
      for (const before of gateways.splice(0)) {
        await before.stop();
        await database().gateway.updateMany({ data: { enrolledAt: null } });
      }
      gateway = await createEnrolledGateway("workers", regionId);
      gateways.push(gateway);
    });
    afterAll(async () => {
      workers?.child.kill("SIGKILL");
      await workers?.ended;
      for (const one of gateways) await one.stop();
      await closeQueues();
      await closeDatabase();
      await queue?.stop();
      await own?.drop();
    });

    test("a change reaches the gateway by itself, and the receipt says when", async () => {
      const revision = await change(tenantId, "PLC 1");
      const row = await until("the change is enforced", () => enforced(revision));
      expect(row.ms).toBeGreaterThanOrEqual(0);
      expect(gateway.documents.get(tenantId)!.revision).toBe(revision);
    });

    test("changes that come while a push runs go together in the next", async () => {
      const first = await change(tenantId, "first");
      await until("the first is enforced", () => enforced(first));
      const before = gateway.pushes.length;
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      let isHeld = false;
      gateway.intercept = async ({ method, path }) => {
        if (method === "PUT" && path.includes("/tenants/")) {
          isHeld = true;
          await held;
        }
        return undefined;
      };
      await change(tenantId, "held");
      await until("the push is on its way", async () => isHeld);
      let last = 0;
      for (let i = 0; i < 20; i++) last = await change(tenantId, `meanwhile ${i}`);
      release();
      await until("the last is enforced", () => enforced(last));
      const sent = gateway.pushes.slice(before);
      expect(sent.length).toBeLessThanOrEqual(3);
      expect(sent.at(-1)!.to).toBe(last);
      for (const [i, push] of sent.entries()) if (i > 0) expect(push.from).toBe(sent[i - 1]!.to);
    });

    test("a gateway that was away is brought up to date when it is back", async () => {
      const first = await change(tenantId, "before");
      await until("it is enforced", () => enforced(first));
      await gateway.stop();
      const revision = await change(tenantId, "while away");
      await until("the receipt says why not", async () => (await receipt(revision))?.status === "failed");
      await gateway.start();
      await until("it is enforced after all", () => enforced(revision), 25_000);
    });

    test("a gateway that waits with its token is enrolled within seconds", async () => {
      const issued = await inTransaction(system, { isStaff: true }, (scope) =>
        createGateway(scope, {
          ...{
            name: `enrol-${randomUUID().slice(0, 8)}`,
            regionId,
            apiHost: "127.0.0.1",
            apiPort: 9,
            publicHost: "127.0.0.1",
          },
          fronts: [],
          processes: [{ name: "udp-1194", protocol: "udp", port: 1194 }],
        }),
      );
      const waiting = await TestGateway.waiting(issued.token);
      gateways.push(waiting);
      await database().gateway.update({ where: { id: issued.gatewayId }, data: { apiPort: waiting.port } });
      await until("it is enrolled and has the tenant", async () => waiting.documents.has(tenantId));
      expect(waiting.config?.version).toBe(1);
    });

    test("workers tell Prometheus how fast a change is enforced, and that they are ready", async () => {
      const asked = async (path: string) => fetch(`http://127.0.0.1:${workers.operationsPort}${path}`);
      expect((await asked("/healthz")).status).toBe(200);
      expect(await (await asked("/readyz")).json()).toEqual({ status: "ready" });
      const first = await change(tenantId, "to begin with");
      await until("it is enforced", () => enforced(first));
      const second = await change(tenantId, "timed");
      await until("it is enforced", () => enforced(second));
      const name = (await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } })).name;
      const line = (metric: string, text: string) => text.split("\n").find((one) => one.startsWith(metric)) ?? "";
      const text = await until("the push is counted and the gateway was swept", async () => {
        const told = await (await asked("/metrics")).text();
        const isCounted = line(`drawbridge_push_seconds_count{gateway="${name}"}`, told) !== "";
        return isCounted && told.includes(`drawbridge_gateway_up{gateway="${name}"} 1`) ? told : undefined;
      });
      expect(line(`drawbridge_gateway_revisions_behind{gateway="${name}"}`, text)).toMatch(/ 0$/);
      expect(line('drawbridge_jobs_total{name="gateway.push",outcome="completed"}', text)).toMatch(/ [1-9]\d*$/);
      expect(line('drawbridge_authority_days_left{name="control-plane"}', text)).toMatch(/ (89|90)/);
      expect(text).not.toContain(tenantId);
    });

    test("workers that are killed while they collect lose and double nothing", async () => {
      const sessions = Array.from({ length: 40 }, () => ({
        ...{ sessionId: randomUUID(), tenantId, connectedAt: new Date().toISOString() },
      }));
      for (const session of sessions)
        gateway.append({
          ...{ type: "connected", ...session, accountId, processBoot: "b", clientId: 1, process: "udp-1194" },
          ...{ realAddress: "192.0.2.7:1", vpnAddress: "100.70.0.1", fingerprint: "f", clientVersion: null },
          ...{ platform: null, cipher: null },
        });
      let clock = Date.now();
      const tell = (n: number) => {
        for (const session of sessions)
          gateway.append({ type: "bytes", ...session, received: n, sent: n }, new Date(clock++));
      };
      for (let n = 1; n <= 20; n++) tell(n);
      for (let kills = 0; kills < 2; kills++) {
        const before = gateway.acknowledged;
        const telling = setInterval(() => tell(100 + kills), 5);
        await until("it collects", async () => gateway.acknowledged > before);
        workers.child.kill("SIGKILL");
        expect(await workers.ended).toBe("SIGKILL");
        clearInterval(telling);
        tell(200 + kills);
        workers = await startWorkers();
      }
      for (const session of sessions.slice(0, 20))
        gateway.append(
          { ...{ type: "disconnected", ...session, received: 900, sent: 900, code: "left", reason: null } },
          new Date(clock++),
        );
      const { events } = gateway;
      await until("all is acknowledged", async () => gateway.acknowledged === events.length, 40_000);
      const told = events.filter(({ type }) => type === "bytes" || type === "disconnected").length;
      const ids = sessions.map(({ sessionId }) => sessionId);
      const [samples, rows, ended] = await inTenant(system, tenantId, ({ tx }) =>
        Promise.all([
          tx.trafficSample.count({ where: { sessionId: { in: ids } } }),
          tx.session.count({ where: { id: { in: ids } } }),
          tx.session.count({ where: { id: { in: ids }, disconnectedAt: { not: null }, received: 900 } }),
        ]),
      );
      expect({ samples, rows, ended }).toEqual({ samples: told, rows: 40, ended: 20 });
    }, 90_000);

    test("workers that are asked to stop do so within five seconds, long polls and all", async () => {
      await until("a long poll is open", async () => gateway.requests.includes("GET /v1/events"), 30_000);
      const asked = Date.now();
      workers.child.kill("SIGTERM");
      expect(await workers.ended).toBe(0);
      expect(Date.now() - asked).toBeLessThan(5_000);
      expect(workers.output()).toContain('"msg":"stopped"');
      workers = await startWorkers();
    });

    async function receipt(revision: number) {
      const found = await inTenant(system, tenantId, (scope) => findReceipt(scope, revision));
      return found?.gateways.find(({ gatewayId }) => gatewayId === gateway.gatewayId);
    }

    async function enforced(revision: number) {
      const row = await receipt(revision);
      return row?.status === "enforced" ? row : undefined;
    }
  });
}
