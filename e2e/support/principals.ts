/** People for integration tests: staff, members and accounts, made as the procedures make them, and calls in their name. */
import { randomBytes } from "node:crypto";
import { database, inTenant, system } from "@/server/core/db";
import { createLog } from "@/server/core/log";
import type { MemberRole, StaffRole } from "@/server/core/prisma/client";
import type { AccountPrincipal, Principal, UserPrincipal } from "@/server/trpc/principal";
import { callerOf } from "@/server/trpc/root";

export function callAs(
  principal: Principal | null,
  address = "192.0.2.1",
  rememberBrowser?: (holderId: string) => Promise<void>,
) {
  return callerOf({ principal, address, userAgent: "test", log: createLog("test"), rememberBrowser });
}

export const unique = (label: string) => `${label}-${randomBytes(4).toString("hex")}`;

export async function createUser(staffRole: StaffRole | null = null): Promise<UserPrincipal> {
  const label = unique("user");
  const user = await database().user.create({ data: { email: `${label}@example.test`, name: label, staffRole } });
  const signIn = await database().userSignIn.create({
    data: { userId: user.id, expiresAt: new Date(Date.now() + 3600_000) },
  });
  const { id: userId, email, name } = user;
  return { kind: "user", userId, email, name, staffRole, signInId: signIn.id, mustChangePassword: false };
}

export async function createPlan(limits: { maxAccounts?: number; maxDevices?: number } = {}) {
  const data = { name: unique("plan"), maxAccounts: 100, maxDevices: 100, monthlyPrice: 0, ...limits };
  return database().plan.create({ data });
}

export async function createRegion() {
  const code = unique("region");
  return database().region.create({ data: { code, name: code } });
}

/** A gateway's row, as enrolled; no agent stands behind it. */
export async function createGatewayRow() {
  const region = await createRegion();
  const data = { apiHost: "192.0.2.9", apiPort: 8443, publicHost: "gw.example.test", processes: [] };
  return database().gateway.create({
    data: { ...data, name: unique("gw"), regionId: region.id, enrolledAt: new Date() },
  });
}

/** A tenant by the procedure, and its first admin as a member. */
export async function createTenantWithAdmin(
  options: { networks?: { name: string; cidr: string }[]; planId?: string; slug?: string } = {},
) {
  const staff = await createUser("administrator");
  const created = await callAs(staff).tenants.create({
    name: options.slug ?? unique("Tenant"),
    slug: options.slug ?? unique("tenant"),
    planId: options.planId ?? (await createPlan()).id,
    networks: options.networks ?? [{ name: "plant", cidr: "10.0.0.0/24" }],
    admin: { email: `${unique("admin")}@example.test` },
  });
  const admin = await createMember(created.tenantId, "admin");
  return { ...created, staff, admin };
}

export async function createMember(tenantId: string, role: MemberRole): Promise<UserPrincipal> {
  const user = await createUser();
  await inTenant(system, tenantId, ({ tx }) => tx.member.create({ data: { tenantId, userId: user.userId, role } }));
  return user;
}

/** The principal that a signed-in account has, with its password taken as changed. */
export async function accountPrincipal(tenantId: string, accountId: string): Promise<AccountPrincipal> {
  return inTenant(system, tenantId, async ({ tx }) => {
    const account = await tx.account.update({
      where: { tenantId_id: { tenantId, id: accountId } },
      data: { mustChangePassword: false, passwordExpiresAt: null },
    });
    const signIn = await tx.accountSignIn.create({
      data: { tenantId, accountId, expiresAt: new Date(Date.now() + 3600_000) },
    });
    const { email, name } = account;
    return { kind: "account", tenantId, accountId, email, name, signInId: signIn.id, mustChangePassword: false };
  });
}
