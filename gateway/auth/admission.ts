/**
 * Decides each connection from this gateway's own documents. Whatever goes wrong on the way, the answer is no.
 */
import type { Logger } from "pino";
import type { Holder, RefusalCode } from "../protocol/events";
import { AttemptLimiter } from "./attempt-limiter";
import type { Claim } from "./claim";
import { decideConnection, type HolderMatch, isDevice } from "./decide-connection";
import { BusyError, type PasswordChecker } from "./password";

export type Admission =
  | (Holder & { accepted: true; address: string; networks: string[] })
  | (Refused & { accepted: false; code: RefusalCode; reason: string });

/** Of nobody, where the certificate names nobody. */
type Refused = Omit<Holder, "tenantId"> & { tenantId: string | null };

export interface AdmissionDependencies {
  findByFingerprint(fingerprint: string): HolderMatch | undefined;
  passwords: PasswordChecker;
  log: Logger;
  perAccount?: AttemptLimiter;
  perAddress?: AttemptLimiter;
}

const windowMs = 5 * 60_000;

export class AdmissionDesk {
  #perAccount: AttemptLimiter;
  #perAddress: AttemptLimiter;

  constructor(readonly deps: AdmissionDependencies) {
    this.#perAccount = deps.perAccount ?? new AttemptLimiter(10, windowMs);
    // An office shares one address, so it may fail more often than a person.
    this.#perAddress = deps.perAddress ?? new AttemptLimiter(50, windowMs);
  }

  /** Never rejects. */
  async admit(claim: Claim): Promise<Admission> {
    try {
      return await this.#decide(claim);
    } catch (error) {
      if (!(error instanceof BusyError)) this.deps.log.error({ err: error }, "a connection could not be decided");
      return refused(undefined, "not_ready", "the gateway cannot check you in just now; try again in a moment");
    }
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
    const addressKey = claim.realAddress;
    const waitMs = this.#take(accountKey, addressKey);
    if (waitMs > 0) {
      const minutes = Math.ceil(waitMs / 60_000);
      const when = minutes === 1 ? "a minute" : `${minutes} minutes`;
      return refused(match, "too_many_attempts", `too many failed attempts; try again in ${when}`);
    }
    let isRight: boolean;
    try {
      isRight = await this.deps.passwords.check(first.passwordHash, first.password);
    } catch (error) {
      this.#giveBack(accountKey, addressKey);
      throw error;
    }
    if (isRight) {
      this.#perAccount.clear(accountKey);
      this.#perAddress.giveBack(addressKey);
    }
    // The document may have changed while the password was checked: ask it again, and hold to the hash that was checked.
    const now = this.deps.findByFingerprint(fingerprint);
    const isSameHash = now && !isDevice(now) && now.account.passwordHash === first.passwordHash;
    const second = decideConnection(now, claim.password, isRight && isSameHash ? "right" : "wrong");
    if (second.outcome === "refuse") return refused(now, second.code, second.reason);
    if (second.outcome === "check" || !now) throw new Error("a password was checked and yet not");
    return accepted(now, second);
  }

  #take(accountKey: string, addressKey: string): number {
    const accountMs = this.#perAccount.take(accountKey);
    if (accountMs > 0) return accountMs;
    const addressMs = this.#perAddress.take(addressKey);
    if (addressMs > 0) this.#perAccount.giveBack(accountKey);
    return addressMs;
  }

  #giveBack(accountKey: string, addressKey: string): void {
    this.#perAccount.giveBack(accountKey);
    this.#perAddress.giveBack(addressKey);
  }
}

function accepted(match: HolderMatch, { address, networks }: { address: string; networks: string[] }): Admission {
  return { accepted: true, tenantId: match.document.tenantId, ...idsOf(match), address, networks };
}

function refused(match: HolderMatch | undefined, code: RefusalCode, reason: string): Admission {
  return { accepted: false, tenantId: match?.document.tenantId ?? null, ...idsOf(match), code, reason };
}

function idsOf(match: HolderMatch | undefined): Pick<Holder, "accountId" | "deviceId"> {
  if (match && isDevice(match)) return { accountId: null, deviceId: match.deviceId };
  return { accountId: match?.accountId ?? null, deviceId: null };
}
