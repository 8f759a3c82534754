/**
 * Signing in with an email and a password, as a user of the dashboard or as a VPN account in its portal, or as each of
 * several that the password opens. What is wrong is never told: an unknown email, a wrong password, a disabled user and
 * an expired temporary password get one answer, in about the same time. Each sign-in is a row, asked at each request;
 * ended there, it is out at once.
 */
import { audit } from "../core/audit";
import { beginAttempt } from "../core/budget";
import { type Actor, bind, database, inTenant, inTransaction, system } from "../core/db";
import { AppError } from "../core/errors";
import type { Log } from "../core/log";
import { verifyPassword } from "../core/password";
import { browserBudget, strangerBudgets } from "../core/sign-in-budgets";
import { cleanEmail } from "../core/text";
import type { Claims, Principal } from "../trpc/principal";
import { findMark, remember } from "./known-browser";

export const signInDays = 7;

export interface SignInRequest {
  email: string;
  password: string;
  address: string;
  userAgent: string;
  /** The browser's cookie of who has signed in with it before: see known-browser.ts. */
  browser?: string;
}

export interface SignedIn {
  /** Each user or account that the password opens, what is of use first and what was revoked last. */
  doors: [Claims, ...Claims[]];
  /** What the browser's cookie is to be. */
  browser: string;
}

/** @throws unauthenticated, with the same words whatever is wrong; too_many, with when to try again */
export async function signIn(request: SignInRequest, log: Log): Promise<SignedIn> {
  const email = cleanEmail(request.email);
  const candidates = await findCandidates(email);
  const { tried, succeed } = await beginAttempts(candidates, { ...request, email });
  // All at once, so that the time does not tell how many there are.
  const hashes = tried.length > 0 ? tried.map((candidate) => candidate.passwordHash) : [null];
  const verdicts = await Promise.all(hashes.map((hash) => verifyPassword(hash, request.password)));
  const matches = tried.filter((_, index) => verdicts[index]);
  const [first, ...others] = matches;
  if (!first) {
    log.info({ address: request.address, candidates: candidates.length }, "sign-in refused");
    throw new AppError("unauthenticated", wrongCredentials);
  }
  await succeed(matches);
  const doors: SignedIn["doors"] = [await start(first, request)];
  for (const match of others) doors.push(await start(match, request));
  return { doors, browser: remember(request.browser, matches.map(holderOf)) };
}

/**
 * A browser that has signed in before as some of them may try the password on those, by a budget of its own; on the
 * others, and where it is not known at all, everybody who comes from there shares one. It is given back where all that
 * were tried by it were right: whoever guesses at one must not be given tries back by an account of their own.
 * @throws too_many where neither has anything left
 */
async function beginAttempts(candidates: Candidate[], { email, address, browser }: SignInRequest) {
  const tried: Candidate[] = [];
  const begun: { those: Candidate[]; succeed(): Promise<void> }[] = [];
  let refusal: unknown;
  const begin = async (those: Candidate[], budgets: Parameters<typeof beginAttempt>[0]) => {
    try {
      begun.push({ those, ...(await beginAttempt(budgets)) });
      tried.push(...those);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refusal = error;
    }
  };
  const strangers: Candidate[] = [];
  for (const candidate of candidates) {
    const mark = findMark(browser, holderOf(candidate));
    if (mark) await begin([candidate], [browserBudget(holderOf(candidate), mark)]);
    else strangers.push(candidate);
  }
  if (strangers.length > 0 || candidates.length === 0) await begin(strangers, strangerBudgets(email, address));
  if (begun.length === 0) throw refusal;
  return {
    // In the order of the candidates.
    tried: candidates.filter((candidate) => tried.includes(candidate)),
    async succeed(matches: Candidate[]) {
      for (const { those, succeed } of begun)
        if (those.every((candidate) => matches.includes(candidate))) await succeed();
    },
  };
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

const holderOf = (candidate: Candidate) => (candidate.kind === "user" ? candidate.userId : candidate.accountId);

/** Each costs a password's check. */
const maxCandidates = 10;

/** The user, then accounts by age; behind them whoever would find no more than why nothing opens. */
async function findCandidates(email: string): Promise<Candidate[]> {
  return inTransaction(system, { signInEmail: email }, async ({ tx }) => {
    const user = await tx.user.findUnique({ where: { email } });
    const accounts = await tx.account.findMany({
      where: { email, OR: [{ passwordExpiresAt: null }, { passwordExpiresAt: { gt: new Date() } }] },
      orderBy: [{ state: "asc" }, { createdAt: "asc" }],
      take: maxCandidates,
    });
    const found: (Candidate & { isOfUse: boolean })[] = accounts.map(({ tenantId, id, name, passwordHash, state }) => ({
      ...{ kind: "account", tenantId, accountId: id, name, passwordHash },
      isOfUse: state === "active",
    }));
    if (user?.passwordHash && !user.disabledAt) {
      await bind(tx, { userId: user.id });
      const isOfUse = user.staffRole !== null || (await tx.member.count({ where: { userId: user.id } })) > 0;
      const { id: userId, name, passwordHash } = user;
      found.unshift({ kind: "user", userId, name, passwordHash, isOfUse });
    }
    return [...found.filter(({ isOfUse }) => isOfUse), ...found.filter(({ isOfUse }) => !isOfUse)];
  });
}

const start = (match: Candidate, request: SignInRequest): Promise<Claims> =>
  match.kind === "user" ? startForUser(match, request) : startForAccount(match, request);

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
