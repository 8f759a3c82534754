/**
 * Who this gateway is. The key is made here at the first start and never leaves; the certificate comes by enrolment,
 * once: a gateway that is enrolled takes no other identity until its state folder is emptied. Before its certificate ends
 * it is renewed, for the same name by the same CA, with another key: certificate and key change in one file, so that an
 * agent killed at any point has either the old pair or the new.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
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

/** A certificate and its key, both PEM. */
export interface Credentials {
  certificate: string;
  key: string;
}

/** As on disk. The key of enrolment lies in a file of its own; one of a renewal lies with its certificate. */
interface Stored extends Enrolled {
  key?: string;
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
    private privateKey: KeyObject,
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
    const text = await readIfThere(join(folder, "enrolled.json"));
    if (text === null) return new Identity(folder, createPrivateKey(pem), null);
    const { key = pem, ...enrolled } = JSON.parse(text) as Stored;
    return new Identity(folder, createPrivateKey(key), enrolled);
  }

  get enrolled(): Enrolled | null {
    return this.current;
  }

  get key(): string {
    return toPem(this.privateKey);
  }

  get credentials(): Credentials {
    return { certificate: this.#mustBeEnrolled().certificate, key: this.key };
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
    const objection = findObjection(this.privateKey, token.gatewayId, grant, now);
    if (objection) throw new EnrolmentError("certificate_wrong", objection);
    const enrolled = { gatewayId: token.gatewayId, certificate: grant.certificate, gatewayCa: grant.gatewayCa };
    await replaceFile(join(this.folder, "enrolled.json"), JSON.stringify(enrolled));
    this.current = enrolled;
  }

  /** A signing request for a key to come, which is made and kept until its certificate is taken. */
  async requestRenewal(): Promise<string> {
    const { gatewayId } = this.#mustBeEnrolled();
    let next = await this.#nextKey();
    if (!next) {
      next = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
      await replaceFile(this.#nextKeyPath, toPem(next));
    }
    return createSigningRequest(next, `gateway.${gatewayId}`);
  }

  /**
   * Takes the certificate of the key to come. Durable when it resolves.
   * @returns false where it is the present one already
   * @throws EnrolmentError when it is not for that key, this gateway or by this CA
   */
  async renew(certificate: string, now = new Date()): Promise<boolean> {
    const enrolled = this.#mustBeEnrolled();
    if (certificate === enrolled.certificate) return false;
    const next = (await this.#nextKey()) ?? this.privateKey;
    const objection = findObjection(next, enrolled.gatewayId, { certificate, gatewayCa: enrolled.gatewayCa }, now);
    if (objection) throw new EnrolmentError("certificate_wrong", objection);
    const renewed = { ...enrolled, certificate };
    await replaceFile(join(this.folder, "enrolled.json"), JSON.stringify({ ...renewed, key: toPem(next) }));
    this.current = renewed;
    this.privateKey = next;
    await rm(this.#nextKeyPath, { force: true });
    return true;
  }

  get #nextKeyPath(): string {
    return join(this.folder, "next-key.pem");
  }

  /** The key to come; null where there is none, or it came into use just before the agent was killed. */
  async #nextKey(): Promise<KeyObject | null> {
    const pem = await readIfThere(this.#nextKeyPath);
    return pem === null || pem === this.key ? null : createPrivateKey(pem);
  }

  #mustBeEnrolled(): Enrolled {
    if (!this.current) throw new Error("this gateway is not enrolled");
    return this.current;
  }

  #mustBeOpen(token: EnrolmentToken, now: Date): void {
    if (this.current) throw new EnrolmentError("already_enrolled", "this gateway is enrolled; its token is spent");
    if (isExpired(token, now))
      throw new EnrolmentError("token_expired", "the enrolment token has expired; issue a new one and start again");
  }
}

function findObjection(
  key: KeyObject,
  gatewayId: string,
  grant: { certificate: string; gatewayCa: string },
  now: Date,
): string | null {
  let certificate: X509Certificate;
  let authority: X509Certificate;
  try {
    certificate = new X509Certificate(grant.certificate);
    authority = new X509Certificate(grant.gatewayCa);
  } catch {
    return "the grant's certificates are not PEM";
  }
  if (!certificate.checkPrivateKey(key)) return "the certificate is for another key";
  if (certificate.subject !== `CN=gateway.${gatewayId}`) return "the certificate is for another gateway";
  if (!authority.ca || !certificate.verify(authority.publicKey)) return "the certificate is not signed by that CA";
  if (new Date(certificate.validTo) <= now) return "the certificate has expired";
  return null;
}

export function isExpired(token: EnrolmentToken, now: Date): boolean {
  return now.getTime() >= token.expiresAt * 1000;
}

/** SHA-256 of the DER, lower-case hex without colons. */
export function certificateFingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}

function toPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
