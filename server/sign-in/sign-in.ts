/**
 * Signing in with an email and a password, as a user of the dashboard or as a VPN account in its portal. What is wrong is
 * never told: an unknown email, a wrong password, a disabled user and an expired temporary password get one answer, in
 * about the same time. Each sign-in is a row, asked at each request; ended there, it is out at once.
 */

import { beginAttempt } from "../core/attempts";
import { audit } from "../core/audit";
import { type Actor, database, inTenant, inTransaction, system } from "../core/db";
import { AppError } from "../core/errors";
import type { Log } from "../core/log";
import { verifyPassword } from "../core/password";
import type { Principal } from "../trpc/principal";

export const signInDays = 7;

/** What the cookie says; everything else is looked up. */
export type Claims =
  | { kind: "user"; userId: string; signInId: string }
  | { kind: "account"; tenantId: string; accountId: string; signInId: string };

export interface SignInRequest {
  email: string;
  password: string;
  address: string;
  userAgent: string;
}

/** @throws unauthenticated, with the same words whatever is wrong; too_many, with when to try again */
export async function signIn(request: SignInRequest, log: Log): Promise<Claims> {
  const email = request.email.trim().toLowerCase();
  const attempt = await beginAttempt(email, request.address);
  const candidates = await findCandidates(email);
  // All at once, so that the time does not tell how many there are.
  const hashes = candidates.length > 0 ? candidates.map((candidate) => candidate.passwordHash) : [null];
  const verdicts = await Promise.all(hashes.map((hash) => verifyPassword(hash, request.password)));
  const match = candidates.find((_, index) => verdicts[index]);
  if (!match) {
    log.info({ address: request.address, candidates: candidates.length }, "sign-in refused");
    throw new AppError("unauthenticated", wrongCredentials);
  }
  await attempt.succeed();
  return match.kind === "user" ? startForUser(match, request) : startForAccount(match, request);
}

export const wrongCredentials = "The email or the password is not right. Check both and try again.";

/** Who the claims stand for now; null when the sign-in was ended, has expired, or its user was disabled. */
export async function findPrincipal(claims: Claims): Promise<Principal | null> {
  const now = new Date();
  if (claims.kind === "user") {
    const signIn = await database().userSignIn.findUnique({ where: { id: claims.signInId }, include: { user: true } });
    if (!signIn || signIn.userId !== claims.userId || signIn.endedAt || signIn.expiresAt <= now) return null;
    if (signIn.user.disabledAt) return null;
    const { email, name, staffRole, mustChangePassword } = signIn.user;
    return { ...claims, email, name, staffRole, mustChangePassword };
  }
  const { tenantId, accountId, signInId } = claims;
  const signIn = await inTenant(system, tenantId, ({ tx }) =>
    tx.accountSignIn.findUnique({ where: { tenantId_id: { tenantId, id: signInId } }, include: { account: true } }),
  );
  if (!signIn || signIn.accountId !== accountId || signIn.endedAt || signIn.expiresAt <= now) return null;
  const { email, name, mustChangePassword, state } = signIn.account;
  // Somebody revoked is let in to read why, and has no use for a new password.
  return { ...claims, email, name, mustChangePassword: mustChangePassword && state === "active" };
}

type Candidate =
  | { kind: "user"; userId: string; name: string; passwordHash: string }
  | { kind: "account"; tenantId: string; accountId: string; name: string; passwordHash: string };

const maxCandidates = 5;

/** The user first, then accounts by age. */
async function findCandidates(email: string): Promise<Candidate[]> {
  return inTransaction(system, { signInEmail: email }, async ({ tx }) => {
    const user = await tx.user.findUnique({ where: { email } });
    const accounts = await tx.account.findMany({
      where: { email, OR: [{ passwordExpiresAt: null }, { passwordExpiresAt: { gt: new Date() } }] },
      orderBy: { createdAt: "asc" },
      take: maxCandidates,
    });
    const candidates: Candidate[] = accounts.map(({ tenantId, id, name, passwordHash }) => ({
      kind: "account",
      tenantId,
      accountId: id,
      name,
      passwordHash,
    }));
    if (user?.passwordHash && !user.disabledAt)
      candidates.unshift({ kind: "user", userId: user.id, name: user.name, passwordHash: user.passwordHash });
    return candidates.slice(0, maxCandidates);
  });
}

async function startForUser(
  { userId, name }: Candidate & { kind: "user" },
  { address, userAgent }: SignInRequest,
): Promise<Claims> {
  const actor: Actor = { kind: "user", id: userId, name };
  return inTransaction(actor, { userId }, async (scope) => {
    const { id } = await scope.tx.userSignIn.create({ data: { userId, address, userAgent, expiresAt: expiry() } });
    await audit(scope, {
      action: "sign_in.succeeded",
      subject: { kind: "user", id: userId, name },
      details: { address, userAgent },
    });
    return { kind: "user", userId, signInId: id };
  });
}

async function startForAccount(
  { tenantId, accountId, name }: Candidate & { kind: "account" },
  { address, userAgent }: SignInRequest,
): Promise<Claims> {
  const actor: Actor = { kind: "account", id: accountId, name };
  return inTenant(actor, tenantId, async (scope) => {
    const { id } = await scope.tx.accountSignIn.create({
      data: { tenantId, accountId, address, userAgent, expiresAt: expiry() },
    });
    await audit(scope, {
      action: "sign_in.succeeded",
      subject: { kind: "account", id: accountId, name },
      details: { address, userAgent },
    });
    return { kind: "account", tenantId, accountId, signInId: id };
  });
}

const expiry = () => new Date(Date.now() + signInDays * 24 * 3600_000);
