/** The doors that one password opened, in one browser: which they are, for whoever is asked or wants to switch. */
import { inTenant, inTransaction, system } from "../core/db";
import type { Principal } from "../trpc/principal";
import { findPrincipal } from "./sign-in";

export interface Door {
  signInId: string;
  kind: "user" | "account";
  /** Of the tenant whose VPN it opens; of the tenants that a user belongs to. */
  tenantNames: string[];
  isStaff: boolean;
  /** It opens no more than the page that says why. */
  isRevoked: boolean;
  isCurrent: boolean;
}

/** Those that still stand; one alone where nothing is to be chosen. */
export async function listDoors(principal: Principal): Promise<Door[]> {
  const doors: Door[] = [];
  for (const claims of principal.doors ?? [principal]) {
    const found = await findPrincipal(claims);
    if (found) doors.push({ ...(await facts(found)), isCurrent: claims.signInId === principal.signInId });
  }
  return doors;
}

async function facts(principal: Principal): Promise<Omit<Door, "isCurrent">> {
  const { signInId, kind } = principal;
  if (principal.kind === "account") {
    const { tenantId, accountId } = principal;
    const account = await inTenant(system, tenantId, ({ tx }) =>
      tx.account.findUniqueOrThrow({
        where: { tenantId_id: { tenantId, id: accountId } },
        select: { state: true, tenant: { select: { name: true } } },
      }),
    );
    return {
      ...{ signInId, kind, isStaff: false },
      tenantNames: [account.tenant.name],
      isRevoked: account.state === "revoked",
    };
  }
  const { userId, staffRole } = principal;
  const members = await inTransaction(system, { userId }, ({ tx }) =>
    tx.member.findMany({
      where: { userId, tenant: { state: { not: "deleted" } } },
      select: { tenant: { select: { name: true } } },
      orderBy: { tenant: { name: "asc" } },
    }),
  );
  const tenantNames = members.map(({ tenant }) => tenant.name);
  return { ...{ signInId, kind, tenantNames, isRevoked: false }, isStaff: staffRole !== null };
}
