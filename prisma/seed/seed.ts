/**
 * Scenarios that a database is filled with; the same names, addresses and numbers every time. `demonstration` and
 * `operator` go through the procedures, as people do; `large` is written in bulk, for measuring.
 */
import { ensureAuthorities } from "../../server/certificates/authority";
import { inTransaction, system } from "../../server/core/db";
import { seedDemonstration } from "./demonstration";
import { createStaff, type OperatorSeed, seedOperator } from "./operator";
import type { SignIn } from "./sign-in";

export const scenarios = {
  demonstration: "an operator with two tenants, their devices, people and policies",
  operator: "an operator with its staff, regions and plans, and no tenant yet",
  empty: "one administrator and nothing else",
} as const;
export type Scenario = keyof typeof scenarios;

/** Nobody can sign in yet. */
export const isEmpty = () => inTransaction(system, { isStaff: true }, async ({ tx }) => (await tx.user.count()) === 0);

/** @returns who can sign in, all with that password */
export async function seed(
  scenario: Scenario,
  options: { password: string; administratorEmail: string },
): Promise<SignIn[]> {
  const { password, administratorEmail } = options;
  await ensureAuthorities();
  if (scenario === "empty") {
    const { name, email } = await createStaff("administrator", "Administrator", administratorEmail, password);
    return [{ kind: "staff", name, email, who: "administrator" }];
  }
  const { operator, signIns } =
    scenario === "operator"
      ? { operator: await seedOperator(password, administratorEmail), signIns: [] }
      : await seedDemonstration(password, administratorEmail);
  return [...staffSignIns(operator!), ...signIns];
}

const staffSignIns = ({ administrator, accountManager, support }: OperatorSeed): SignIn[] =>
  [administrator, accountManager, support].map(({ name, email, staffRole }) => ({
    kind: "staff",
    name,
    email,
    who: staffRole.replaceAll("_", " "),
  }));
