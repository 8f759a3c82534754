import { inTenant, inTransaction } from "../core/db";
import { permissionsOf, type StaffPermission } from "../core/permissions";
import type { MemberRole, StaffRole } from "../core/prisma/client";
import type { Principal } from "../trpc/principal";
import { actorOf } from "../trpc/trpc";

export type Viewer =
  | {
      kind: "user";
      name: string;
      email: string;
      staffRole: StaffRole | null;
      staffPermissions: StaffPermission[];
      mustChangePassword: boolean;
      /** The same password lets them in elsewhere too: they may switch. */
      hasOtherDoors: boolean;
      tenants: { id: string; slug: string; name: string; role: MemberRole }[];
    }
  | {
      kind: "account";
      name: string;
      email: string;
      tenantName: string;
      mustChangePassword: boolean;
      hasOtherDoors: boolean;
    };

/** What the frame around every page shows of whoever is there. */
export async function viewer(principal: Principal | null): Promise<Viewer | null> {
  if (!principal) return null;
  const { name, email, mustChangePassword } = principal;
  const actor = actorOf(principal);
  const hasOtherDoors = (principal.doors?.length ?? 1) > 1;
  if (principal.kind === "account") {
    const { tenantId } = principal;
    const tenant = await inTenant(actor, tenantId, ({ tx }) => tx.tenant.findUnique({ where: { id: tenantId } }));
    return { kind: "account", name, email, mustChangePassword, hasOtherDoors, tenantName: tenant?.name ?? "" };
  }
  const { userId, staffRole } = principal;
  const members = await inTransaction(actor, { userId }, ({ tx }) =>
    tx.member.findMany({
      where: { userId, tenant: { state: { not: "deleted" } } },
      select: { role: true, tenant: { select: { id: true, slug: true, name: true } } },
      orderBy: { tenant: { name: "asc" } },
    }),
  );
  return {
    kind: "user",
    name,
    email,
    mustChangePassword,
    hasOtherDoors,
    staffRole,
    staffPermissions: staffRole ? permissionsOf.staff(staffRole) : [],
    tenants: members.map(({ role, tenant }) => ({ ...tenant, role })),
  };
}
