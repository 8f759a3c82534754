/**
 * Decides each connection from this gateway's own documents. Whatever goes wrong on the way, the answer is no.
 */
import type { Logger } from "pino";
import type { Holder, RefusalCode } from "../protocol/events";
import { networkOf } from "../protocol/network";
import { markPassword, type PasswordMark } from "../state/standing";
import { AttemptLimiter } from "./attempt-limiter";
import { type AuthTokens, looksLikeToken, type TokenSubject } from "./auth-token";
import { type Claim, maxNameBytes } from "./claim";
import { type ConnectionDecision, decideConnection, type HolderMatch, isDevice } from "./decide-connection";
import { BusyError, type PasswordChecker } from "./password";

export type Admission =
  | (Holder &
      PasswordMark &
      Omit<Acceptance, "outcome"> & {
        accepted: true;
        /** To be shown in place of the password from now on; null for a device, and where there is no secret to sign it with. */
        token: string | null;
        /** Whether it was a token that opened. */
        isByToken: boolean;
      })
  | (Refused & { accepted: false; code: RefusalCode; reason: string });

type Acceptance = Extract<ConnectionDecision, { outcome: "accept" }>;

/** Of nobody, where the certificate names nobody. */
type Refused = Omit<Holder, "tenantId"> & { tenantId: string | null };

export interface AdmissionDependencies {
  findByFingerprint(fingerprint: string): HolderMatch | undefined;
  passwords: PasswordChecker;
  /** Null until the gateway was given the secret. */
  tokens?: () => AuthTokens | null;
  log: Logger;
  /** Hears each decision and how long it took. */
  onAdmission?: (admission: Admission, tookMs: number) => void;
  /** Of one account from one network. */
  perPlace?: AttemptLimiter;
  perAccount?: AttemptLimiter;
  perNetwork?: AttemptLimiter;
}

const windowMs = 5 * 60_000;

export class AdmissionDesk {
  /** Each with the key of a claim, the narrowest first: whoever guesses from elsewhere is slowed down there. */
  #limiters: { limiter: AttemptLimiter; keyOf(account: string, network: string): string }[];
  /** Passwords that are being checked, by network. */
  #running = new Map<string, number>();

