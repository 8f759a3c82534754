/**
 * VPN accounts: one person's way in. An account has one stable address of its tenant's, a password that opens the portal
 * and the tunnel, and the policies that name it; every change reaches the gateways as a revision.
 */
import type { z } from "zod";
import type { Entry, RateLimit } from "@/gateway/protocol/document";
import { audit } from "../core/audit";
import type { TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, conflict, invalid, isUniqueViolation, notFound } from "../core/errors";
import { holdOf, noHold } from "../core/hold";
import { bareAddress } from "../core/inet";
import { createTemporaryPassword, hashPassword, temporaryPasswordDays } from "../core/password";
import { createLinkToken, linkLifetimeMs } from "../core/password-link";
import type { Account, Plan } from "../core/prisma/client";
import { goneGrantEntries } from "../grants/grants";
import { nameInMail, sendMail } from "../mail/mail";
import { publish } from "../revisions/revisions";
import { allocateAddress, releaseAddress } from "../tenants/tenants";
import type { createAccountInput, revokeAccountInput, updateAccountInput } from "./schema";

export interface AccountSummary {
  id: string;
  name: string;
  email: string;
  address: string;
  state: "active" | "revoked";
}

/** @returns the temporary password too, which is kept nowhere and so shown once */
export async function createAccount(
  scope: TenantScope,
  input: z.infer<typeof createAccountInput>,
): Promise<{ account: AccountSummary; temporaryPassword: string; revision: number }> {
  const { tx, tenantId } = scope;
  await requireRoomForAccounts(scope, 1);
  const { address, entries } = await allocateAddress(scope);
  const { temporaryPassword, ...password } = await newTemporaryPassword();
  const account = await uniqueEmail(() =>
    tx.account.create({ data: { tenantId, name: input.name, email: input.email, address, ...password } }),
  );
  await setPolicies(scope, account.id, input.policyIds);
  await audit(scope, {
    action: "accounts.create",
    subject: subjectOf(account),
    details: { email: account.email, address, policyIds: input.policyIds },
  });
  await sendWelcome(scope, account);
  const revision = await publishAccounts(scope, [account.id], `added account ${account.name}`, entries);
  return { account: summaryOf(account), temporaryPassword, revision };
}

export async function updateAccount(
  scope: TenantScope,
  input: z.infer<typeof updateAccountInput>,
): Promise<{ account: AccountSummary; revision: number }> {
  const { tx } = scope;
  const before = await getAccountRow(scope, input.accountId);
  const account = await uniqueEmail(() =>
    tx.account.update({
      where: keyOf(before),
      data: { name: input.name, email: input.email, ...rateColumns(input.rate) },
    }),
  );
  const policies = await setPolicies(scope, account.id, input.policyIds);
  await audit(scope, {
    action: "accounts.update",
    subject: subjectOf(account),
    details: {
      before: { name: before.name, email: before.email, rate: rateOf(before) },
      after: { name: account.name, email: account.email, rate: rateOf(account) },
      policies,
    },
  });
  const revision = await publishAccounts(scope, [account.id], `changed account ${account.name}`);
  return { account: summaryOf(account), revision };
}

/**
 * Cut off everywhere; the reason is what the person reads at the next attempt and in the portal. Whoever is signed in
 * there stays so, and finds nothing but the reason.
 */
export async function revokeAccount(
  scope: TenantScope,
  { accountId, reason }: z.infer<typeof revokeAccountInput>,
): Promise<{ revision: number }> {
  const account = await getAccountRow(scope, accountId);
  if (account.state === "revoked") throw new AppError("conflict", `${account.name}'s access is revoked already.`);
  const now = new Date();
  await scope.tx.account.update({
    where: keyOf(account),
    data: { state: "revoked", revokedAt: now, revokedReason: revocationText(scope.actor.name, now, reason) },
  });
  await audit(scope, { action: "accounts.revoke", subject: subjectOf(account), details: { reason } });
  return { revision: await publishAccounts(scope, [accountId], `revoked ${account.name}`) };
}

/** With the password, the certificates and the policies that it had. */
export async function restoreAccount(scope: TenantScope, accountId: string): Promise<{ revision: number }> {
  const account = await getAccountRow(scope, accountId);
  if (account.state === "active") throw new AppError("conflict", `${account.name}'s access is not revoked.`);
  await requireRoomForAccounts(scope, 1);
  await scope.tx.account.update({
    where: keyOf(account),
    data: { state: "active", revokedAt: null, revokedReason: null },
  });
  await audit(scope, {
    action: "accounts.restore",
    subject: subjectOf(account),
    details: { revokedReason: account.revokedReason },
  });
  return { revision: await publishAccounts(scope, [accountId], `restored ${account.name}`) };
}

