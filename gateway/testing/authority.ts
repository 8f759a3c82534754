/** A certificate authority for tests of the agent, and the control plane's side of enrolment. */
import { generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import {
  ecdsaWithSha256,
  element,
  integer,
  name,
  objectId,
  publicKeyOf,
  sequence,
  signed,
  time,
  toPem,
} from "../state/der";

export interface TestAuthority {
  certificate: string;
  issue(
    commonName: string,
    options: { usage: "client" | "server" | "both"; publicKey?: KeyObject; days?: number },
  ): Issued;
}

export interface Issued {
  certificate: string;
  /** PEM; empty where the public key was given. */
  key: string;
  /** As gateways list it. */
  fingerprint: string;
}

export function createAuthority(commonName: string): TestAuthority {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = write(commonName, commonName, privateKey, privateKey, 30, [
    extension("551d13", true, sequence(element(0x01, Buffer.from([0xff])))),
    extension("551d0f", true, element(0x03, Buffer.from([1, 0x06]))),
  ]);
  return {
    certificate,
    issue(subject, { usage, publicKey, days = 30 }) {
      const own = publicKey ? null : generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
      const pem = write(commonName, subject, publicKey ?? own!, privateKey, days, [
        extension("551d13", true, sequence()),
        extension("551d0f", true, element(0x03, Buffer.from([7, 0x80]))),
        extension("551d25", false, sequence(...usages[usage].map(objectId))),
      ]);
      return {
        certificate: pem,
        key: own?.export({ type: "pkcs8", format: "pem" }).toString() ?? "",
        fingerprint: new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase(),
      };
    },
  };
}

const usages = {
  client: ["2b06010505070302"],
  server: ["2b06010505070301"],
  both: ["2b06010505070301", "2b06010505070302"],
};

/** Public key of a PKCS#10 request: its SubjectPublicKeyInfo, found by the P-256 prefix. */
export function publicKeyOfRequest(csr: string): Buffer {
  const der = Buffer.from(csr.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const prefix = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");
  const at = der.indexOf(prefix);
  if (at < 0) throw new Error("the request has no P-256 key");
  return der.subarray(at, at + 91);
}

function write(
  issuer: string,
  subject: string,
  key: KeyObject,
  signer: KeyObject,
  days: number,
  extensions: Buffer[],
): string {
  const now = Date.now();
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    name(issuer),
    sequence(time(new Date(now - 60_000)), time(new Date(now + days * 86_400_000))),
    name(subject),
    publicKeyOf(key),
    element(0xa3, sequence(...extensions)),
  );
  return toPem("CERTIFICATE", signed(body, signer));
}

function extension(id: string, isCritical: boolean, content: Buffer): Buffer {
  const critical = isCritical ? [element(0x01, Buffer.from([0xff]))] : [];
  return sequence(objectId(id), ...critical, element(0x04, content));
}
