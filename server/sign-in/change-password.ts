import { publishAccounts } from "../accounts/accounts";
import { beginAttempt } from "../core/budget";
import { inTenant, inTransaction, lockTenant } from "../core/db";
import { invalid, revoked } from "../core/errors";
import { hashPassword, requireGoodPassword, verifyPassword } from "../core/password";
import { againBudget } from "../core/sign-in-budgets";
import type { AccountPrincipal, Principal, UserPrincipal } from "../trpc/principal";
import { actorOf } from "../trpc/trpc";
import { end, note } from "./sign-ins";

/**
 * Changes one's own password and ends one's other sign-ins. An account's new one opens the VPN as soon as gateways have it.
 * @throws invalid on `current` or `next`; too_many when the current one is guessed at
 */
export async function changePassword(
  principal: Principal,
  input: { current: string; next: string },
): Promise<{ tenantId: string | null; revision: number | null }> {
  const attempt = await beginAttempt([againBudget(principal.signInId)]);
  const currentHash = await findHash(principal);
  if (!(await verifyPassword(currentHash, input.current)))
    throw invalid("current", "This is not your current password.");
  await attempt.succeed();
  await requireGoodPassword("next", input.next, { email: principal.email, currentHash });
  const passwordHash = await hashPassword(input.next);
  return principal.kind === "user" ? changeUser(principal, passwordHash) : changeAccount(principal, passwordHash);
}

async function findHash(principal: Principal): Promise<string | null> {
  if (principal.kind === "user") {
    return inTransaction(actorOf(principal), { userId: principal.userId }, async ({ tx }) => {
      const user = await tx.user.findUnique({ where: { id: principal.userId }, select: { passwordHash: true } });
      return user?.passwordHash ?? null;
    });
  }
  const { tenantId, accountId } = principal;
  return inTenant(actorOf(principal), tenantId, async ({ tx }) => {
    const account = await tx.account.findUnique({ where: { tenantId_id: { tenantId, id: accountId } } });
    if (account && account.state !== "active") throw revoked(account.revokedReason);
    return account?.passwordHash ?? null;
  });
}

async function changeUser(principal: UserPrincipal, passwordHash: string) {
  await inTransaction(actorOf(principal), { userId: principal.userId }, async (scope) => {
    await scope.tx.user.update({
      where: { id: principal.userId },
      data: { passwordHash, mustChangePassword: false },
    });
    const ended = await end(scope, principal, { id: { not: principal.signInId } });
    await note(scope, principal, "sign_in.change_password", { otherSignInsEnded: ended });
  });
  return { tenantId: null, revision: null };
}

async function changeAccount(principal: AccountPrincipal, passwordHash: string) {
  const { tenantId, accountId } = principal;
  return inTenant(actorOf(principal), tenantId, async (scope) => {
    await lockTenant(scope);
    await scope.tx.account.update({
      where: { tenantId_id: { tenantId, id: accountId } },
      data: { passwordHash, mustChangePassword: false, passwordExpiresAt: null },
    });
    const ended = await end(scope, principal, { id: { not: principal.signInId } });
    await note(scope, principal, "sign_in.change_password", { otherSignInsEnded: ended });
    const revision = await publishAccounts(scope, [accountId], `${principal.name} changed their password`);
    return { tenantId, revision };
  });
}
