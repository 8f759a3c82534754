import { createHash } from "node:crypto";
import type { Locations } from "./api";
import { canonical } from "./canonical";
import type { Entry } from "./document";

/**
 * SHA-256 of one entry. A document's digest is the XOR of its entries', so both sides keep it up to date at the cost
 * of a change; it finds drift, and is no proof against somebody who chooses the entries.
 */
export function entryDigest(entry: Entry): Buffer {
  return createHash("sha256")
    .update(`${entry.kind}\0${entry.id}\0${canonical(entry.value)}`)
    .digest();
}

export const emptyDigest = (): Buffer => Buffer.alloc(32);

/** XORs `part` into `digest` in place: the same call adds an entry and takes it away. */
export function toggleDigest(digest: Buffer, part: Buffer): void {
  for (let i = 0; i < digest.length; i++) digest[i]! ^= part[i]!;
}

/** SHA-256 of where devices are, lower-case hex: tells both sides whether the gateway has the newest. */
export const digestLocations = ({ peers }: Pick<Locations, "peers">): string =>
  createHash("sha256").update(JSON.stringify(peers)).digest("hex");
