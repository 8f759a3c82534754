/** Reads a signing request and takes nothing from it but a public key that is fit for use. */
import { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { invalid } from "../core/errors";

export const maxRequestBytes = 8 * 1024;

/**
 * @param expectedName the only common name that the subject may hold; it may also be empty
 * @throws AppError that names what is wrong: not a request, a weak or other key, a broken signature, a forged subject
 */
export async function readSigningRequest(pem: string, expectedName: string): Promise<x509.PublicKey> {
  if (Buffer.byteLength(pem) > maxRequestBytes)
    throw invalid(
      "csr",
      `The signing request is over ${maxRequestBytes / 1024} kB; one with a P-256 key is far smaller.`,
    );
  const { request, algorithm, subject } = parse(pem);
  requireKey(algorithm);
  requireSubject(request, subject, expectedName);
  let isSigned = false;
  try {
    isSigned = await request.verify(webcrypto as Crypto);
  } catch {
    // A signature of another kind than the key's does not verify either.
  }
  if (!isSigned)
    throw invalid(
      "csr",
      "The signing request is not signed by its own key, so it was changed on the way or is broken.",
    );
  return request.publicKey;
}

/** Everything that is read, for the library takes some apart only when it is asked for. */
function parse(pem: string) {
  try {
    if (!/^-----BEGIN (NEW )?CERTIFICATE REQUEST-----\s/.test(pem.trim())) throw new Error("not a PEM");
    const request = new x509.Pkcs10CertificateRequest(
      pem.trim().replaceAll("NEW CERTIFICATE REQUEST", "CERTIFICATE REQUEST"),
    );
    const algorithm = request.publicKey.algorithm as KeyAlgorithm;
    return { request, algorithm, subject: request.subjectName.toJSON() };
  } catch (cause) {
    const error = invalid("csr", "This is not a signing request in PEM form.");
    error.cause = cause;
    throw error;
  }
}

interface KeyAlgorithm {
  name: string;
  namedCurve?: string;
  modulusLength?: number;
}

function requireKey(algorithm: KeyAlgorithm): void {
  if (algorithm.name === "ECDSA" && algorithm.namedCurve === "P-256") return;
  const kind = algorithm.modulusLength
    ? `RSA of ${algorithm.modulusLength} bits`
    : algorithm.namedCurve
      ? `on the curve ${algorithm.namedCurve}`
      : algorithm.name;
  throw invalid("csr", `The signing request's key is ${kind}; only P-256 (ECDSA) is accepted.`);
}

function requireSubject(
  { subject: text }: x509.Pkcs10CertificateRequest,
  subject: x509.JsonName,
  expectedName: string,
) {
  if (subject.length === 0) return;
  const [only] = subject;
  const isExact = subject.length === 1 && Object.keys(only!).join() === "CN" && only!.CN?.join() === expectedName;
  if (isExact) return;
  throw invalid("csr", `The signing request names "${text}", which is not you. Leave its subject empty.`);
}
