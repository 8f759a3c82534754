/**
 * The one-time token and the proofs of enrolment. The token is shown once to staff, who start the agent with it; the
 * control plane then calls the agent. Each side proves with an HMAC under the token's secret that it holds it, and binds
 * the proof to the certificate of the TLS connection, so that nobody in between can put in a key of their own.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export interface EnrolmentToken {
  gatewayId: string;
  /** 32 bytes, hex. */
  secret: string;
  /** Seconds since 1970. */
  expiresAt: number;
}

export function formatToken({ gatewayId, secret, expiresAt }: EnrolmentToken): string {
  return `dbe1.${gatewayId}.${secret}.${expiresAt}`;
}

/** @throws RangeError when the text is not a token. Expiry is the caller's to check. */
export function parseToken(text: string): EnrolmentToken {
  const match = /^dbe1\.([0-9a-f-]{36})\.([0-9a-f]{64})\.(\d{10})$/.exec(text.trim());
  if (!match) throw new RangeError("not an enrolment token: it reads dbe1.<gateway>.<secret>.<expiry>");
  return { gatewayId: match[1]!, secret: match[2]!, expiresAt: Number(match[3]) };
}

/** The gateway's proof: it made this CSR, for this question, behind this TLS certificate (SHA-256 of its DER, hex). */
export function requestProof(secret: string, nonce: string, csr: string, tlsFingerprint: string): string {
  return proof(secret, ["request", nonce, csr, tlsFingerprint]);
}

/** The control plane's proof over what it grants. */
export function grantProof(secret: string, certificate: string, gatewayCa: string): string {
  return proof(secret, ["grant", certificate, gatewayCa]);
}

export function isProof(expected: string, given: string): boolean {
  const a = Buffer.from(expected, "hex");
  const b = Buffer.from(given, "hex");
  return a.length === b.length && timingSafeEqual(a, b);
}

function proof(secret: string, parts: string[]): string {
  return createHmac("sha256", Buffer.from(secret, "hex")).update(JSON.stringify(parts)).digest("hex");
}
