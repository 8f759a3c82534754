import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin } from "@/e2e/support/principals";
import type { GatewayEvent } from "@/gateway/protocol/events";
import { createEnrolledGateway, createRegion } from "../../e2e/support/scene";
import { bind, closeDatabase, database, inTenant, inTransaction, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { commitEvents } from "../gateways/ledger";
import { allocateAddress } from "../tenants/tenants";
import { createDevice, deleteDevice, getDevice, listDevices, updateDevice } from "./devices";

const list = { page: 1, pageSize: 50, sort: "name", order: "asc", search: "" } as const;

async function createTenant(slug: string, cidr: string): Promise<string> {
  const plan = await database().plan.create({
    data: { name: `plan ${slug}`, maxAccounts: 5, maxDevices: 2, monthlyPrice: 0 },
  });
  return inTransaction(system, {}, async ({ tx }) => {
    const id = crypto.randomUUID();
    await bind(tx, { tenantId: id });
    await tx.tenant.create({ data: { id, slug, name: slug, planId: plan.id } });
    await tx.network.create({ data: { tenantId: id, name: "plant", cidr } });
    return id;
  });
}

describe("devices", () => {
  let acme: string;
  let globex: string;
  beforeAll(async () => {
    acme = await createTenant("dev-acme", "10.0.0.0/24");
    globex = await createTenant("dev-globex", "10.0.0.0/24");
  });
  afterAll(async () => {
    await closeQueues();
    await closeDatabase();
  });

  test("a device is found by its tenant and by no other", async () => {
    const { device, revision } = await inTenant(system, acme, (scope) =>
      createDevice(scope, { name: "PLC 1", address: "10.0.0.10", attachment: "routed", description: "", groupIds: [] }),
    );
    expect(revision).toBe(1);
    expect(device.address).toBe("10.0.0.10");
    expect((await inTenant(system, acme, (scope) => listDevices(scope, { ...list, show: [] }))).total).toBe(1);
    expect((await inTenant(system, globex, (scope) => listDevices(scope, { ...list, show: [] }))).total).toBe(0);
    expect(await database().device.count()).toBe(0);
  });

  test("a device outside the tenant's networks is refused, naming them", async () => {
    const attempt = inTenant(system, acme, (scope) =>
      createDevice(scope, { name: "PLC 9", address: "10.9.0.1", attachment: "routed", description: "", groupIds: [] }),
    );
    await expect(attempt).rejects.toMatchObject({
      code: "invalid",
      field: "address",
      message: expect.stringContaining("10.0.0.0/24"),
    });
  });

  test("two devices of a tenant cannot share an address", async () => {
    const attempt = inTenant(system, acme, (scope) =>
      createDevice(scope, { name: "PLC 2", address: "10.0.0.10", attachment: "routed", description: "", groupIds: [] }),
    );
    await expect(attempt).rejects.toMatchObject({ code: "conflict", field: "address" });
  });

  test("a device on openvpn is given a stable address of the tenant's, its own on the platform, and keeps it", async () => {
    const place = { address: "", description: "", groupIds: [], attachment: "openvpn" as const };
    const { device } = await inTenant(system, acme, (scope) => createDevice(scope, { ...place, name: "Crane 4" }));
    const { address } = await inTenant(system, acme, allocateAddress);
    const isOfBlocks = async (one: string) =>
      await inTenant(system, acme, ({ tx }) => tx.$queryRaw`SELECT 1 FROM address_blocks WHERE cidr >> ${one}::inet`);
    expect(await isOfBlocks(device.address)).toHaveLength(1);
    expect(address).not.toBe(device.address);
    expect(device).toMatchObject({ attachment: "openvpn", dnsName: "crane-4.dev-acme.vpn.internal", presence: null });
    const changed = await inTenant(system, acme, (scope) =>
      updateDevice(scope, {
        deviceId: device.id,
        name: "Crane Four",
        address: "10.0.0.99",
        description: "",
        groupIds: [],
      }),
    );
    expect(changed.device).toMatchObject({ address: device.address, dnsName: "crane-four.dev-acme.vpn.internal" });
    await inTenant(system, acme, (scope) => deleteDevice(scope, device.id));
    expect((await inTenant(system, acme, allocateAddress)).address).not.toBe(device.address);
  });

  test("two devices whose names read the same have two names in DNS", async () => {
    const place = { address: "10.0.0.77", description: "", groupIds: [], attachment: "routed" as const };
    const add = (name: string) => inTenant(system, acme, (scope) => createDevice(scope, { ...place, name }));
    const { device } = await add("PLC-1");
    expect(device.dnsName).toBe("plc-1--2.dev-acme.vpn.internal");
    await inTenant(system, acme, (scope) => deleteDevice(scope, device.id));
  });

  test("a device on a tunnel shows where it is, and since when it is not", async () => {
    const place = { address: "", description: "", groupIds: [], attachment: "openvpn" as const };
    const { device } = await inTenant(system, acme, (scope) => createDevice(scope, { ...place, name: "Hoist" }));
    const region = await createRegion("Presence");
    const gateway = await createEnrolledGateway("presence", region);
    const at = new Date();
    const session = { sessionId: randomUUID(), tenantId: acme, connectedAt: at.toISOString() };
    const commit = (sequence: number, event: object) =>
      commitEvents(gateway.gatewayId, {
        epoch: "one",
        isNewEpoch: sequence === 1,
        events: [{ ...session, ...event, sequence, at: at.toISOString() } as GatewayEvent],
      });
    const start = {
      type: "connected",
      accountId: null,
      deviceId: device.id,
      processBoot: "b",
      clientId: 1,
      process: "udp-1194",
    };
    const more = {
      realAddress: "203.0.113.9:4000",
      vpnAddress: device.address,
      fingerprint: "aa",
      clientVersion: null,
      platform: null,
      cipher: null,
    };
    await commit(1, { ...start, ...more });
    const seen = () => inTenant(system, acme, (scope) => getDevice(scope, device.id));
    expect((await seen()).presence).toMatchObject({
      ...{ isOnline: true, since: at, region: "Presence", process: "udp-1194", realAddress: "203.0.113.9:4000" },
    });
    const refusal = {
      type: "refused",
      accountId: null,
      deviceId: device.id,
      code: "already_connected",
      process: "udp-1",
    };
    for (let n = 0; n < 10; n++) {
      expect((await seen()).rival).toBeNull();
      await commit(2 + n, { ...refusal, reason: "connected already", realAddress: "203.0.113.77" });
    }
    expect((await seen()).rival).toEqual({ realAddress: "203.0.113.77", lastAt: at });
    await commit(12, { type: "disconnected", received: 1, sent: 2, code: "left", reason: "unplugged" });
    expect((await seen()).presence).toMatchObject({ isOnline: false, confirmedAt: null, endReason: "unplugged" });
    await inTenant(system, acme, (scope) => deleteDevice(scope, device.id));
    await gateway.stop();
  });

  test("a plan's number of devices is not exceeded", async () => {
    const add = (n: number) =>
      inTenant(system, globex, (scope) =>
        createDevice(scope, {
          name: `d${n}`,
          address: `10.0.0.${n}`,
          attachment: "routed",
          description: "",
          groupIds: [],
        }),
      );
    const outcomes = await Promise.allSettled([add(1), add(2), add(3), add(4)]);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(2);
  });
});

test("an address that is the network's own or its broadcast is refused with which it is", async () => {
  const { tenantId, admin } = await createTenantWithAdmin();
  const create = (address: string) => callAs(admin).devices.create({ tenantId, name: address, address });
  await expect(create("10.0.0.0")).rejects.toThrow("is the network's own address in 10.0.0.0/24");
  await expect(create("10.0.0.255")).rejects.toThrow("is its broadcast address in 10.0.0.0/24");
  await expect(create("10.0.0.10/32")).rejects.toThrow("without /32");
  await expect(create("10.0.0.254")).resolves.toMatchObject({ device: { address: "10.0.0.254" } });
});
