/** The browsers that somebody is signed in with: what they see of them, and how they end them. */
import { audit } from "../core/audit";
import type { AuditAction } from "../core/audit-actions";
import { inTenant, inTransaction, type Scope, type TenantScope } from "../core/db";
import { notFound } from "../core/errors";
import type { Claims, Principal } from "../trpc/principal";
import { actorOf } from "../trpc/trpc";

export interface SignInRow {
  id: string;
  createdAt: Date;
  expiresAt: Date;
  address: string;
  userAgent: string;
  isCurrent: boolean;
}

export async function listSignIns(principal: Principal): Promise<SignInRow[]> {
  return asPrincipal(principal, async ({ tx }) => {
    const live = { endedAt: null, expiresAt: { gt: new Date() } };
    const rows =
      principal.kind === "user"
        ? await tx.userSignIn.findMany({ where: { userId: principal.userId, ...live }, orderBy: { createdAt: "desc" } })
        : await tx.accountSignIn.findMany({
            where: { tenantId: principal.tenantId, accountId: principal.accountId, ...live },
            orderBy: { createdAt: "desc" },
          });
    return rows.map(({ id, createdAt, expiresAt, address, userAgent }) => ({
      id,
      createdAt,
      expiresAt,
      address,
      userAgent,
      isCurrent: id === principal.signInId,
    }));
  });
}

/** @throws not_found when it is nobody's, somebody else's, or ended already */
export async function endSignIn(principal: Principal, signInId: string): Promise<void> {
  await asPrincipal(principal, async (scope) => {
    if ((await end(scope, principal, { id: signInId })) === 0) throw notFound("sign-in");
    await note(scope, principal, "sign_in.ended", { signInId, isOwn: signInId === principal.signInId });
  });
}

export async function endOtherSignIns(principal: Principal): Promise<{ ended: number }> {
  return asPrincipal(principal, async (scope) => {
    const ended = await end(scope, principal, { id: { not: principal.signInId } });
    await note(scope, principal, "sign_in.ended_others", { ended });
    return { ended };
  });
}

/** Signing out: also where the sign-in has ended meanwhile. */
export async function signOut(claims: Claims, name: string): Promise<void> {
  const principal = { ...claims, name };
  await asPrincipal(principal, async (scope) => {
    if ((await end(scope, principal, { id: claims.signInId })) > 0)
      await note(scope, principal, "sign_in.ended", { signInId: claims.signInId, isOwn: true });
  });
}

/** Within the caller's transaction. */
export async function end({ tx }: Scope, principal: Claims, which: { id: string | { not: string } }): Promise<number> {
  const where = { ...which, endedAt: null, expiresAt: { gt: new Date() } };
  const { count } =
    principal.kind === "user"
      ? await tx.userSignIn.updateMany({ where: { userId: principal.userId, ...where }, data: { endedAt: new Date() } })
      : await tx.accountSignIn.updateMany({
          where: { tenantId: principal.tenantId, accountId: principal.accountId, ...where },
          data: { endedAt: new Date() },
        });
  return count;
}

type Named = Claims & { name: string };

function asPrincipal<T>(principal: Named, work: (scope: Scope | TenantScope) => Promise<T>): Promise<T> {
  const actor = actorOf(principal);
  return principal.kind === "user"
    ? inTransaction(actor, { userId: principal.userId }, work)
    : inTenant(actor, principal.tenantId, work);
}

export async function note(scope: Scope, principal: Named, action: AuditAction, details: Record<string, unknown> = {}) {
  const id = principal.kind === "user" ? principal.userId : principal.accountId;
  await audit(scope, { action, subject: { kind: principal.kind, id, name: principal.name }, details });
}
