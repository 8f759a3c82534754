import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bind, closeDatabase, database, inTenant, inTransaction, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { createDevice, listDevices } from "./devices";

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
      createDevice(scope, { name: "PLC 1", address: "10.0.0.10", description: "", groupIds: [] }),
    );
    expect(revision).toBe(1);
    expect(device.address).toBe("10.0.0.10");
    expect((await inTenant(system, acme, (scope) => listDevices(scope, list))).total).toBe(1);
    expect((await inTenant(system, globex, (scope) => listDevices(scope, list))).total).toBe(0);
    expect(await database().device.count()).toBe(0);
  });

  test("a device outside the tenant's networks is refused, naming them", async () => {
    const attempt = inTenant(system, acme, (scope) =>
      createDevice(scope, { name: "PLC 9", address: "10.9.0.1", description: "", groupIds: [] }),
    );
    await expect(attempt).rejects.toMatchObject({
      code: "invalid",
      field: "address",
      message: expect.stringContaining("10.0.0.0/24"),
    });
  });

  test("two devices of a tenant cannot share an address", async () => {
    const attempt = inTenant(system, acme, (scope) =>
      createDevice(scope, { name: "PLC 2", address: "10.0.0.10", description: "", groupIds: [] }),
    );
    await expect(attempt).rejects.toMatchObject({ code: "conflict", field: "address" });
  });

  test("a plan's number of devices is not exceeded", async () => {
    const add = (n: number) =>
      inTenant(system, globex, (scope) =>
        createDevice(scope, { name: `d${n}`, address: `10.0.0.${n}`, description: "", groupIds: [] }),
      );
    const outcomes = await Promise.allSettled([add(1), add(2), add(3), add(4)]);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(2);
  });
});
