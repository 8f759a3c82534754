import { afterAll, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import { closeDatabase, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { publishCeilings } from "./ceilings";

afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

/** The rates in the documents of these accounts, by which gateways go. */
async function ratesOf(tenantId: string, accountIds: string[]) {
  return inTenant(system, tenantId, async ({ tx }) => {
    const rows = await tx.documentEntry.findMany({ where: { tenantId, id: { in: accountIds } } });
    return accountIds.map((id) => (rows.find((row) => row.id === id)!.value as { rate: unknown }).rate);
  });
}

const limits = { maxAccounts: 5, maxDevices: 10, monthlyPrice: 4900 };

test("a plan is made, changed and withdrawn, in the operator's own audit; tenants that have it keep it", async () => {
  const staff = callAs(await createUser("account_manager"));
  const name = unique("Small");
  const plan = await staff.plans.create({ name, ...limits });
  const tenant = await createTenantWithAdmin({ planId: plan.id });
  await staff.plans.update({ planId: plan.id, name, ...limits, maxAccounts: 6 });
  await staff.plans.withdraw({ planId: plan.id });
  const { rows } = await staff.plans.list({ search: name });
  expect(rows).toMatchObject([{ id: plan.id, maxAccounts: 6, currency: "EUR", isOffered: false, tenants: 1 }]);
  expect((await staff.plans.list({ search: name, isOffered: true })).total).toBe(0);
  const { tenantId } = tenant;
  await expect(staff.tenants.update({ tenantId, name: "Kept", planId: plan.id })).resolves.toBeDefined();
  const audited = await staff.audit.platform({ subjectId: plan.id });
  expect(audited.rows.map(({ action }) => action)).toEqual(["plans.withdraw", "plans.update", "plans.create"]);
});

test("a plan is refused with a name that is taken, or limits and prices that make no sense", async () => {
  const staff = callAs(await createUser("administrator"));
  const name = unique("Plan");
  await staff.plans.create({ name, ...limits });
  await expect(staff.plans.create({ name, ...limits })).rejects.toMatchObject({
    code: "CONFLICT",
    cause: { field: "name" },
  });
  for (const bad of [{ maxAccounts: 0 }, { maxDevices: 1.5 }, { monthlyPrice: -1 }, { currency: "euro" }])
    await expect(staff.plans.create({ name: unique("x"), ...limits, ...bad })).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
});

test("a plan's speed limit holds every account that has none of its own, on whichever tenant, from the change on", async () => {
  const staff = callAs(await createUser("account_manager"));
  const slow = { down: 2_000, up: 1_000 };
  const fast = { down: 9_000, up: 8_000 };
  const own = { down: 700, up: 600 };
  const name = unique("Limited");
  const plan = await staff.plans.create({ name, ...limits, ceiling: slow });
  const first = await createTenantWithAdmin({ planId: plan.id });
  const second = await createTenantWithAdmin({ planId: plan.id });
  const add = async ({ admin, tenantId }: typeof first) => {
    const email = `${unique("person")}@example.test`;
    return (await callAs(admin).accounts.create({ tenantId, name: "person", email, policyIds: [] })).account.id;
  };
  const [one, other, third] = [await add(first), await add(first), await add(second)];
  const { tenantId } = first;
  await callAs(first.admin).accounts.update({ tenantId, accountId: other, name: "other", policyIds: [], rate: own });
  expect(await ratesOf(tenantId, [one, other])).toEqual([slow, own]);

  await staff.plans.update({ planId: plan.id, name, ...limits, ceiling: fast });
  expect((await staff.plans.list({ search: name })).rows[0]).toMatchObject({ ceiling: fast, tenants: 2, behind: 2 });
  await publishCeilings(createLog("test"));
  expect((await staff.plans.list({ search: name })).rows[0]).toMatchObject({ behind: 0 });
  expect(await ratesOf(tenantId, [one, other])).toEqual([fast, own]);
  expect(await ratesOf(second.tenantId, [third])).toEqual([fast]);
  const revision = () =>
    inTenant(
      system,
      tenantId,
      async ({ tx }) => (await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } })).revision,
    );
  const before = await revision();
  await staff.plans.update({ planId: plan.id, name, ...limits, maxAccounts: 7 });
  await publishCeilings(createLog("test"));
  expect(await revision(), "left out, it stays, and gateways need not hear of it").toBe(before);

  const without = await staff.plans.create({ name: unique("Without"), ...limits });
  await staff.tenants.update({ tenantId, name: "Moved", planId: without.id });
  expect(await ratesOf(tenantId, [one, other])).toEqual([null, own]);
  expect(await ratesOf(second.tenantId, [third])).toEqual([fast]);
  await expect(staff.plans.create({ name: unique("x"), ...limits, ceiling: { down: 1, up: 1 } })).rejects.toMatchObject(
    { code: "BAD_REQUEST" },
  );
});
