import { afterAll, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import { closeDatabase } from "../core/db";
import { closeQueues } from "../core/queue";

afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

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
