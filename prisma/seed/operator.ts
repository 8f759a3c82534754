/** The operator: staff, regions and plans. */
import { audit } from "../../server/core/audit";
import { inTransaction, system } from "../../server/core/db";
import { hashPassword } from "../../server/core/password";
import type { StaffRole } from "../../server/core/prisma/client";
import { asStaff, type StaffMember } from "./callers";

export interface OperatorSeed {
  administrator: StaffMember;
  accountManager: StaffMember;
  support: StaffMember;
  /** By code. */
  regions: Record<string, string>;
  /** By name. */
  plans: Record<string, string>;
}

const regions = [
  { code: "fra", name: "Frankfurt" },
  { code: "dub", name: "Dublin" },
];

const plans = [
  {
    name: "Starter",
    description: "One site and a handful of people.",
    maxAccounts: 25,
    maxDevices: 50,
    monthlyPrice: 49_00,
  },
  {
    name: "Business",
    description: "Several sites, with people who come and go.",
    maxAccounts: 250,
    maxDevices: 1_000,
    monthlyPrice: 390_00,
  },
  {
    name: "Enterprise",
    description: "A fleet: hundreds of sites, thousands of people.",
    maxAccounts: 250_000,
    maxDevices: 500_000,
    monthlyPrice: 4_900_00,
  },
];

export async function seedOperator(password: string, administratorEmail: string): Promise<OperatorSeed> {
  const administrator = await createStaff("administrator", "Astrid Holm", administratorEmail, password);
  const accountManager = await createStaff(
    "account_manager",
    "Ben Adeyemi",
    "account-manager@drawbridge.example",
    password,
  );
  const support = await createStaff("support", "Carla Mendes", "support@drawbridge.example", password);
  const staff = asStaff(administrator);
  const regionIds: Record<string, string> = {};
  for (const region of regions) regionIds[region.code] = (await staff.regions.create(region)).id;
  const planIds: Record<string, string> = {};
  for (const plan of plans) planIds[plan.name] = (await staff.plans.create(plan)).id;
  return { administrator, accountManager, support, regions: regionIds, plans: planIds };
}

/** Staff are made by whoever runs the installation; there is no screen for it. */
export async function createStaff(
  staffRole: StaffRole,
  name: string,
  email: string,
  password: string,
): Promise<StaffMember> {
  const passwordHash = await hashPassword(password);
  return inTransaction(system, { isStaff: true }, async (scope) => {
    const user = await scope.tx.user.create({ data: { name, email, passwordHash, staffRole } });
    await audit(scope, {
      action: "staff.create",
      subject: { kind: "user", id: user.id, name },
      details: { email, staffRole },
    });
    return { userId: user.id, email, name, staffRole };
  });
}
