import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createMember, createTenantWithAdmin, createUser } from "@/e2e/support/principals";
import { createEnrolledGateway, createRegion, until } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import type { EventBody } from "@/gateway/protocol/events";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { changes, closeListening } from "../core/listen";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections } from "../gateways/client";
import { commitEvents } from "../gateways/ledger";
import type { UserPrincipal } from "../trpc/principal";
import { callerOf } from "../trpc/root";
import { createCaller, router, tenantSubscription } from "../trpc/trpc";

let dropDatabase: () => Promise<void>;
let gateway: TestGateway;
let acme: Awaited<ReturnType<typeof createTenantWithAdmin>>;
let globex: typeof acme;
let support: UserPrincipal;
let dana: string;
let live: Told;
let ended: Told;

const start = Date.now() - 60_000;
const list = { page: 1, pageSize: 50 };

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  gateway = await createEnrolledGateway("sessions", await createRegion("Sessions"));
  [acme, globex] = [await createTenantWithAdmin(), await createTenantWithAdmin()];
  support = await createUser("support");
  const account = { tenantId: acme.tenantId, name: "Dana Fox", email: "dana@sessions.test", policyIds: [] };
  dana = (await callAs(acme.admin).accounts.create(account)).account.id;
  [live, ended] = [newSession(0), newSession(1)];
  await tell([
    connected(live, 0),
    connected(ended, 1),
    bytes(live, 10, 1_000, 500),
    bytes(live, 20, 3_000, 500),
    { type: "disconnected", ...ended, received: 7, sent: 8, code: "left", reason: null, second: 15 },
    refused(16),
    { type: "confirmed", tenants: [{ tenantId: live.tenantId, sessionIds: [live.sessionId] }], second: 21 },
  ]);
});
afterAll(async () => {
  await gateway.stop();
  await database().gateway.update({ where: { id: gateway.gatewayId }, data: { enrolledAt: null } });
  closeGatewayConnections();
  await closeListening();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("a tenant's sessions", () => {
  test("are listed newest first, with whom and where from", async () => {
    const { rows, total } = await sessions().list({ ...list, tenantId: acme.tenantId });
    expect(total).toBe(2);
    expect(rows.map(({ id }) => id)).toEqual([ended.sessionId, live.sessionId]);
    expect(rows[1]).toMatchObject({
      ...{ accountId: dana, accountName: "Dana Fox", vpnAddress: "100.70.0.1", realAddress: "192.0.2.7:50000" },
      ...{ received: 3_000, sent: 500, receivedRate: 200, sentRate: 0, disconnectedAt: null, region: "Sessions" },
      ...{ confirmedAt: new Date(start + 21_000), platform: "linux", cipher: "AES-256-GCM" },
    });
    expect(rows[0]).toMatchObject({ endCode: "left", received: 7, confirmedAt: null });
    expect(rows[0]).not.toHaveProperty("tenantId");
  });

  test("are found by who is on them, by address, by being live, by account", async () => {
    const found = async (more: object) =>
      (await sessions().list({ ...list, tenantId: acme.tenantId, ...more })).rows.map(({ id }) => id);
    expect(await found({ live: true })).toEqual([live.sessionId]);
    expect(await found({ live: false })).toEqual([ended.sessionId]);
    expect(await found({ search: "fox", order: "asc" })).toEqual([live.sessionId, ended.sessionId]);
    expect(await found({ search: "192.0.2.7" })).toHaveLength(2);
    expect(await found({ search: "100%" })).toEqual([]);
    expect(await found({ accountId: randomUUID() })).toEqual([]);
    expect(await found({ sort: "received", order: "desc", pageSize: 1, page: 2 })).toEqual([ended.sessionId]);
  });

  test("are seen by no other tenant", async () => {
    const { total } = await callAs(globex.admin).sessions.list({ ...list, tenantId: globex.tenantId });
    expect(total).toBe(0);
    const traffic = { tenantId: globex.tenantId, sessionId: live.sessionId, connectedAt: new Date(live.connectedAt) };
    expect(await callAs(globex.admin).sessions.traffic(traffic)).toEqual([]);
  });

  test("have their traffic over time", async () => {
    const connectedAt = new Date(live.connectedAt);
    const samples = await sessions().traffic({ tenantId: acme.tenantId, sessionId: live.sessionId, connectedAt });
    expect(samples.map(({ received, receivedRate }) => [received, receivedRate])).toEqual([
      [1_000, 100],
      [3_000, 200],
    ]);
  });

  test("that were refused are listed with the reason", async () => {
    const { rows } = await sessions().refusals({ ...list, tenantId: acme.tenantId });
    expect(rows).toEqual([
      expect.objectContaining({ code: "password_wrong", reason: "The password is wrong.", accountName: "Dana Fox" }),
    ]);
  });

  test("that were refused again and again are one line, with how often and since when", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    const at = (minute: number) => new Date(Date.UTC(2026, 10, 20, 19, minute));
    const attempt = { tenantId, gatewayId: gateway.gatewayId, epoch: "e", code: "password_wrong", process: "udp" };
    const tried = Array.from({ length: 12 }, (_, n) => ({
      ...attempt,
      ...{ sequence: BigInt(n), at: at(n), reason: "The password is wrong.", realAddress: `192.0.2.8:${5_000 + n}` },
    }));
    const elsewhere = { ...tried[0]!, sequence: 12n, realAddress: "192.0.2.9:5000" };
    const nextDay = { ...tried[0]!, sequence: 13n, at: new Date(Date.UTC(2026, 10, 21, 8)) };
    await inTenant(system, tenantId, ({ tx }) => tx.refusal.createMany({ data: [...tried, elsewhere, nextDay] }));
    const page = await callAs(admin).sessions.refusals({ ...list, tenantId });
    expect(page).toMatchObject({
      total: 3,
      rows: [
        { times: 1, at: nextDay.at },
        { times: 12, at: at(11), firstAt: at(0), realAddress: "192.0.2.8:5011" },
        { times: 1 },
      ],
    });
    const second = await callAs(admin).sessions.refusals({ tenantId, page: 2, pageSize: 2, search: "192.0.2" });
    expect(second).toMatchObject({ total: 3, rows: [{ realAddress: "192.0.2.9:5000" }] });
    const live = await callAs(support).live.refusals({ ...list, tenantId });
    expect(live).toMatchObject({ total: 3, rows: [{}, { times: 12, tenantId }, {}] });
  });

  test("are cut on their gateway, which is written down", async () => {
    const input = { tenantId: acme.tenantId, sessionId: live.sessionId, reason: "Maintenance tonight" };
    await sessions().disconnect(input);
    expect(gateway.disconnects).toContainEqual({ sessionId: live.sessionId, reason: "Maintenance tonight" });
    const entries = await inTenant(system, acme.tenantId, ({ tx }) =>
      tx.auditEntry.findMany({ where: { tenantId: acme.tenantId, action: "sessions.disconnect" } }),
    );
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ subjectName: "Dana Fox", actorName: acme.admin.name });
  });

  test("are cut with nobody of the tenant waiting for the gateway's answer", async () => {
    let isAsked = false;
    let answer = () => {};
    gateway.intercept = ({ path }) => {
      if (!path.includes("/sessions/")) return undefined;
      isAsked = true;
      return new Promise((resolve) => {
        answer = () => resolve({ status: 204 });
      });
    };
    const cutting = sessions().disconnect({ tenantId: acme.tenantId, sessionId: live.sessionId, reason: "slowly" });
    await until("the gateway is asked", async () => isAsked);
    const { tenantId } = acme;
    await callAs(acme.admin).devices.createGroup({ tenantId, name: `meanwhile ${crypto.randomUUID()}` });
    gateway.intercept = () => undefined;
    answer();
    await cutting;
    const entries = await inTenant(system, tenantId, ({ tx }) =>
      tx.auditEntry.findMany({ where: { tenantId, action: "sessions.disconnect" }, orderBy: { sequence: "asc" } }),
    );
    expect(entries.at(-1)).toMatchObject({ details: { reason: "slowly" } });
  });

  test("that ended are not cut again, nor those of another tenant", async () => {
    const reason = "why not";
    await expect(
      sessions().disconnect({ tenantId: acme.tenantId, sessionId: ended.sessionId, reason }),
    ).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(
      callAs(globex.admin).sessions.disconnect({ tenantId: globex.tenantId, sessionId: live.sessionId, reason }),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    const viewer = await createMember(acme.tenantId, "viewer");
    await expect(
      callAs(viewer).sessions.disconnect({ tenantId: acme.tenantId, sessionId: live.sessionId, reason }),
    ).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("whose gateway does not answer are told to be so", async () => {
    await gateway.stop();
    await expect(
      sessions().disconnect({ tenantId: acme.tenantId, sessionId: live.sessionId, reason: "x" }),
    ).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE", message: expect.stringContaining("does not answer") });
    await gateway.start();
  });
});

describe("live", () => {
  test("staff see sessions across tenants, and find them by tenant, region and address", async () => {
    const found = async (more: object) => (await callAs(support).live.list({ ...list, ...more })).rows;
    const [row] = await found({ gatewayId: gateway.gatewayId });
    expect(row).toMatchObject({
      id: live.sessionId,
      tenantId: acme.tenantId,
      slug: acme.slug,
      accountName: "Dana Fox",
    });
    expect((await found({ tenantId: acme.tenantId })).map(({ id }) => id)).toEqual([live.sessionId]);
    expect(await found({ tenantId: globex.tenantId })).toEqual([]);
    expect(await found({ regionId: randomUUID() })).toEqual([]);
    expect((await found({ search: "dana@sessions" })).map(({ id }) => id)).toEqual([live.sessionId]);
  });

  test("the summary counts what is live on each gateway", async () => {
    const summary = await callAs(support).live.summary();
    expect(summary.gateways.find(({ gatewayId }) => gatewayId === gateway.gatewayId)).toMatchObject({
      ...{ sessions: 1, receivedRate: 200, region: "Sessions" },
    });
    expect(summary.refusalsLastHour).toBeGreaterThanOrEqual(1);
  });

  test("support cuts a session in whichever tenant it is, which that tenant can read", async () => {
    await callAs(support).live.disconnect({ sessionId: live.sessionId, reason: "Abuse report" });
    expect(gateway.disconnects).toContainEqual({ sessionId: live.sessionId, reason: "Abuse report" });
    const entry = await inTenant(system, acme.tenantId, ({ tx }) =>
      tx.auditEntry.findFirst({ where: { tenantId: acme.tenantId }, orderBy: { sequence: "desc" } }),
    );
    expect(entry).toMatchObject({ action: "sessions.disconnect", actorName: support.name });
  });
});

describe("changes", () => {
  test("a tick comes when sessions of the tenant change, and not for another's", async () => {
    const { ticks: ours, end: endOurs } = watch(acme.admin, acme.tenantId);
    const { ticks: theirs, end: endTheirs } = watch(globex.admin, globex.tenantId);
    await until("both have begun", async () => ours.length > 0 && theirs.length > 0);
    let second = 30;
    const heard = async () => {
      const before = ours.length;
      await until("it is heard", async () => {
        await tell([bytes(live, second, second * 1_000, 500)]);
        second += 1;
        return ours.length > before;
      });
    };
    // The first may be the one that all are told when the connection stands, and theirs still on its way.
    await heard();
    await heard();
    const before = theirs.length;
    await heard();
    expect(theirs).toHaveLength(before);
    await Promise.all([endOurs(), endTheirs()]);
  });

  test("go on after the database cut the connection", async () => {
    const { ticks, end } = watch(acme.admin, acme.tenantId);
    await until("it has begun", async () => ticks.length > 0);
    const owner = new pg.Client({ connectionString: process.env.MIGRATE_DATABASE_URL });
    await owner.connect();
    const { rowCount } = await owner.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'",
    );
    await owner.end();
    expect(rowCount).toBeGreaterThanOrEqual(1);
    const before = ticks.length;
    await until("it is told that it may have missed something", async () => ticks.length > before);
    await end();
  });

  test("many changes at once are few ticks", async () => {
    const { ticks, end } = watch(acme.admin, acme.tenantId);
    await until("it has begun", async () => ticks.length > 0);
    for (let n = 0; n < 40; n++) await tell([bytes(live, 100 + n, 100_000 + n, 500)]);
    await until("it was heard", async () => ticks.length > 1);
    for (let i = 1; i < ticks.length; i++) expect(ticks[i]! - ticks[i - 1]!).toBeGreaterThanOrEqual(490);
    await end();
  });

  test("end when the sign-in is ended, or the standing is lost", async () => {
    const member = await createMember(acme.tenantId, "viewer");
    const may = await stillMayOf(member);
    expect(await may()).toBe(true);
    await inTenant(system, acme.tenantId, ({ tx }) => tx.member.deleteMany({ where: { userId: member.userId } }));
    expect(await may()).toBe(false);
    const admin = await createMember(acme.tenantId, "admin");
    const adminMay = await stillMayOf(admin);
    expect(await adminMay()).toBe(true);
    await database().userSignIn.update({ where: { id: admin.signInId }, data: { endedAt: new Date() } });
    expect(await adminMay()).toBe(false);
  });

  test("a stream whose watcher may no longer watch ends by itself", async () => {
    let may = true;
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    const stream = changes({
      ...{ channel: "sessions", concerns: () => true, everyMs: 1, recheckMs: 20, signal },
      stillMay: async () => may,
    });
    for await (const tick of stream) {
      seen.push(tick);
      may = false;
    }
    expect(seen).toHaveLength(1);
  });
});

/** What the rung hands to a subscription of this caller's. */
async function stillMayOf(principal: UserPrincipal): Promise<() => Promise<boolean>> {
  const probe = router({ may: tenantSubscription("sessions:read").query(({ ctx }) => ctx.stillMay) });
  const context = { principal, address: "192.0.2.1", userAgent: "test", log: createLog("test") };
  return createCaller(probe)(context).may({ tenantId: acme.tenantId });
}

interface Told {
  sessionId: string;
  tenantId: string;
  connectedAt: string;
}
type Timed = EventBody & { second: number };

const sessions = () => callAs(acme.admin).sessions;
const newSession = (second: number): Told => ({
  ...{ sessionId: randomUUID(), tenantId: acme.tenantId, connectedAt: new Date(start + second * 1_000).toISOString() },
});
const connected = (session: Told, second: number): Timed => ({
  ...{ type: "connected", ...session, accountId: dana, processBoot: "b", clientId: 1, process: "udp-1194", second },
  ...{ realAddress: "192.0.2.7:50000", vpnAddress: "100.70.0.1", fingerprint: "f", clientVersion: "2.6.14" },
  ...{ platform: "linux", cipher: "AES-256-GCM" },
});
const bytes = (session: Told, second: number, received: number, sent: number): Timed => ({
  ...{ type: "bytes", ...session, received, sent, second },
});
const refused = (second: number): Timed => ({
  ...{ type: "refused", tenantId: acme.tenantId, accountId: dana, code: "password_wrong", second },
  ...{ reason: "The password is wrong.", realAddress: "192.0.2.7:50000", process: "udp-1194" },
});

async function tell(batch: Timed[]): Promise<void> {
  const events = batch.map(({ second, ...body }) =>
    gateway.append(body as EventBody, new Date(start + second * 1_000)),
  );
  const { epoch } = gateway;
  const { epoch: known } = await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } });
  if (known !== epoch) await commitEvents(gateway.gatewayId, { epoch, events: [], isNewEpoch: true });
  await commitEvents(gateway.gatewayId, { epoch, events, isNewEpoch: false });
}

/** Follows a tenant's changes as a browser does; the times of its ticks. */
function watch(principal: UserPrincipal, tenantId: string) {
  const stop = new AbortController();
  const context = { principal, address: "192.0.2.1", userAgent: "test", log: createLog("test") };
  const caller = callerOf(context, { signal: stop.signal });
  const ticks: number[] = [];
  const following = (async () => {
    for await (const _ of await caller.sessions.changes({ tenantId })) ticks.push(performance.now());
  })();
  return {
    ticks,
    end: async () => {
      stop.abort();
      await following;
    },
  };
}