/** The VPN stays shut until the person has changed the temporary password in the portal. */
export async function resetPassword(
  scope: TenantScope,
  accountId: string,
): Promise<{ temporaryPassword: string; revision: number }> {
  const account = await getAccountRow(scope, accountId);
  const { temporaryPassword, ...password } = await newTemporaryPassword();
  await scope.tx.account.update({ where: keyOf(account), data: password });
  const signInsEnded = await endSignIns(scope, accountId);
  await audit(scope, { action: "accounts.reset_password", subject: subjectOf(account), details: { signInsEnded } });
  const revision = await publishAccounts(scope, [accountId], `reset the password of ${account.name}`);
  return { temporaryPassword, revision };
}

/** Its address rests before anybody else is given it. */
export async function deleteAccount(scope: TenantScope, accountId: string): Promise<{ revision: number }> {
  const account = await getAccountRow(scope, accountId);
  const grants = await goneGrantEntries(scope, accountId);
  await scope.tx.account.delete({ where: keyOf(account) });
  await audit(scope, {
    action: "accounts.delete",
    subject: subjectOf(account),
    details: { email: account.email, address: bareAddress(account.address) },
  });
  const revision = await publish(scope, [{ kind: "account", id: accountId, value: null }, ...grants], {
    summary: `removed account ${account.name}`,
    subject: { kind: "account", id: accountId },
  });
  await releaseAddress(scope, account.address, revision);
  return { revision };
}

/** The document's entries of these accounts as they now stand. */
export async function accountEntries({ tx, tenantId }: TenantScope, accountIds: string[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  const plan = await tx.plan.findFirst({ where: { tenants: { some: { id: tenantId } } } });
  for (let start = 0; start < accountIds.length; start += idsAtOnce) {
    const accounts = await tx.account.findMany({
      where: { tenantId, id: { in: accountIds.slice(start, start + idsAtOnce) } },
      include: {
        policies: { select: { policyId: true } },
        certificates: {
          where: { revokedAt: null, notAfter: { gt: new Date() } },
          select: { fingerprint: true },
        },
      },
    });
    for (const account of accounts) {
      entries.push({
        kind: "account",
        id: account.id,
        value: {
          name: account.name,
          state: account.state,
          reason: account.revokedReason,
          address: bareAddress(account.address),
          passwordHash: account.passwordHash,
          mustChangePassword: account.mustChangePassword,
          fingerprints: account.certificates.map((certificate) => certificate.fingerprint).sort(),
          policies: account.policies.map((policy) => policy.policyId).sort(),
          hold: holdOf(account),
          rate: rateOf(account) ?? (plan && ceilingOf(plan)),
        },
      });
    }
  }
  return entries;
}

/** @returns the entries of those whose hold is over, to be published */
export async function lapseAccountHolds(scope: TenantScope, now: Date): Promise<Entry[]> {
  const { tx, tenantId } = scope;
  const lapsed = await tx.account.findMany({ where: { tenantId, heldUntil: { lte: now } }, select: { id: true } });
  const ids = lapsed.map(({ id }) => id);
  await tx.account.updateMany({ where: { tenantId, id: { in: ids } }, data: noHold });
  return accountEntries(scope, ids);
}

/** Publishes these accounts as they now stand, as one revision. */
export async function publishAccounts(
  scope: TenantScope,
  accountIds: string[],
  summary: string,
  further: Entry[] = [],
): Promise<number> {
  const entries = [...(await accountEntries(scope, accountIds)), ...further];
  return publish(scope, entries, { summary, subject: { kind: "account", id: accountIds[0] ?? scope.tenantId } });
}

/** Revoked accounts take no place. Asked under the tenant's row lock, so that two at once cannot both take the last one. */
async function requireRoomForAccounts({ tx, tenantId }: TenantScope, wanted: number): Promise<void> {
  const [plan] = await tx.$queryRaw<{ max_accounts: number; name: string }[]>`
    SELECT p.max_accounts, p.name FROM tenants t JOIN plans p ON p.id = t.plan_id WHERE t.id = ${tenantId}::uuid FOR UPDATE OF t`;
  const used = await tx.account.count({ where: { tenantId, state: "active" } });
  if (plan && used + wanted > plan.max_accounts) {
    throw new AppError(
      "limit",
      `The ${plan.name} plan allows ${plan.max_accounts} active accounts and ${used} are in use. Revoke one, or ask your account manager for a larger plan.`,
    );
  }
}

const idsAtOnce = 10_000;

async function getAccountRow({ tx, tenantId }: TenantScope, id: string): Promise<Account> {
  const account = await tx.account.findUnique({ where: { tenantId_id: { tenantId, id } } });
  if (!account) throw notFound("account");
  return account;
}

/** @returns the names of what was added and taken away */
async function setPolicies(
  { tx, tenantId }: TenantScope,
  accountId: string,
  policyIds: string[],
): Promise<{ added: string[]; removed: string[] }> {
  const wanted = [...new Set(policyIds)];
  const known = await tx.policy.findMany({ where: { tenantId, id: { in: wanted } }, select: { id: true, name: true } });
  if (known.length !== wanted.length)
    throw invalid("policyIds", "One of these policies is gone. Reload the page and choose again.");
  const before = await tx.policyAccount.findMany({
    where: { tenantId, accountId },
    select: { policyId: true, policy: { select: { name: true } } },
  });
  const had = new Set(before.map(({ policyId }) => policyId));
  const added = known.filter(({ id }) => !had.has(id));
  const removed = before.filter(({ policyId }) => !wanted.includes(policyId));
  await tx.policyAccount.deleteMany({
    where: { tenantId, accountId, policyId: { in: removed.map(({ policyId }) => policyId) } },
  });
  await tx.policyAccount.createMany({ data: added.map(({ id }) => ({ tenantId, accountId, policyId: id })) });
  return { added: added.map(({ name }) => name), removed: removed.map(({ policy }) => policy.name) };
}

async function endSignIns({ tx, tenantId }: TenantScope, accountId: string): Promise<number> {
  const { count } = await tx.accountSignIn.updateMany({
    where: { tenantId, accountId, endedAt: null },
    data: { endedAt: new Date() },
  });
  return count;
}

async function newTemporaryPassword() {
  const temporaryPassword = createTemporaryPassword();
  return {
    temporaryPassword,
    passwordHash: await hashPassword(temporaryPassword),
    mustChangePassword: true,
    passwordExpiresAt: new Date(Date.now() + temporaryPasswordDays * 24 * 3600_000),
  };
}

/** With a link that sets the first password; the temporary one stays with the admin, for whom the mail does not reach. */
async function sendWelcome(scope: TenantScope, { id, name, email, passwordHash }: Account): Promise<void> {
  const { tenantId } = scope;
  const tenant = await scope.tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { name: true } });
  const holder = { kind: "account", tenantId, accountId: id } as const;
  const token = createLinkToken(holder, { email, passwordHash }, linkLifetimeMs.first);
  await sendMail(scope, {
    to: email,
    subject: `Your VPN access to ${nameInMail(tenant.name)}`,
    text: `Hello ${nameInMail(name)},

${nameInMail(scope.actor.name)} has set up VPN access to ${nameInMail(tenant.name)} for you. Choose your password here:
${env.APP_URL}/set-password/${token}

The link works once, for ${temporaryPasswordDays} days; after that, "Forgotten password" sends another. Then download the profile for your VPN client. From then on you sign in with this email address at
${env.APP_URL}/sign-in
`,
    secret: { value: token, of: id },
  });
}

