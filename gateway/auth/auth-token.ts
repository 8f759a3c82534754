/**
 * What lets a person in again without the password (and a second factor, where there is one): on a renegotiation, on
 * another process, on another gateway. The client gets it when it comes in (openvpn's `auth-token`) and shows it in place
 * of the password from then on.
 *
 * It is a signature over who it is for, so nothing is stored and every gateway of the platform can tell it: the tenant,
 * the account, the certificate and the password's hash are read from the gateway's own document and are no part of the
 * text. So it is worth nothing with another certificate, and nothing once the password was changed; whether the account
 * may be in is asked each time, as ever. openvpn's own `auth-gen-token` signs a name that the client chooses, and would
 * open with another person's certificate.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { clock } from "../clock";

/** Whom a token is for. */
export interface TokenSubject {
  tenantId: string;
  accountId: string;
  /** Of the certificate that it came with. */
  fingerprint: string;
  passwordHash: string;
}

/** How long it opens a new connection; a connection that stands may renegotiate with it for as long as it stands. */
export const tokenLifetimeMs = 24 * 60 * 60_000;
/** Gateways' clocks may differ a little. */
const toleranceMs = 5 * 60_000;

const shape = /^dbt1\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{43})$/;

export class AuthTokens {
  readonly #secret: Buffer;

  /** @param secret 32 bytes in hex */
  constructor(
    secret: string,
    readonly now: () => number = () => clock.ms(),
  ) {
    this.#secret = Buffer.from(secret, "hex");
  }

  issue(subject: TokenSubject): string {
    const issuedAt = Math.floor(this.now() / 1000).toString(36);
    return `dbt1.${issuedAt}.${this.#sign(subject, issuedAt).toString("base64url")}`;
  }

  /** False for what is no token, is another's, or is too old; `isRenewal` is a connection that stands. */
  isValid(token: string, subject: TokenSubject, isRenewal: boolean): boolean {
    const [, issuedAt, signature] = shape.exec(token) ?? [];
    if (issuedAt === undefined || signature === undefined) return false;
    const given = Buffer.from(signature, "base64url");
    if (!timingSafeEqual(given, this.#sign(subject, issuedAt))) return false;
    const ageMs = this.now() - Number.parseInt(issuedAt, 36) * 1000;
    return isRenewal || (ageMs >= -toleranceMs && ageMs <= tokenLifetimeMs);
  }

  #sign({ tenantId, accountId, fingerprint, passwordHash }: TokenSubject, issuedAt: string): Buffer {
    // As JSON, so that no two lists of parts are one text.
    const text = JSON.stringify(["dbt1", tenantId, accountId, fingerprint, passwordHash, issuedAt]);
    return createHmac("sha256", this.#secret).update(text).digest();
  }
}

/** Whether it is meant as one, valid or not. No password is taken for it by chance. */
export const looksLikeToken = (text: string): boolean => shape.test(text);
