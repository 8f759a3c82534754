import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRegion, createTenant, randomAddress } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { EventBody, GatewayEvent, RefusedFlow } from "@/gateway/protocol/events";
import { closeDatabase, database, inTenant, inTransaction, nilTenant, system } from "../core/db";
import { closeListening, listen } from "../core/listen";
import { closeQueues } from "../core/queue";
import { commitEvents } from "./ledger";
import { mostFlowsADay } from "./refused-packets";

let dropDatabase: () => Promise<void>;
let regionId: string;
let gatewayId: string;
let tenantId: string;
let accountId: string;
const epoch = "epoch-1";
const start = Date.parse("2026-11-02T10:00:00Z");

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  regionId = await createRegion("Ledger");
  ({ tenantId, accountId } = await createTenant("ledger"));
});
beforeEach(async () => {
  gatewayId = randomUUID();
  await database().gateway.create({
    data: {
      ...{ id: gatewayId, regionId, name: `ledger-${gatewayId}`, apiHost: "127.0.0.1", apiPort: 9 },
      ...{ publicHost: "127.0.0.1", processes: [], enrolledAt: new Date(), epoch, cursor: 0 },
    },
  });
});
afterAll(async () => {
  await database().gateway.updateMany({ where: { regionId }, data: { enrolledAt: null } });
  await closeListening();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("the session ledger", () => {
  test("a session is there from connect to disconnect, with its bytes, rates and samples", async () => {
    const session = newSession();
    await commit([connected(session, 0), bytes(session, 10, 1_000, 2_000)]);
    expect(await rowOf(session)).toMatchObject({ received: 1_000n, sent: 2_000n, receivedRate: 100, sentRate: 200 });
    await commit([bytes(session, 20, 6_000, 2_000)]);
    expect(await rowOf(session)).toMatchObject({
      received: 6_000n,
      receivedRate: 500,
      sentRate: 0,
      disconnectedAt: null,
    });
    await commit([disconnected(session, 30, 7_000, 3_000)]);
    expect(await rowOf(session)).toMatchObject({
      ...{ accountId, gatewayId, process: "udp-1194", clientVersion: "2.6.14", received: 7_000n, receivedRate: 0 },
      ...{ disconnectedAt: at(30), endCode: "left", endReason: null },
    });
    expect(await samplesOf(session)).toEqual([
      [at(10), 1_000n, 2_000n],
      [at(20), 6_000n, 2_000n],
      [at(30), 7_000n, 3_000n],
    ]);
  });

  test("totals of many sessions in one event are each session's own", async () => {
    const [first, second] = [newSession(), newSession()];
    const most = Number.MAX_SAFE_INTEGER;
    await commit([connected(first, 0), connected(second, 0)]);
    await commit([
      totals([first, second], 10, [1_000, 2_000]),
      totals([second], 12, [2_500]),
      totals([first], 20, [most]),
    ]);
    expect(await samplesOf(first)).toEqual([
      [at(10), 1_000n, 2_000n],
      [at(20), BigInt(most), BigInt(most)],
    ]);
    expect(await samplesOf(second)).toEqual([
      [at(10), 2_000n, 4_000n],
      [at(12), 2_500n, 5_000n],
    ]);
    expect(await rowOf(first)).toMatchObject({ received: BigInt(most), receivedRate: (most - 1_000) / 10 });
    expect(await rowOf(second)).toMatchObject({ received: 2_500n, sent: 5_000n, receivedRate: 250, sentRate: 500 });
  });

  test("readings that are none, and those of a tenant that is gone, cost the others nothing", async () => {
    const session = newSession();
    const good = totals([session], 10, [7]);
    const { sessionIds, connectedAts, received, sent } = good.tenants[0]!;
    const insane = { ...good.tenants[0], received: [-1, 5, 6], sessionIds: [...sessionIds, "x", randomUUID()] };
    const gone = { ...good.tenants[0], tenantId: randomUUID() };
    const result = await commit([
      { ...good, tenants: [good.tenants[0], gone, null, { tenantId, sessionIds }, insane, { ...gone, tenantId: 7 }] },
      { type: "totals", tenants: "none", second: 11 },
      { type: "totals", tenants: [], second: 11 },
    ] as never);
    expect(await samplesOf(session)).toEqual([[at(10), 7n, 14n]]);
    expect([connectedAts, received, sent].map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(result).toMatchObject({ cursor: 3, events: 1, dropped: 8 });
  });

  test("a batch that comes again, whole or in part, changes nothing twice", async () => {
    const session = newSession();
    const batch = [connected(session, 0), bytes(session, 10, 1_000, 0), totals([session], 20, [3_000]), refused(1)];
    const events = numbered(batch);
    await commitEvents(gatewayId, { epoch, events, isNewEpoch: false });
    const before = [await rowOf(session), await samplesOf(session), await refusalsHere()];
    for (const again of [events, events.slice(0, 2), events.slice(2), []])
      expect((await commitEvents(gatewayId, { epoch, events: again, isNewEpoch: false }))?.cursor).toBe(4);
    expect([await rowOf(session), await samplesOf(session), await refusalsHere()]).toEqual(before);
  });

  test("what policies let through is added up by day, once; of what is no policy nothing is kept", async () => {
    const [policyId, other, none] = [await createPolicyRow(), await createPolicyRow(), randomUUID()];
    const events = numbered([
      used(1, [policyId, other, none], 100),
      used(31, [policyId], 50),
      used(90_000, [policyId], 7),
    ]);
    const commitAll = () => commitEvents(gatewayId, { epoch, events, isNewEpoch: false });
    expect(await commitAll()).toMatchObject({ cursor: 3, events: 5, dropped: 0 });
    expect(await usesOf(none)).toEqual([]);
    const once = await usesOf(policyId);
    expect(once).toMatchObject([
      { day: new Date("2026-11-02"), usedAt: at(31), bytes: 150n, packets: 2n },
      { day: new Date("2026-11-03"), usedAt: at(90_000), bytes: 7n, packets: 1n },
    ]);
    await commitAll();
    expect(await usesOf(policyId), "a batch that comes again adds nothing").toEqual(once);
    await commit([used(60, [policyId], 1_000), used(40, [policyId], 1)]);
    expect((await usesOf(policyId))[0]).toMatchObject({ usedAt: at(60), bytes: 1_151n, packets: 4n });
    expect(await usesOf(other)).toMatchObject([{ bytes: 100n }]);
  });

  test("a batch that was cut in half goes on where it was cut", async () => {
    const session = newSession();
    const events = numbered([connected(session, 0), bytes(session, 10, 1_000, 0), disconnected(session, 20, 2_000, 0)]);
    for (const event of events) await commitEvents(gatewayId, { epoch, events: [event], isNewEpoch: false });
    expect(await rowOf(session)).toMatchObject({ received: 2_000n, disconnectedAt: at(20) });
    expect(await samplesOf(session)).toHaveLength(2);
  });

  test("two collectors at once commit a batch once", async () => {
    const session = newSession();
    const events = numbered([
      connected(session, 0),
      ...Array.from({ length: 50 }, (_, i) => bytes(session, i + 1, i * 10, 0)),
    ]);
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => commitEvents(gatewayId, { epoch, events, isNewEpoch: false })),
    );
    expect(outcomes.map((outcome) => outcome!.events).sort((a, b) => a - b)).toEqual([0, 0, 0, 51]);
    expect(await samplesOf(session)).toHaveLength(50);
  });

  test("a batch that fails leaves neither rows nor cursor", async () => {
    const session = newSession();
    const events = numbered([connected(session, 0), bytes(session, 10, 424_242, 1)]);
    const owner = new pg.Client({ connectionString: process.env.MIGRATE_DATABASE_URL });
    await owner.connect();
    await owner.query("ALTER TABLE traffic_samples ADD CONSTRAINT test_only CHECK (received <> 424242) NOT VALID");
    await expect(commitEvents(gatewayId, { epoch, events, isNewEpoch: false })).rejects.toThrow("test_only");
    await owner.query("ALTER TABLE traffic_samples DROP CONSTRAINT test_only");
    await owner.end();
    expect(await findRow(session)).toBeNull();
    expect(Number((await database().gateway.findUniqueOrThrow({ where: { id: gatewayId } })).cursor)).toBe(0);
  });

  test("a disconnect whose connect never came still gives a true row, which the connect completes", async () => {
    const session = newSession();
    await commit([disconnected(session, 30, 5, 6)]);
    expect(await rowOf(session)).toMatchObject({
      accountId: nilTenant,
      received: 5n,
      disconnectedAt: at(30),
      endCode: "left",
    });
    await commit([connected(session, 0)]);
    expect(await rowOf(session)).toMatchObject({ accountId, received: 5n, disconnectedAt: at(30), platform: "linux" });
  });

  test("an end is set once", async () => {
    const session = newSession();
    await commit([connected(session, 0), disconnected(session, 10, 1, 1)]);
    await commit([{ ...disconnected(session, 20, 1, 1), code: "kicked" } as never]);
    expect(await rowOf(session)).toMatchObject({ disconnectedAt: at(10), endCode: "left" });
  });

  test("a late disconnect of an older session does not end the newer one", async () => {
    const [older, newer] = [newSession(), newSession()];
    await commit([connected(older, 0), connected(newer, 5), disconnected(older, 6, 1, 1)]);
    expect(await rowOf(newer)).toMatchObject({ disconnectedAt: null });
    expect(await rowOf(older)).toMatchObject({ disconnectedAt: at(6) });
  });

  test("what the gateway no longer lists is ended, what it lists is live, and the truth wins when it comes", async () => {
    const [lost, listed, young] = [newSession(), newSession(), newSession(100)];
    await commit([connected(lost, 0), connected(listed, 0), disconnected(listed, 1, 1, 1), connected(young, 100)]);
    await commit([confirmed(50, [listed])]);
    expect(await rowOf(lost)).toMatchObject({ disconnectedAt: at(50), endCode: "unknown" });
    expect(await rowOf(listed)).toMatchObject({ disconnectedAt: null, endCode: null });
    expect(await rowOf(young)).toMatchObject({ disconnectedAt: null });
    expect((await database().gateway.findUniqueOrThrow({ where: { id: gatewayId } })).confirmedAt).toEqual(at(50));
    await commit([disconnected(lost, 40, 9, 9)]);
    expect(await rowOf(lost)).toMatchObject({ disconnectedAt: at(40), endCode: "left", received: 9n });
  });

  test("a list in the form of earlier agents counts the same", async () => {
    const [lost, listed] = [newSession(), newSession()];
    await commit([connected(lost, 0), connected(listed, 0)]);
    await commit([{ type: "confirmed", sessions: [{ sessionId: listed.sessionId, tenantId }], second: 50 } as never]);
    expect(await rowOf(lost)).toMatchObject({ endCode: "unknown" });
    expect(await rowOf(listed)).toMatchObject({ disconnectedAt: null });
  });

  test("in one batch a confirmation counts for what came before it only", async () => {
    const [before, after] = [newSession(), newSession(11)];
    await commit([connected(before, 0), confirmed(10, [before]), disconnected(before, 11, 1, 1), connected(after, 11)]);
    expect(await rowOf(before)).toMatchObject({ disconnectedAt: at(11), endCode: "left" });
    expect(await rowOf(after)).toMatchObject({ disconnectedAt: null });
  });

  test("another gateway's sessions are not ended by this one's list", async () => {
    const mine = newSession();
    await commit([connected(mine, 0)]);
    const otherId = randomUUID();
    await database().gateway.create({
      data: {
        ...{ id: otherId, regionId, name: `ledger-${otherId}`, apiHost: "127.0.0.1", apiPort: 9 },
        ...{ publicHost: "127.0.0.1", processes: [], enrolledAt: new Date(), epoch },
      },
    });
    await commitEvents(otherId, { epoch, events: numbered([confirmed(60, [])]), isNewEpoch: false });
    expect(await rowOf(mine)).toMatchObject({ disconnectedAt: null });
  });

  test("a new epoch begins at its own first event", async () => {
    const session = newSession();
    await commit([connected(session, 0)]);
    await commitEvents(gatewayId, { epoch: "epoch-2", events: [], isNewEpoch: true });
    const [event] = numbered([disconnected(session, 9, 1, 1)]);
    await commitEvents(gatewayId, { epoch: "epoch-2", events: [{ ...event!, sequence: 1 }], isNewEpoch: false });
    expect(await rowOf(session)).toMatchObject({ disconnectedAt: at(9) });
    const stale = await commitEvents(gatewayId, {
      epoch,
      events: numbered([connected(newSession(), 0)]),
      isNewEpoch: false,
    });
    expect(stale).toBeUndefined();
  });

  test("events of a tenant that is gone, and nonsense, are passed over", async () => {
    const session = newSession();
    const stranger = { ...newSession(), tenantId: randomUUID() };
    const result = await commit([
      connected(stranger, 0),
      { type: "bytes", sessionId: "x", tenantId, connectedAt: "never", received: -1, sent: 0.5, second: 1 } as never,
      { type: "unheard of", second: 1 } as never,
      { ...connected(newSession(), 0), connectedAt: "2026-02-31T10:00:00.000Z" } as never,
      connected(session, 0),
    ]);
    expect(result).toMatchObject({ cursor: 5, events: 1, dropped: 4 });
    expect(await rowOf(session)).toMatchObject({ accountId });
  });

  test("what a hostile client puts into its fields stops nothing", async () => {
    const session = newSession();
    const clientVersion = `2.6\u0000"\\{},NULL\n${"x".repeat(10_000)}\ud800`;
    await commit([{ ...connected(session, 0), clientVersion } as never]);
    const row = await rowOf(session);
    expect(row.clientVersion).toMatch(/^2\.6�"\\\{\},NULL�x+$/);
    expect(row.clientVersion!.length).toBeLessThanOrEqual(100);
  });

  test("a refusal of somebody known is their tenant's, of nobody known the operator's", async () => {
    await commit([refused(1), { ...refused(2), tenantId: null, accountId: null } as never]);
    expect(await refusalsHere()).toHaveLength(1);
    const operators = await inTransaction(system, { isStaff: true }, ({ tx }) =>
      tx.refusal.findMany({ where: { gatewayId, tenantId: nilTenant } }),
    );
    expect(operators).toHaveLength(1);
  });

  test("what each rule let through is added up by day, beside its policy, and what is no rule costs the others nothing", async () => {
    const rule = { protocol: "tcp", from: 22, to: 22 } as const;
    const policyId = await createPolicyRow([rule, { protocol: "icmp", from: null, to: null }]);
    const use = { policyId, rule, bytes: 60, packets: 1 };
    const bad = [null, { ...use, policyId: "x" }, { ...use, bytes: -1 }, { ...use, rule: null }, { ...use, rule: { ...rule, to: null } }, { ...use, rule: { ...rule, from: 70_000 } }]; // biome-ignore format: one line
    const ping = { ...use, rule: { protocol: "icmp", from: null, to: null } };
    const told = used(1, [policyId], 100) as Timed & { type: "used" };
    const withRules = (rules: unknown) => ({ ...told, tenants: [{ ...told.tenants[0]!, rules }] }) as Timed;
    const invented = [{ ...use, policyId: randomUUID() }, { ...use, rule: { ...rule, to: 23 } }, { ...use, rule: { ...rule, from: null, to: null } }]; // biome-ignore format: one line
    const events = numbered([withRules([use, ping, ...bad, ...invented]), withRules([use]), withRules("none")]);
    for (const _ of ["once", "again"])
      expect((await commitEvents(gatewayId, { epoch, events, isNewEpoch: false }))?.cursor).toBe(3);
    const rows = await inTenant(system, tenantId, ({ tx }) =>
      tx.policyRuleUse.findMany({ where: { tenantId, gatewayId }, orderBy: { bytes: "asc" } }),
    );
    expect(rows).toMatchObject([
      { protocol: "icmp", fromPort: 0, toPort: 0, bytes: 60n, packets: 1n, usedAt: at(1) },
      { protocol: "tcp", fromPort: 22, toPort: 22, bytes: 120n, packets: 2n },
    ]);
    expect(await usesOf(policyId)).toMatchObject([{ bytes: 300n, packets: 3n }]);
  });

  test("made-up counts and senders stop no batch, whatever they add up to", async () => {
    const rule = { protocol: "tcp", from: 22, to: 22 } as const;
    const policyId = await createPolicyRow([rule]);
    const much = 9e14;
    const repeated = Array.from({ length: 15_000 }, () => policyId);
    const rules = repeated.map(() => ({ policyId, rule, bytes: much, packets: much }));
    const [told] = (used(1, repeated, much) as Timed & { type: "used" }).tenants;
    const events = numbered([
      { ...used(1, [], 0), tenants: [{ ...told!, rules }] } as Timed,
      refusedPackets(2, [flow(1, 1, { accountId: randomUUID() })]),
    ]);
    expect((await commitEvents(gatewayId, { epoch, events, isNewEpoch: false }))?.cursor).toBe(2);
    expect(await usesOf(policyId)).toMatchObject([{ bytes: 9_000_000_000_000_000_000n, packets: 15_000n }]);
    expect(
      await inTenant(system, tenantId, ({ tx }) => tx.refusedPackets.count({ where: { gatewayId, port: 1 } })),
    ).toBe(0);
  });

  test("what was refused is added up by sender, flow and day, once", async () => {
    const [device, crane] = [await addHolder(), randomUUID()];
    const ping = { protocol: "icmp", port: null, targetId: crane } as const;
    const events = numbered([
      refusedPackets(1, [flow(502, 3), flow(502, 4, { accountId: null, deviceId: device }), flow(0, 1, ping)]),
      refusedPackets(31, [flow(502, 2, { targetId: crane }), flow(503, 1)]),
      refusedPackets(90_000, [flow(502, 1)]),
    ]);
    const commitAll = () => commitEvents(gatewayId, { epoch, events, isNewEpoch: false });
    expect(await commitAll()).toMatchObject({ cursor: 3, events: 6, dropped: 0 });
    const once = await refusedPacketsOf(accountId);
    const [today, tomorrow] = [new Date("2026-11-02"), new Date("2026-11-03")];
    const tcp = { protocol: "tcp", port: 502, destination: "10.0.0.10" };
    expect(once).toMatchObject([
      { day: today, protocol: "icmp", port: 0, packets: 1n, targetId: crane },
      { day: today, ...tcp, packets: 5n, targetId: crane, firstAt: at(1), lastAt: at(31) },
      { day: today, ...tcp, port: 503, packets: 1n, targetId: null },
      { day: tomorrow, ...tcp, packets: 1n, firstAt: at(90_000), lastAt: at(90_000) },
    ]);
    expect(await refusedPacketsOf(device)).toMatchObject([{ packets: 4n }]);
    await commitAll();
    expect(await refusedPacketsOf(accountId), "a batch that comes again adds nothing").toEqual(once);
    await commit([refusedPackets(20, [flow(502, 10)])]);
    expect((await refusedPacketsOf(accountId))[1]).toMatchObject({ packets: 15n, firstAt: at(1), lastAt: at(31) });
  });

  test("a port scan has so many rows and no more, and takes nobody else's place", async () => {
    const [scanner, other] = [await addHolder(), await addHolder()];
    const scan = Array.from({ length: 3_000 }, (_, n) => flow(n + 1, 1, { accountId: scanner }));
    for (let n = 0; n < scan.length; n += 500)
      await commit([refusedPackets(n, scan.slice(n, n + 500)), refusedPackets(n, [flow(22, 1, { accountId: other })])]);
    const rows = await refusedPacketsOf(scanner);
    expect(rows).toHaveLength(mostFlowsADay);
    expect(await refusedPacketsOf(other)).toMatchObject([{ port: 22, packets: 6n }]);
    const [known] = rows;
    await commit([refusedPackets(1, [flow(known!.port, 7, { accountId: scanner }), flow(60_000, 9, { accountId: scanner })])]); // biome-ignore format: one line
    const after = await refusedPacketsOf(scanner);
    expect(after).toHaveLength(mostFlowsADay);
    expect(after[0], "what has a row goes on to be counted").toMatchObject({ port: known!.port, packets: 8n });
    await commit([refusedPackets(86_400, [flow(60_000, 9, { accountId: scanner })])]);
    expect(await refusedPacketsOf(scanner), "the next day there is room").toHaveLength(mostFlowsADay + 1);
  });

  test("refused packets that are none cost the others nothing", async () => {
    const sender = await addHolder();
    const good = flow(502, 1, { accountId: sender });
    const bad = [
      ...[null, 7, { ...good, deviceId: randomUUID() }, { ...good, accountId: null }, { ...good, accountId: "x" }],
      ...[
        { ...good, destination: "10.0.0.300" },
        { ...good, destination: "' OR 1" },
        { ...good, targetId: "pump" },
      ],
      ...[
        { ...good, protocol: "sctp" },
        { ...good, protocol: "icmp" },
        { ...good, port: 65_536 },
        { ...good, port: null },
      ],
      ...[
        { ...good, packets: -1 },
        { ...good, packets: 1e15 },
        { ...good, packets: 0.5 },
      ],
    ];
    const told = [{ tenantId, flows: [good, ...bad] }, null, { tenantId: randomUUID(), flows: [good] }, { tenantId, flows: "none" }]; // biome-ignore format: one line
    const result = await commit([{ type: "refused_packets", second: 1, tenants: told } as never]);
    expect(result).toMatchObject({ cursor: 1, events: 1, dropped: bad.length + 6 });
    expect(await refusedPacketsOf(sender)).toMatchObject([{ port: 502, packets: 1n }]);
  });

  test("whoever watches the tenant's sessions hears of it", async () => {
    const heard = new Promise<string>((resolve) => {
      const stop = listen("sessions", (payload) => {
        if (!payload?.includes(tenantId)) return;
        stop();
        resolve(payload);
      });
    });
    const session = newSession();
    await commit([connected(session, 0)]);
    let n = 1;
    const again = setInterval(() => void commit([bytes(session, n, n++, 0)]), 100);
    expect(await heard).toContain(tenantId);
    clearInterval(again);
  });

  test("a session that falls silent shows no rate any more", async () => {
    const session = newSession();
    await commit([connected(session, 0), bytes(session, 10, 1_000, 0), confirmed(12, [session])]);
    expect((await rowOf(session)).receivedRate).toBe(100);
    await commit([confirmed(60, [session])]);
    expect((await rowOf(session)).receivedRate).toBe(0);
  });
});

interface Named {
  sessionId: string;
  tenantId: string;
  connectedAt: string;
}

const at = (second: number) => new Date(start + second * 1000);
const newSession = (second = 0): Named => ({
  sessionId: randomUUID(),
  tenantId,
  connectedAt: at(second).toISOString(),
});

const connected = (session: Named, second: number): Timed => ({
  ...{ type: "connected", ...session, accountId, processBoot: "boot-1", clientId: 1, process: "udp-1194", second },
  ...{ realAddress: "192.0.2.7:50000", vpnAddress: "100.70.0.1", fingerprint: "f".repeat(64) },
  ...{ clientVersion: "2.6.14", platform: "linux", cipher: "AES-256-GCM" },
});
const bytes = (session: Named, second: number, received: number, sent: number): Timed => ({
  ...{ type: "bytes", ...session, received, sent, second },
});
const totals = (sessions: Named[], second: number, received: number[]) => ({
  ...{ type: "totals" as const, second },
  tenants: [
    {
      tenantId,
      sessionIds: sessions.map(({ sessionId }) => sessionId),
      connectedAts: sessions.map(({ connectedAt }) => connectedAt),
      received,
      sent: received.map((bytes) => Math.min(bytes * 2, Number.MAX_SAFE_INTEGER)),
    },
  ],
});
const disconnected = (session: Named, second: number, received: number, sent: number): Timed => ({
  ...{ type: "disconnected", ...session, code: "left", reason: null, received, sent, second },
});
const confirmed = (second: number, sessions: Named[]): Timed => ({
  ...{ type: "confirmed", second, tenants: [{ tenantId, sessionIds: sessions.map(({ sessionId }) => sessionId) }] },
});
const used = (second: number, policyIds: string[], bytes: number): Timed => ({
  ...{ type: "used", second },
  tenants: [{ tenantId, policyIds, bytes: policyIds.map(() => bytes), packets: policyIds.map(() => 1) }],
});
const flow = (port: number, packets: number, change: Partial<RefusedFlow> = {}): RefusedFlow => ({
  ...{ accountId, deviceId: null, destination: "10.0.0.10", targetId: null, protocol: "tcp", port, packets },
  ...change,
});
const refusedPackets = (second: number, flows: RefusedFlow[]): Timed => ({
  ...{ type: "refused_packets", second, tenants: [{ tenantId, flows }] },
});
const refused = (second: number): Timed => ({
  ...{ type: "refused", tenantId, accountId, code: "password_wrong", reason: "The password is wrong." },
  ...{ realAddress: "192.0.2.7:50000", process: "udp-1194", second },
});

type Timed = EventBody & { second: number };

/** The gateway's next events, as they cross the wire. */
function numbered(batch: Timed[], after = 0): GatewayEvent[] {
  return batch.map(
    ({ second, ...body }, i) => ({ ...body, sequence: after + i + 1, at: at(second).toISOString() }) as GatewayEvent,
  );
}

async function commit(batch: Timed[]) {
  const { cursor } = await database().gateway.findUniqueOrThrow({ where: { id: gatewayId } });
  return commitEvents(gatewayId, { epoch, events: numbered(batch, Number(cursor)), isNewEpoch: false });
}

function findRow({ sessionId }: Named) {
  return inTenant(system, tenantId, ({ tx }) => tx.session.findFirst({ where: { tenantId, id: sessionId } }));
}

async function rowOf(session: Named) {
  const row = await findRow(session);
  if (!row) throw new Error("there is no row of this session");
  return row;
}

async function samplesOf({ sessionId }: Named) {
  const rows = await inTenant(system, tenantId, ({ tx }) =>
    tx.trafficSample.findMany({ where: { tenantId, sessionId }, orderBy: { at: "asc" } }),
  );
  return rows.map((row) => [row.at, row.received, row.sent]);
}

function createPolicyRow(rules: object[] = []): Promise<string> {
  return inTenant(system, tenantId, async ({ tx }) => {
    const { id } = await tx.policy.create({ data: { tenantId, name: randomUUID(), rules } });
    return id;
  });
}

function usesOf(policyId: string) {
  return inTenant(system, tenantId, ({ tx }) =>
    tx.policyUse.findMany({ where: { tenantId, policyId }, orderBy: { day: "asc" } }),
  );
}

/** An account of the tenant, by whom packets are sent. */
async function addHolder(): Promise<string> {
  const id = randomUUID();
  const rest = { name: "Ben Roe", email: `${id}@ledger.test`, address: randomAddress(), passwordHash: "$argon2id$x" };
  await inTenant(system, tenantId, ({ tx }) => tx.account.create({ data: { tenantId, id, ...rest } }));
  return id;
}

function refusedPacketsOf(holderId: string) {
  return inTenant(system, tenantId, ({ tx }) =>
    tx.refusedPackets.findMany({
      where: { tenantId, holderId, gatewayId },
      orderBy: [{ day: "asc" }, { port: "asc" }],
    }),
  );
}

function refusalsHere() {
  return inTenant(system, tenantId, ({ tx }) => tx.refusal.findMany({ where: { tenantId, gatewayId } }));
}
