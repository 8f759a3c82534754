import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser } from "@/e2e/support/principals";
import { createRegion } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { RefusedFlow } from "@/gateway/protocol/events";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { commitEvents } from "../gateways/ledger";
import { retain } from "../gateways/retain";
import type { UserPrincipal } from "../trpc/principal";

let dropDatabase: () => Promise<void>;
let acme: Awaited<ReturnType<typeof createTenantWithAdmin>>;
let globex: typeof acme;
let support: UserPrincipal;
let dana: string;
let pump: string;
let camera: string;
const gatewayId = randomUUID();
const list = { page: 1, pageSize: 50 };
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  const regionId = await createRegion("Refused packets");
  await database().gateway.create({
    data: {
      ...{ id: gatewayId, regionId, name: `refused-${gatewayId}`, apiHost: "127.0.0.1", apiPort: 9 },
      ...{ publicHost: "127.0.0.1", processes: [], enrolledAt: new Date(), cursor: 0 },
    },
  });
  [acme, globex] = [await createTenantWithAdmin(), await createTenantWithAdmin()];
  support = await createUser("support");
  const { tenantId, admin } = acme;
  const account = { tenantId, name: "Dana Fox", email: "dana@refused.test", policyIds: [] };
  dana = (await callAs(admin).accounts.create(account)).account.id;
  pump = (await callAs(admin).devices.create({ tenantId, name: "Pump", address: "10.0.0.10" })).device.id;
  const tunnel = { tenantId, name: "Camera", attachment: "openvpn" as const };
  camera = (await callAs(admin).devices.create(tunnel)).device.id;
  await tell(tenantId, [
    [30, flow({ port: 502, packets: 6, targetId: pump })],
    [20, flow({ port: null, protocol: "icmp", destination: "10.0.0.99" })],
    [10, flow({ port: 53, protocol: "udp", accountId: null, deviceId: camera, packets: 40, targetId: pump })],
  ]);
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("refused packets", () => {
  test("are listed newest first, with who sent them, to what, on which port and how many", async () => {
    const { rows, total } = await find();
    expect(total).toBe(3);
    const gatewayName = `refused-${gatewayId}`;
    expect(rows).toMatchObject([
      { deviceId: camera, deviceName: "Camera", accountId: null, targetName: "Pump", protocol: "udp", port: 53, packets: 40, gatewayName }, // biome-ignore format: one line
      { accountId: dana, accountName: "Dana Fox", targetId: null, destination: "10.0.0.99", protocol: "icmp", port: null, packets: 1 }, // biome-ignore format: one line
      { accountId: dana, deviceId: null, targetId: pump, destination: "10.0.0.10", protocol: "tcp", port: 502, packets: 6 }, // biome-ignore format: one line
    ]);
    expect(rows[0]).not.toHaveProperty("tenantId");
  });

  test("are found by who sent, by the device, by address and by port", async () => {
    const ports = async (more: object) => (await find(more)).rows.map(({ port }) => port);
    expect(await ports({ accountId: dana })).toEqual([null, 502]);
    expect(await ports({ targetId: pump })).toEqual([53, 502]);
    expect(await ports({ search: "fox" })).toEqual([null, 502]);
    expect(await ports({ search: "camera" })).toEqual([53]);
    expect(await ports({ search: "502" })).toEqual([502]);
    expect(await ports({ search: "10.0.0.99" })).toEqual([null]);
    expect(await ports({ search: "0" }), "an address, not the port of a ping").toEqual([53, null, 502]);
    expect(await ports({ search: "100%" })).toEqual([]);
    expect(await ports({ sort: "packets", pageSize: 1, page: 2 })).toEqual([502]);
  });

  test("are seen by no other tenant, and by staff with whose they are", async () => {
    const { tenantId, admin } = globex;
    expect(await callAs(admin).sessions.refusedPackets({ ...list, tenantId })).toEqual({ rows: [], total: 0 });
    // Another tenant's ids find nothing, nor does a gateway that names them: a sender of another tenant is not believed.
    const eve = { tenantId, name: "Eve Long", email: "eve@refused.test", policyIds: [] };
    const { account } = await callAs(admin).accounts.create(eve);
    await tell(tenantId, [
      [5, flow({ targetId: pump, accountId: dana, port: 21 })],
      [5, flow({ targetId: pump, accountId: account.id, port: 22 })],
    ]);
    const { rows } = await callAs(admin).sessions.refusedPackets({ ...list, tenantId, targetId: pump });
    expect(rows).toMatchObject([{ port: 22, accountName: "Eve Long", targetId: null, targetName: null }]);
    expect((await find()).total).toBe(3);
    await expect(callAs(admin).sessions.refusedPackets({ ...list, tenantId: acme.tenantId })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    const live = await callAs(support).live.refusedPackets({ ...list, tenantId: acme.tenantId });
    expect(live.rows[0]).toMatchObject({ tenantId: acme.tenantId, slug: acme.slug, deviceName: "Camera" });
    expect((await callAs(support).live.refusedPackets({ ...list, gatewayId })).total).toBe(4);
    expect((await callAs(support).sessions.refusedPackets({ ...list, tenantId: acme.tenantId })).total).toBe(3);
  });

  test("keep their address when the device is deleted", async () => {
    const { tenantId, admin } = acme;
    await callAs(admin).devices.delete({ tenantId, deviceId: pump });
    const { rows } = await find({ accountId: dana, search: "10.0.0.10" });
    expect(rows).toMatchObject([{ targetId: null, targetName: null, destination: "10.0.0.10" }]);
  });

  test("go when they are older than is kept, or with their tenant", async () => {
    await tell(acme.tenantId, [[400 * 24 * 60, flow({ port: 8080 })]]);
    expect((await find({ search: "8080" })).total).toBe(1);
    await retain(createLog("test"));
    expect((await find()).rows.map(({ port }) => port)).toEqual([53, null, 502]);
    await callAs(await createUser("administrator")).tenants.delete({ tenantId: globex.tenantId });
    const left = await inTenant(system, globex.tenantId, ({ tx }) => tx.refusedPackets.count());
    expect(left).toBe(0);
  });
});

const find = (more: object = {}) =>
  callAs(acme.admin).sessions.refusedPackets({ ...list, tenantId: acme.tenantId, ...more });

const flow = (change: Partial<RefusedFlow>): RefusedFlow => ({
  ...{ accountId: dana, deviceId: null, destination: "10.0.0.10", targetId: null },
  ...{ protocol: "tcp", port: 80, packets: 1, ...change },
});

let sequence = 0;
function tell(tenantId: string, told: [minutesAgo: number, RefusedFlow][]) {
  const events = told.map(([minutes, flow]) => ({
    ...{ type: "refused_packets" as const, tenants: [{ tenantId, flows: [flow] }] },
    ...{ sequence: ++sequence, at: minutesAgo(minutes).toISOString() },
  }));
  return commitEvents(gatewayId, { epoch: "e", events, isNewEpoch: sequence === told.length });
}
