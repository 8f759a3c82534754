/** `npm run seed`: one scenario, told as it goes. */
import { closeDatabase, inTransaction, system, takeYourTime } from "../../server/core/db";
import { AppError } from "../../server/core/errors";
import { closeQueues } from "../../server/core/queue";
import { asStaff } from "./callers";
import { largeNetwork, seedLarge, sizeOf } from "./large";
import { seedOperator } from "./operator";
import { isEmpty, type Scenario, seed } from "./seed";

export async function fill(
  scenario: string,
  accounts: number,
  settings: { SEED_PASSWORD: string; ADMINISTRATOR_EMAIL: string },
): Promise<void> {
  const { SEED_PASSWORD: password, ADMINISTRATOR_EMAIL: administratorEmail } = settings;
  takeYourTime();
  try {
    if (scenario === "large") return await fillLarge(accounts, password, administratorEmail);
    if (!(await isEmpty())) throw new AppError("conflict", "This database has people in it; only `large` adds to one.");
    const signIns = await seed(scenario as Scenario, { password, administratorEmail });
    console.log(`Sign in with the password ${password} as`);
    for (const { email, who } of signIns) console.log(`  ${email}   ${who}`);
  } finally {
    await closeQueues();
    await closeDatabase();
  }
}

async function fillLarge(accounts: number, password: string, administratorEmail: string): Promise<void> {
  if (await isEmpty()) await seedOperator(password, administratorEmail);
  const beganAt = Date.now();
  const staff = await inTransaction(system, { isStaff: true }, ({ tx }) =>
    tx.user.findFirstOrThrow({ where: { staffRole: "administrator" }, orderBy: { createdAt: "asc" } }),
  );
  const caller = asStaff({ userId: staff.id, email: staff.email, name: staff.name, staffRole: "administrator" });
  const plans = await caller.plans.list({ pageSize: 100, sort: "createdAt" });
  const plan = plans.rows.sort((a, b) => b.maxAccounts - a.maxAccounts)[0];
  if (!plan) throw new AppError("conflict", "There is no plan yet; make one first.");
  const number = (await caller.tenants.list({ search: "Meridian Rail" })).total + 1;
  const name = number === 1 ? "Meridian Rail" : `Meridian Rail ${number}`;
  const { tenantId, slug } = await caller.tenants.create({
    name,
    slug: name.toLowerCase().replaceAll(" ", "-"),
    planId: plan.id,
    networks: [largeNetwork],
    admin: { email: `admin@${name.toLowerCase().replaceAll(" ", "-")}.example` },
  });
  const size = sizeOf(accounts);
  await seedLarge(tenantId, size, { password });
  const counts = Object.entries(size).map(([what, count]) => `${count} ${what}`);
  console.log(`${name} (/${slug}): ${counts.join(", ")}, in ${((Date.now() - beganAt) / 1000).toFixed(1)} s`);
}
