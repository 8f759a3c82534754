/**
 * Who this gateway is. The key is made here at the first start and never leaves; the certificate comes by enrolment,
 * once: a gateway that is enrolled takes no other identity until its state folder is emptied.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EnrolGrant, EnrolReply } from "../protocol/api";
import { type EnrolmentToken, grantProof, isProof, requestProof } from "../protocol/enrolment";
import { createSelfSignedCertificate, createSigningRequest } from "./der";
import { replaceFile } from "./durable-file";

export interface Enrolled {
  gatewayId: string;
  certificate: string;
  gatewayCa: string;
}

export type EnrolmentErrorCode = "token_expired" | "already_enrolled" | "proof_wrong" | "certificate_wrong";

export class EnrolmentError extends Error {
  constructor(
    readonly code: EnrolmentErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export class Identity {
  private constructor(
    private readonly folder: string,
    private readonly privateKey: KeyObject,
    private current: Enrolled | null,
  ) {}

  static async open(stateDir: string): Promise<Identity> {
    const folder = join(stateDir, "identity");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const keyPath = join(folder, "key.pem");
    let pem = await readIfThere(keyPath);
    if (pem === null) {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      await replaceFile(keyPath, pem);
    }
    const enrolled = await readIfThere(join(folder, "enrolled.json"));
    return new Identity(folder, createPrivateKey(pem), enrolled === null ? null : (JSON.parse(enrolled) as Enrolled));
  }

  get enrolled(): Enrolled | null {
    return this.current;
  }

  get key(): string {
    return this.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  }

  /** What the port shows until the gateway is enrolled. */
  selfSign(token: EnrolmentToken, now = new Date()): string {
    return createSelfSignedCertificate(this.privateKey, `gateway.${token.gatewayId}`, now, 1);
  }

  /** @throws EnrolmentError */
  answer(token: EnrolmentToken, nonce: string, tlsCertificate: string, now = new Date()): EnrolReply {
    this.#mustBeOpen(token, now);
    const csr = createSigningRequest(this.privateKey, `gateway.${token.gatewayId}`);
    return { csr, proof: requestProof(token.secret, nonce, csr, certificateFingerprint(tlsCertificate)) };
  }

  /** Durable when it resolves. @throws EnrolmentError */
  async accept(token: EnrolmentToken, grant: EnrolGrant, now = new Date()): Promise<void> {
    this.#mustBeOpen(token, now);
    if (!isProof(grantProof(token.secret, grant.certificate, grant.gatewayCa), grant.proof))
      throw new EnrolmentError("proof_wrong", "the grant was not made by who issued this gateway's token");
    const objection = this.#findObjection(token, grant, now);
    if (objection) throw new EnrolmentError("certificate_wrong", objection);
    const enrolled = { gatewayId: token.gatewayId, certificate: grant.certificate, gatewayCa: grant.gatewayCa };
    await replaceFile(join(this.folder, "enrolled.json"), JSON.stringify(enrolled));
    this.current = enrolled;
  }

  #mustBeOpen(token: EnrolmentToken, now: Date): void {
    if (this.current) throw new EnrolmentError("already_enrolled", "this gateway is enrolled; its token is spent");
    if (isExpired(token, now))
      throw new EnrolmentError("token_expired", "the enrolment token has expired; issue a new one and start again");
  }

  #findObjection(token: EnrolmentToken, grant: EnrolGrant, now: Date): string | null {
    let certificate: X509Certificate;
    let authority: X509Certificate;
    try {
      certificate = new X509Certificate(grant.certificate);
      authority = new X509Certificate(grant.gatewayCa);
    } catch {
      return "the grant's certificates are not PEM";
    }
    if (!certificate.checkPrivateKey(this.privateKey)) return "the certificate is for another key";
    if (certificate.subject !== `CN=gateway.${token.gatewayId}`) return "the certificate is for another gateway";
    if (!authority.ca || !certificate.verify(authority.publicKey)) return "the certificate is not signed by that CA";
    if (new Date(certificate.validTo) <= now) return "the certificate has expired";
    return null;
  }
}

export function isExpired(token: EnrolmentToken, now: Date): boolean {
  return now.getTime() >= token.expiresAt * 1000;
}

/** SHA-256 of the DER, lower-case hex without colons. */
export function certificateFingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
