import { bind, type Scope } from "../core/db";
import { notFound } from "../core/errors";
import { permissionsOf, type TenantPermission } from "../core/permissions";
import type { TenantState } from "../core/prisma/client";
import type { Standing, UserPrincipal } from "../trpc/principal";
import { standingIn } from "../trpc/trpc";

export interface TenantStanding {
  id: string;
  slug: string;
  name: string;
  state: TenantState;
  suspendedReason: string | null;
  standing: Standing;
  permissions: TenantPermission[];
}

/** The tenant behind an address of the app, and what the caller may do in it. For those who stand nowhere in it there is none. */
export async function tenantBySlug(scope: Scope, principal: UserPrincipal, slug: string): Promise<TenantStanding> {
  await bind(scope.tx, { userId: principal.userId, isStaff: principal.staffRole !== null });
  const tenant = await scope.tx.tenant.findUnique({ where: { slug } });
  if (!tenant) throw notFound("tenant");
  const standing = await standingIn(scope, principal, tenant.id);
  return {
    id: tenant.id,
    slug: tenant.slug,
    name: tenant.name,
    state: tenant.state,
    suspendedReason: tenant.suspendedReason,
    standing,
    permissions:
      standing.kind === "member" ? permissionsOf.member(standing.role) : permissionsOf.staffInTenant(standing.role),
  };
}
