/**
 * Links by mail that set a password, once: for a new person, for one who has forgotten theirs, and for one to whom an
 * admin sends it. Whether anybody has an email is never told to whoever asks.
 */
import type { z } from "zod";
import { publishAccounts } from "../accounts/accounts";
import { audit } from "../core/audit";
import { beginAttempt } from "../core/budget";
import { type Actor, inTenant, inTransaction, lockTenant, type Scope, system, type TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, notFound, revoked } from "../core/errors";
import { hashPassword, requireGoodPassword, temporaryPasswordDays } from "../core/password";
import { createLinkToken, type LinkHolder, linkLifetimeMs, readLinkToken } from "../core/password-link";
import { enqueue } from "../core/queue";
import { linkBudgets } from "../core/sign-in-budgets";
import { forgetSecrets, nameInMail, sendMail } from "../mail/mail";
import { passwordLinksSend } from "./jobs";
import type { setPasswordInput } from "./schema";

/** Says nothing of whether anybody has the email. @throws too_many, the same for one that nobody has */
export async function requestLinks(email: string, address: string): Promise<void> {
  await beginAttempt(linkBudgets(email, address));
  await enqueue(passwordLinksSend, { email });
}

/** Handles `password-links.send`: one mail for each user and account that may sign in with this email. */
export async function sendLinks({ email }: { email: string }): Promise<void> {
  const { user, accounts } = await inTransaction(system, { signInEmail: email }, async ({ tx }) => ({
    user: await tx.user.findUnique({ where: { email } }),
    accounts: await tx.account.findMany({
      where: { email, state: "active" },
      select: { tenantId: true, id: true },
      orderBy: { createdAt: "asc" },
      take: 10,
    }),
  }));
  if (user) await inTransaction(system, { userId: user.id }, (scope) => sendUserLink(scope, user.id));
  for (const { tenantId, id } of accounts) await inTenant(system, tenantId, (scope) => sendAccountLink(scope, id));
}

/** @returns whether one was sent: none to somebody who is disabled, or has yet to accept their invitation */
export async function sendUserLink(scope: Scope, userId: string): Promise<boolean> {
  const user = await scope.tx.user.findUnique({ where: { id: userId } });
  if (!user?.passwordHash || user.disabledAt) return false;
  const { name, email, passwordHash } = user;
  await send(scope, { kind: "user", userId }, { name, email, passwordHash }, "your sign-in");
  return true;
}

export async function sendAccountLink(scope: TenantScope, accountId: string): Promise<boolean> {
  const { tx, tenantId } = scope;
  const account = await tx.account.findUnique({
    where: { tenantId_id: { tenantId, id: accountId } },
    include: { tenant: { select: { name: true } } },
  });
  if (account?.state !== "active") return false;
  const holder: LinkHolder = { kind: "account", tenantId, accountId };
  await send(
    scope,
    holder,
    account,
    `your VPN access to ${nameInMail(account.tenant.name)}`,
    account.mustChangePassword ? "first" : "reset",
  );
  return true;
}

/** Where the first one went astray, or has ended. @throws conflict where the account is revoked */
export async function sendLinkTo(scope: TenantScope, accountId: string): Promise<void> {
  const where = { tenantId_id: { tenantId: scope.tenantId, id: accountId } };
  const account = await scope.tx.account.findUnique({ where, select: { name: true } });
  if (!account) throw notFound("account");
  if (!(await sendAccountLink(scope, accountId)))
    throw new AppError("conflict", `${account.name}'s access is revoked. Restore it first.`);
}

async function send(
  scope: Scope & { tenantId?: string },
  holder: LinkHolder,
  { name, email, passwordHash }: { name: string; email: string; passwordHash: string },
  what: string,
  lifetime: keyof typeof linkLifetimeMs = "reset",
): Promise<void> {
  const token = createLinkToken(holder, { email, passwordHash }, linkLifetimeMs[lifetime]);
  const id = idOf(holder);
  await sendMail(scope, {
    to: email,
    subject: "Set a new password",
    text: `Hello ${nameInMail(name)},

Set a new password for ${what} here:
${env.APP_URL}/set-password/${token}

The link works once, for ${lifetime === "first" ? `${temporaryPasswordDays} days` : "an hour"}. Until it is used, the password that you have goes on working. If you did not ask for it, ignore this mail.
`,
    secret: { value: token, of: id },
  });
  await audit(scope, { action: "sign_in.send_link", subject: { kind: holder.kind, id, name } });
}

