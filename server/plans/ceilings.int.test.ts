import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import { until } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import { startWorkers, type WorkerProcess } from "@/e2e/support/worker-process";
import { closeDatabase, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { publishCeilings } from "./ceilings";

let dropDatabase: () => Promise<void>;
let owner: pg.Client;
let workers: WorkerProcess | undefined;

// A database of its own: workers look at all that they find.
beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  owner = new pg.Client({ connectionString: process.env.MIGRATE_DATABASE_URL });
  await owner.connect();
});
afterAll(async () => {
  workers?.child.kill("SIGKILL");
  await workers?.ended;
  await owner.end();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

const limits = { maxAccounts: 5, maxDevices: 10, monthlyPrice: 0 };
const slow = { down: 2_000, up: 1_000 };
const fast = { down: 9_000, up: 8_000 };

test("a plan's new ceiling reaches every tenant once, though the worker is killed when it has told some of them", async () => {
  const staff = callAs(await createUser("account_manager"));
  const name = unique("Killed");
  const plan = await staff.plans.create({ name, ...limits, ceiling: slow });
  const ids: string[] = [];
  for (const person of ["one", "two", "three"]) {
    const { tenantId, admin } = await createTenantWithAdmin({ planId: plan.id });
    await callAs(admin).accounts.create({ tenantId, name: person, email: `${person}@ceilings.test` });
    ids.push(tenantId);
  }
  const [first, second, third] = ids.sort() as [string, string, string];
  const before = await Promise.all(ids.map(stateOf));
  const told = before.map(({ revision }) => ({ revision: revision + 1, rate: fast }));
  expect(before.map(({ rate }) => rate)).toEqual([slow, slow, slow]);

  await owner.query("BEGIN");
  await owner.query("SELECT FROM tenants WHERE id = $1 FOR UPDATE", [second]);
  await staff.plans.update({ planId: plan.id, name, ...limits, ceiling: fast });
  workers = await startWorkers();
  await until("the worker waits for the second tenant", isSomebodyWaiting, 60_000);
  workers.child.kill("SIGKILL");
  await workers.ended;
  await owner.query("ROLLBACK");
  expect(await Promise.all([first, second, third].map(stateOf))).toEqual([told[0], before[1], before[2]]);
  expect((await staff.plans.list({ search: name })).rows[0]).toMatchObject({ tenants: 3, behind: 2 });

  await publishCeilings(createLog("test"));
  expect(await Promise.all(ids.map(stateOf))).toEqual(told);
  await publishCeilings(createLog("test"));
  expect(await Promise.all(ids.map(stateOf)), "once each").toEqual(told);
  expect((await staff.plans.list({ search: name })).rows[0]).toMatchObject({ behind: 0 });
}, 300_000);

/** The tenant's revision, and the rate that its only account has in the document. */
async function stateOf(tenantId: string) {
  return inTenant(system, tenantId, async ({ tx }) => {
    const { revision } = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
    const { value } = await tx.documentEntry.findFirstOrThrow({ where: { tenantId, kind: "account" } });
    return { revision: Number(revision), rate: (value as { rate: typeof fast | null }).rate };
  });
}

async function isSomebodyWaiting(): Promise<boolean> {
  const { rowCount } = await owner.query(
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'",
  );
  return rowCount === 1;
}
