/** Secrets at rest: AES-256-GCM under the envelope key, which is not in the database. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { env } from "./env";

/** @param context bound into the seal: what was sealed as one thing does not open as another. */
export function seal(plain: Buffer | string, context: string): Uint8Array<ArrayBuffer> {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key(), iv).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return new Uint8Array(Buffer.concat([Buffer.from([1]), iv, cipher.getAuthTag(), body]));
}

/** @throws Error when the envelope key is another, the context differs, or the bytes were changed. */
export function unseal(sealed: Uint8Array, context: string): Buffer {
  return unsealWith(env.ENVELOPE_KEY, sealed, context);
}

/** With an envelope key that is not necessarily this process's. */
export function unsealWith(envelopeKey: string, sealed: Uint8Array, context: string): Buffer {
  const bytes = Buffer.from(sealed);
  if (bytes[0] !== 1) throw new Error(`sealed ${context}: unknown format`);
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(envelopeKey, "hex"), bytes.subarray(1, 13))
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(13, 29));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(29)), decipher.final()]);
  } catch (cause) {
    throw new Error(`sealed ${context} does not open: ENVELOPE_KEY is not the one that it was sealed with`, { cause });
  }
}

function key(): Buffer {
  return Buffer.from(env.ENVELOPE_KEY, "hex");
}