export interface OpenLink {
  email: string;
  /** Of an account; null for a user of the dashboard. */
  tenantName: string | null;
}

export async function openLink(token: string): Promise<OpenLink> {
  return withHolder(token, async (_, { email, tenantName }) => ({ email, tenantName }));
}

/** Ends every sign-in of whoever it is for. @returns their id too, by which their browser is known from now on */
export async function setPassword({
  token,
  password,
}: z.infer<typeof setPasswordInput>): Promise<{ email: string; holderId: string }> {
  const before = await openLink(token);
  await requireGoodPassword("password", password, { email: before.email, currentHash: null });
  const passwordHash = await hashPassword(password);
  return withHolder(token, async (unbound, { holder, name, email }) => {
    const id = idOf(holder);
    const actor: Actor = { kind: holder.kind, id, name };
    const data = { passwordHash, mustChangePassword: false };
    const ended = { endedAt: new Date() };
    const record = { action: "sign_in.set_password", subject: { kind: holder.kind, id, name } } as const;
    if (holder.kind === "user") {
      const scope = { ...unbound, actor };
      await scope.tx.user.update({ where: { id }, data });
      await scope.tx.userSignIn.updateMany({ where: { userId: id, endedAt: null }, data: ended });
      await forgetSecrets(scope, [id]);
      await audit(scope, record);
    } else {
      const { tenantId } = holder;
      const scope: TenantScope = { ...unbound, tenantId, actor };
      await scope.tx.account.update({
        where: { tenantId_id: { tenantId, id } },
        data: { ...data, passwordExpiresAt: null },
      });
      await scope.tx.accountSignIn.updateMany({ where: { tenantId, accountId: id, endedAt: null }, data: ended });
      await forgetSecrets(scope, [id]);
      await audit(scope, record);
      await publishAccounts(scope, [id], `${name} set a password`);
    }
    return { email, holderId: id };
  });
}

interface Found extends OpenLink {
  holder: LinkHolder;
  name: string;
}

/**
 * In a transaction that is bound to whom the token is for, and under their tenant's lock, so that of two that come with
 * one link at once one finds it used.
 * @throws not_found or conflict in the same words for a link that was made up and for one that was used
 */
async function withHolder<T>(token: string, work: (scope: Scope, found: Found) => Promise<T>): Promise<T> {
  const claims = readLinkToken(token);
  if (!claims) throw new AppError("not_found", unusable);
  const { holder } = claims;
  const requireMatch = (standing: { email: string; passwordHash: string | null } | null) => {
    if (!standing?.passwordHash || !claims.isFor({ email: standing.email, passwordHash: standing.passwordHash }))
      throw new AppError("not_found", unusable);
    if (claims.expiresAt <= new Date()) throw new AppError("conflict", "This link has expired. Ask for another.");
  };
  if (holder.kind === "user")
    return inTransaction(system, { userId: holder.userId }, async (scope) => {
      await scope.tx.$queryRaw`SELECT 1 FROM users WHERE id = ${holder.userId}::uuid FOR UPDATE`;
      const user = await scope.tx.user.findUnique({ where: { id: holder.userId } });
      requireMatch(user && !user.disabledAt ? user : null);
      return work(scope, { holder, name: user!.name, email: user!.email, tenantName: null });
    });
  const { tenantId, accountId } = holder;
  return inTenant(system, tenantId, async (scope) => {
    await lockTenant(scope);
    const account = await scope.tx.account.findUnique({
      where: { tenantId_id: { tenantId, id: accountId } },
      include: { tenant: { select: { name: true } } },
    });
    requireMatch(account);
    if (account!.state !== "active") throw revoked(account!.revokedReason);
    return work(scope, { holder, name: account!.name, email: account!.email, tenantName: account!.tenant.name });
  });
}

const unusable = "This link was used already, or is not whole. Ask for another.";
const idOf = (holder: LinkHolder) => (holder.kind === "user" ? holder.userId : holder.accountId);