async function uniqueEmail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict("email", "Another account has this email address.");
    throw error;
  }
}

/** Reads on from "your access was revoked: ", by which gateways and the portal introduce it. */
function revocationText(by: string, at: Date, reason: string): string {
  const date = at.toLocaleString("en-GB", { timeZone: "UTC", dateStyle: "medium", timeStyle: "short" });
  return `${reason} (by ${by.slice(0, 40)}, ${date} UTC)`;
}

/** For the document, and for screens. */
export function rateOf({ rateDown, rateUp }: Pick<Account, "rateDown" | "rateUp">): RateLimit | null {
  return rateDown !== null && rateUp !== null ? { down: rateDown, up: rateUp } : null;
}

/** A plan's ceiling: that of every account which has none of its own. */
export function ceilingOf({ maxDown, maxUp }: Pick<Plan, "maxDown" | "maxUp">): RateLimit | null {
  return maxDown !== null && maxUp !== null ? { down: maxDown, up: maxUp } : null;
}

/**
 * The entries of the accounts that a change of the plan's ceiling reaches, to be published in this transaction: the tenant
 * is marked as having it. A plan that changes in between leaves the mark at the former ceiling, so that it is found behind.
 */
export async function entriesUnderPlan(scope: TenantScope): Promise<Entry[]> {
  const { tx, tenantId } = scope;
  await tx.$executeRaw`
    UPDATE tenants t SET ceiling_down = p.max_down, ceiling_up = p.max_up FROM plans p
    WHERE p.id = t.plan_id AND t.id = ${tenantId}::uuid`;
  const accounts = await tx.account.findMany({ where: { tenantId, rateDown: null }, select: { id: true } });
  return accountEntries(
    scope,
    accounts.map(({ id }) => id),
  );
}

function rateColumns(rate: RateLimit | null | undefined) {
  return rate === undefined ? {} : { rateDown: rate?.down ?? null, rateUp: rate?.up ?? null };
}

const keyOf = ({ tenantId, id }: Account) => ({ tenantId_id: { tenantId, id } });
const subjectOf = ({ id, name }: Account) => ({ kind: "account", id, name });
const summaryOf = ({ id, name, email, address, state }: Account): AccountSummary => ({
  id,
  name,
  email,
  address: bareAddress(address),
  state,
});
