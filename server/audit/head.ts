/**
 * A chain's head, signed: which entry was the newest at a time, and its hash. The key follows from ENVELOPE_KEY and is not
 * in the database, so whoever has the database alone makes a chain anew, but no head to fit it. Pure but for that key.
 */
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { canonical } from "@/gateway/protocol/canonical";
import { env } from "../core/env";

export const signedHead = z.strictObject({
  tenantId: z.uuid(),
  sequence: z.number().int().min(1),
  /** Of the entry with that number. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** ISO 8601, UTC: when it was signed. */
  at: z.iso.datetime(),
  /** Ed25519, base64url, as `signature`. */
  key: z.string().max(100),
  signature: z.string().max(200),
});
export type SignedHead = z.infer<typeof signedHead>;

export function signHead(head: Pick<SignedHead, "tenantId" | "sequence" | "hash">, now = new Date()): SignedHead {
  const privateKey = signingKey();
  const said = { ...head, at: now.toISOString(), key: createPublicKey(privateKey).export({ format: "jwk" }).x! };
  return { ...said, signature: sign(null, bytesOf(said), privateKey).toString("base64url") };
}

/** Whether who holds the key that it names has signed it. Whose key that is, only the reader knows. */
export function isSigned({ signature, ...said }: SignedHead): boolean {
  try {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: said.key }, format: "jwk" });
    return verify(null, bytesOf(said), key, Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}

/** Every head that stands in a text: in a file of them, or in a mail, whose lines may have been broken and quoted. */
export function findHeads(text: string): SignedHead[] {
  const found = text.replace(/\r?\n[> ]*|\s/g, "").matchAll(/\{"tenantId":"[^{}]*\}/g);
  return [...found].flatMap(([json]) => {
    try {
      return [signedHead.parse(JSON.parse(json))];
    } catch {
      return [];
    }
  });
}

const bytesOf = (said: Omit<SignedHead, "signature">) => Buffer.from(`drawbridge audit head ${canonical(said)}`);

function signingKey(): KeyObject {
  const seed = hkdfSync("sha256", Buffer.from(env.ENVELOPE_KEY, "hex"), "", "drawbridge audit heads", 32);
  // PKCS 8 of an Ed25519 key is this and its 32 bytes (RFC 8410).
  const key = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(seed)]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}
