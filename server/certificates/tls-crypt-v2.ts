/**
 * OpenVPN's tls-crypt-v2 keys: one key of the platform for all gateways, and a key per client wrapped under it, so that a
 * gateway answers nobody's first packet but a client's of ours, and keeps no list of them. The layout is that of
 * OpenVPN's doc/tls-crypt-v2.txt; they are not bound to certificates and prove nothing by themselves.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** 64 bytes for the cipher and 64 for the HMAC, of which the first 32 of each are used. */
const serverKeyBytes = 128;
/** Two keys (a direction each) of 128 bytes. */
const clientKeyBytes = 256;
const tagBytes = 32;
const lengthBytes = 2;

/** @returns PEM for the gateways */
export function createServerKey(): string {
  return pem("OpenVPN tls-crypt-v2 server key", randomBytes(serverKeyBytes));
}

/**
 * @param label readable again by whoever holds the server key: says whose it is
 * @returns PEM for one client's profile
 */
export function createClientKey(serverKeyPem: string, label: string): string {
  const { cipherKey, hmacKey } = parseServerKey(serverKeyPem);
  const clientKey = randomBytes(clientKeyBytes);
  const metadata = Buffer.concat([Buffer.from([userMetadata]), Buffer.from(label)]);
  const plain = Buffer.concat([clientKey, metadata]);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt16BE(tagBytes + plain.length + lengthBytes);
  const tag = createHmac("sha256", hmacKey).update(length).update(plain).digest();
  const cipher = createCipheriv("aes-256-ctr", cipherKey, tag.subarray(0, 16));
  const wrapped = Buffer.concat([tag, cipher.update(plain), cipher.final(), length]);
  return pem("OpenVPN tls-crypt-v2 client key", Buffer.concat([clientKey, wrapped]));
}

/** The label of a client's key. @throws Error when it was not wrapped under this server key. */
export function readClientKey(serverKeyPem: string, clientKeyPem: string): { label: string } {
  const { cipherKey, hmacKey } = parseServerKey(serverKeyPem);
  const bytes = parsePem("OpenVPN tls-crypt-v2 client key", clientKeyPem);
  const wrapped = bytes.subarray(clientKeyBytes);
  const tag = wrapped.subarray(0, tagBytes);
  const length = wrapped.subarray(wrapped.length - lengthBytes);
  const decipher = createDecipheriv("aes-256-ctr", cipherKey, tag.subarray(0, 16));
  const plain = Buffer.concat([
    decipher.update(wrapped.subarray(tagBytes, wrapped.length - lengthBytes)),
    decipher.final(),
  ]);
  const expected = createHmac("sha256", hmacKey).update(length).update(plain).digest();
  if (!timingSafeEqual(expected, tag) || !plain.subarray(0, clientKeyBytes).equals(bytes.subarray(0, clientKeyBytes)))
    throw new Error("tls-crypt-v2: this client key was wrapped under another server key");
  return { label: plain.subarray(clientKeyBytes + 1).toString() };
}

/** Metadata that OpenVPN does not look at. */
const userMetadata = 0;

function parseServerKey(text: string): { cipherKey: Buffer; hmacKey: Buffer } {
  const bytes = parsePem("OpenVPN tls-crypt-v2 server key", text);
  if (bytes.length !== serverKeyBytes) throw new Error("tls-crypt-v2: the server key is not 128 bytes");
  return { cipherKey: bytes.subarray(0, 32), hmacKey: bytes.subarray(64, 96) };
}

function pem(name: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${name}-----\n${lines.join("\n")}\n-----END ${name}-----\n`;
}

function parsePem(name: string, text: string): Buffer {
  const match = new RegExp(`-----BEGIN ${name}-----([\\sA-Za-z0-9+/=]+)-----END ${name}-----`).exec(text);
  if (!match) throw new Error(`tls-crypt-v2: not a PEM of "${name}"`);
  return Buffer.from(match[1]!, "base64");
}
