/**
 * The two X.509 structures that the agent writes: its signing request, and the self-signed certificate behind which it
 * waits to be enrolled. P-256 with SHA-256, subject one common name.
 */
import { createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";

export function createSigningRequest(key: KeyObject, commonName: string): string {
  const info = sequence(integer(Buffer.from([0])), name(commonName), publicKeyOf(key), element(0xa0, Buffer.alloc(0)));
  return toPem("CERTIFICATE REQUEST", signed(info, key));
}

export function createSelfSignedCertificate(key: KeyObject, commonName: string, now: Date, days: number): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const from = new Date(now.getTime() - 60_000);
  const until = new Date(now.getTime() + days * 86_400_000);
  const body = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    name(commonName),
    sequence(time(from), time(until)),
    name(commonName),
    publicKeyOf(key),
  );
  return toPem("CERTIFICATE", signed(body, key));
}

export const objectId = (hex: string) => element(0x06, Buffer.from(hex, "hex"));
/** 1.2.840.10045.4.3.2 */
export const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"));
/** 2.5.4.3 */
const commonNameId = "550403";

export function signed(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, ecdsaWithSha256, element(0x03, Buffer.concat([Buffer.from([0]), sign("sha256", body, key)])));
}

export function name(commonName: string): Buffer {
  return sequence(element(0x31, sequence(objectId(commonNameId), element(0x0c, Buffer.from(commonName)))));
}

export function publicKeyOf(key: KeyObject): Buffer {
  return (key.type === "private" ? createPublicKey(key) : key).export({ type: "spki", format: "der" });
}

/** UTCTime, `YYMMDDHHMMSSZ`; good until 2050. */
export function time(at: Date): Buffer {
  return element(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));
}

export const integer = (value: Buffer) => element(0x02, value);

export function sequence(...parts: Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

export function element(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(value: number): Buffer {
  if (value < 0x80) return Buffer.from([value]);
  const bytes = value < 0x100 ? [value] : [value >> 8, value & 255];
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export function toPem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
