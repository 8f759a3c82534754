/** Checks an export against itself: needs nothing but the file. */
import { z } from "zod";
import { auditHash, genesisHash } from "../core/audit";

export type Verdict =
  | { isIntact: true; tenantId: string | null; entries: number; lastHash: string }
  | { isIntact: false; line: number; sequence: number | null; why: string };

/**
 * That entries were cut off at the end cannot be seen in the file alone: compare the number and the last hash with what
 * the audit screen shows.
 */
export async function verifyExport(lines: AsyncIterable<string>): Promise<Verdict> {
  let number = 0;
  let tenantId: string | null = null;
  let entries = 0;
  let lastHash = genesisHash;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    const broken = (why: string, sequence: number | null = null): Verdict => ({
      isIntact: false,
      line: number,
      sequence,
      why,
    });
    const parsed = exportedEntry.safeParse(tryJson(line));
    if (!parsed.success) return broken("this line is no audit entry");
    const { hash, ...link } = parsed.data;
    tenantId ??= link.tenantId;
    if (link.tenantId !== tenantId) return broken("this entry belongs to another tenant", link.sequence);
    if (link.sequence !== entries + 1)
      return broken(`entry ${entries + 1} was expected here: entries are missing or out of order`, link.sequence);
    if (link.previousHash !== lastHash) return broken("it does not follow from the entry before it", link.sequence);
    if (auditHash(link) !== hash) return broken("its content does not match its hash: it was changed", link.sequence);
    entries += 1;
    lastHash = hash;
  }
  return { isIntact: true, tenantId, entries, lastHash };
}

const exportedEntry = z.strictObject({
  tenantId: z.string(),
  sequence: z.number(),
  at: z.string(),
  actor: z.strictObject({ kind: z.string(), id: z.string().nullable(), name: z.string() }),
  action: z.string(),
  subject: z.strictObject({ kind: z.string(), id: z.string(), name: z.string() }),
  details: z.unknown(),
  previousHash: z.string(),
  hash: z.string(),
});

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
