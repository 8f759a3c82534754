import { afterAll, expect, test, vi } from "vitest";
import { callAs, createGatewayRow, createTenantWithAdmin } from "@/e2e/support/principals";
import { closeDatabase, inTenant, system } from "../core/db";
import { closeQueues } from "../core/queue";

// Before the settings are read: a range of four blocks, of which the first is not given out. No other test uses it.
process.env.VPN_RANGE = "100.127.192.0/18";

afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

test("blocks stay clear of networks, a range that is used up says so, and a deleted tenant's block is given again once it has rested and every gateway has dropped it", async () => {
  const gateway = await createGatewayRow();
  const usedUp = { code: "FORBIDDEN", message: expect.stringContaining("100.127.192.0/18 is used up") };
  const first = await createTenantWithAdmin();
  const blocksOf = async (tenantId: string) => (await callAs(first.staff).tenants.get({ tenantId })).blocks;
  const network = { tenantId: first.tenantId, name: "of before the range was this", cidr: "100.127.224.0/24" };
  const { id } = await inTenant(system, first.tenantId, ({ tx }) => tx.network.create({ data: network }));
  const second = await createTenantWithAdmin();
  expect(await blocksOf(second.tenantId), "beside the network").toEqual(["100.127.240.0/20"]);
  await expect(createTenantWithAdmin()).rejects.toMatchObject(usedUp);
  await inTenant(system, first.tenantId, ({ tx }) => tx.network.deleteMany({ where: { id } }));
  const tenants = [first, second, await createTenantWithAdmin()];
  await expect(createTenantWithAdmin()).rejects.toMatchObject(usedUp);

  const { tenantId, staff } = tenants[1]!;
  const [block] = await blocksOf(tenantId);
  const { revision } = await callAs(staff).tenants.delete({ tenantId });
  const deletedDaysAgo = (days: number) =>
    inTenant(system, tenantId, ({ tx }) =>
      tx.tenant.update({ where: { id: tenantId }, data: { deletedAt: new Date(Date.now() - days * 24 * 3600_000) } }),
    );
  await deletedDaysAgo(31);
  await expect(createTenantWithAdmin(), "a gateway may still have it").rejects.toMatchObject(usedUp);
  await deletedDaysAgo(29);

  // Other tests' gateways are in the same database, and some may be made meanwhile: each has to have dropped it.
  const everyGatewayDropsIt = () =>
    inTenant(system, tenantId, async ({ tx }) => {
      const gateways = await tx.gateway.findMany();
      expect(gateways.map(({ id }) => id)).toContain(gateway.id);
      const data = gateways.map(({ id }) => ({ tenantId, gatewayId: id, revision }));
      await tx.appliedRevision.createMany({ data, skipDuplicates: true });
    });
  await everyGatewayDropsIt();
  await expect(createTenantWithAdmin(), "it has not rested").rejects.toMatchObject(usedUp);
  await deletedDaysAgo(31);
  const next = await vi.waitFor(
    async () => {
      await everyGatewayDropsIt();
      return createTenantWithAdmin();
    },
    { timeout: 20_000 },
  );
  expect(await blocksOf(next.tenantId)).toEqual([block]);
});
