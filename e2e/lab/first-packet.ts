import { createCipheriv, createHmac, randomBytes } from "node:crypto";

/**
 * The first packet of an OpenVPN client from before 2.6, as whoever has a profile can make it: openvpn has to keep
 * something of each such packet, whatever address it says that it comes from. Layout: openvpn's doc_protocol_overview.h
 * and doc/tls-crypt-v2.txt.
 * @param key the profile's tls-crypt-v2 key, PEM
 */
export function makeFirstPacket(key: string): Buffer {
  const base64 = /-----BEGIN OpenVPN tls-crypt-v2 client key-----([^-]+)-----END/.exec(key)![1]!;
  const bytes = Buffer.from(base64, "base64");
  // Two keys of 64 bytes for the cipher and 64 for its HMAC each; clients send by the second.
  const [cipherKey, macKey, wrapped] = [bytes.subarray(128, 160), bytes.subarray(192, 224), bytes.subarray(256)];
  const number = Buffer.alloc(8);
  number.writeUInt32BE(1, 0);
  number.writeUInt32BE(Math.floor(Date.now() / 1000), 4);
  const header = Buffer.concat([Buffer.from([0x50]), randomBytes(8), number]);
  // Nothing acknowledged, message 0.
  const content = Buffer.alloc(5);
  const tag = createHmac("sha256", macKey).update(header).update(content).digest();
  const cipher = createCipheriv("aes-256-ctr", cipherKey, tag.subarray(0, 16));
  return Buffer.concat([header, tag, cipher.update(content), cipher.final(), wrapped]);
}
