/**
 * Passwords: argon2id PHC strings, which gateways verify too, and what a new one must be. What a person chooses must fit
 * through OpenVPN, so control characters and great length are refused. One text is one password however a keyboard puts
 * its letters together: as Unicode composes them (NFC).
 */
import { randomInt } from "node:crypto";
import { hash, type Options, verify } from "@node-rs/argon2";
import { invalid } from "./errors";

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. 2 is Argon2id, a const enum that no module can import. */
const cost: Options = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const temporaryPasswordDays = 7;

export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize("NFC"), cost);
}

/** @param phc null where nobody is known: takes as long all the same, and is never right */
export async function verifyPassword(phc: string | null, password: string): Promise<boolean> {
  if (password.length > maxBytes) return verifyPassword(null, "");
  const composed = password.normalize("NFC");
  // Hashes from before passwords were composed are of the letters as they were typed.
  const isRight = (await isOf(phc, composed)) || (composed !== password && (await isOf(phc, password)));
  return isRight && phc !== null;
}

const isOf = (phc: string | null, password: string) => verify(phc ?? nobody, password);

const minLength = 12;
/** OpenVPN's clients send no more of a password, and say nothing. */
const maxBytes = 127;

/** @throws invalid that says which rule the new password breaks */
export async function requireGoodPassword(
  field: string,
  password: string,
  owner: { email: string; currentHash: string | null },
): Promise<void> {
  if (password.length < minLength) throw invalid(field, `Use at least ${minLength} characters.`);
  const bytes = Buffer.byteLength(password.normalize("NFC"));
  if (bytes > maxBytes)
    throw invalid(
      field,
      `Use at most ${maxBytes} bytes, as OpenVPN takes no more: this has ${bytes}. A letter with an accent or of another script counts for two to four.`,
    );
  if (/\p{Cc}/u.test(password))
    throw invalid(field, "Use characters that can be typed: this holds control characters.");
  const local = owner.email.split("@")[0]!.toLowerCase();
  if (local.length >= 3 && password.toLowerCase().includes(local))
    throw invalid(field, `Leave your email name (${local}) out of the password.`);
  if (owner.currentHash && (await verifyPassword(owner.currentHash, password)))
    throw invalid(field, "This is your current password. Choose a different one.");
}

/** Made for a person to read aloud and type: four groups of four, no look-alikes, 79 bits. */
export function createTemporaryPassword(): string {
  const group = () => Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join("");
  return [group(), group(), group(), group()].join("-");
}

const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
/** Of a random password that nobody kept. */
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$uMC57jfTUn/EHfF17bG+Ng$iXB+w1afXzi7URJkMfHAhUznG+qxkb4+K+jYQZJqpoo";