  constructor(readonly deps: AdmissionDependencies) {
    this.#limiters = [
      {
        limiter: deps.perPlace ?? new AttemptLimiter(10, windowMs),
        keyOf: (account, network) => `${account} ${network}`,
      },
      // From everywhere together, for who has many networks and somebody's profile.
      { limiter: deps.perAccount ?? new AttemptLimiter(60, windowMs), keyOf: (account) => account },
      // An office shares one address, so it may fail more often than a person.
      { limiter: deps.perNetwork ?? new AttemptLimiter(50, windowMs), keyOf: (_, network) => network },
    ];
  }

  /** Never rejects. `isRenewal`: the claim is of a connection that stands. */
  async admit(claim: Claim, isRenewal = false): Promise<Admission> {
    const begun = performance.now();
    const admission = await this.#admit(claim, isRenewal);
    this.deps.onAdmission?.(admission, performance.now() - begun);
    return admission;
  }

  async #admit(claim: Claim, isRenewal: boolean): Promise<Admission> {
    try {
      if (claim.hasLongName) return this.#refuseName(claim);
      return this.#byToken(claim, isRenewal) ?? (await this.#decide(claim));
    } catch (error) {
      if (!(error instanceof BusyError)) this.deps.log.error({ err: error }, "a connection could not be decided");
      return refused(undefined, "not_ready", "the gateway cannot check you in just now; try again in a moment");
    }
  }

  #refuseName({ fingerprint }: Claim): Admission {
    const match = fingerprint === null ? undefined : this.deps.findByFingerprint(fingerprint);
    return refused(match, "name_too_long", `the user name is over ${maxNameBytes} bytes long; enter a shorter one`);
  }

  /** Undefined where the client shows no token. */
  #byToken({ fingerprint, password }: Claim, isRenewal: boolean): Admission | undefined {
    const tokens = this.deps.tokens?.();
    if (!tokens || fingerprint === null || password === null || !looksLikeToken(password)) return undefined;
    const match = this.deps.findByFingerprint(fingerprint);
    if (match && isDevice(match)) return undefined;
    const subject = match && subjectOf(match, fingerprint);
    const isRight = subject ? tokens.isValid(password, subject, isRenewal) : false;
    // The account first: who was revoked is to read that, and not that a sign-in has run out.
    const decision = decideConnection(match, password, "right");
    if (decision.outcome === "refuse") return refused(match, decision.code, decision.reason);
    if (decision.outcome === "check" || !match || !isRight)
      return refused(match, "password_missing", "your sign-in has run out; enter your password again");
    return accepted(match, decision, password, true);
  }

  async #decide(claim: Claim): Promise<Admission> {
    const { fingerprint } = claim;
    if (fingerprint === null)
      return refused(undefined, "certificate_mismatch", "the certificate could not be told; download a new profile");
    const match = this.deps.findByFingerprint(fingerprint);
    const first = decideConnection(match, claim.password, "unchecked");
    if (first.outcome === "refuse") return refused(match, first.code, first.reason);
    if (match && isDevice(match) && first.outcome === "accept") return accepted(match, first);
    if (first.outcome === "accept" || !match || isDevice(match))
      throw new Error("a connection was accepted with its password unchecked");

    const accountKey = `${match.document.tenantId} ${match.accountId}`;
    const network = networkOf(claim.realAddress);
    const waitMs = this.#take(accountKey, network);
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1000);
      const when = seconds <= 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
      return refused(match, "too_many_attempts", `too many failed attempts; try again in ${when}`);
    }
    let isRight: boolean;
    this.#count(network, 1);
    try {
      isRight = await this.deps.passwords.check(first.passwordHash, first.password);
    } catch (error) {
      this.#giveBack(accountKey, network);
      throw error;
    } finally {
      this.#count(network, -1);
    }
    if (isRight) this.#giveBack(accountKey, network);
    // The document may have changed while the password was checked: ask it again, and hold to the hash that was checked.
    const now = this.deps.findByFingerprint(fingerprint);
    const isSameHash = now && !isDevice(now) && now.account.passwordHash === first.passwordHash;
    const second = decideConnection(now, claim.password, isRight && isSameHash ? "right" : "wrong");
    if (second.outcome === "refuse") return refused(now, second.code, second.reason);
    if (second.outcome === "check" || !now) throw new Error("a password was checked and yet not");
    const subject = subjectOf(now, fingerprint);
    return accepted(now, second, (subject && this.deps.tokens?.()?.issue(subject)) ?? null);
  }

  /** @throws BusyError where those of the network that are being checked may yet turn out right: an office in the morning. */
  #take(account: string, network: string): number {
    for (const [at, { limiter, keyOf }] of this.#limiters.entries()) {
      const waitMs = limiter.take(keyOf(account, network));
      if (waitMs === 0) continue;
      this.#giveBack(account, network, at);
      if (this.#running.has(network)) throw new BusyError("too many at once from one network");
      return waitMs;
    }
    return 0;
  }

  #count(network: string, change: number): void {
    const running = (this.#running.get(network) ?? 0) + change;
    if (running > 0) this.#running.set(network, running);
    else this.#running.delete(network);
  }

  /** What was taken of the first so many limiters, and no more. */
  #giveBack(account: string, network: string, count = this.#limiters.length): void {
    for (const { limiter, keyOf } of this.#limiters.slice(0, count)) limiter.giveBack(keyOf(account, network));
  }
}

function accepted(
  match: HolderMatch,
  { address, domain }: Acceptance,
  token: string | null = null,
  isByToken = false,
): Admission {
  const tenantId = match.document.tenantId;
  const passwordMark = isDevice(match) ? null : markPassword(match.account.passwordHash);
  return { accepted: true, tenantId, ...idsOf(match), passwordMark, address, domain, token, isByToken };
}

function refused(match: HolderMatch | undefined, code: RefusalCode, reason: string): Admission {
  return { accepted: false, tenantId: match?.document.tenantId ?? null, ...idsOf(match), code, reason };
}

function idsOf(match: HolderMatch | undefined): Pick<Holder, "accountId" | "deviceId"> {
  if (match && isDevice(match)) return { accountId: null, deviceId: match.deviceId };
  return { accountId: match?.accountId ?? null, deviceId: null };
}

/** A device has no password that a token could stand for. */
function subjectOf(match: HolderMatch, fingerprint: string): TokenSubject | null {
  if (isDevice(match) || match.account.passwordHash === null) return null;
  const { document, accountId, account } = match;
  return { tenantId: document.tenantId, accountId, fingerprint, passwordHash: account.passwordHash! };
}
