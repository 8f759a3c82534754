/** Checks an export against itself, and against heads that were handed out: needs nothing but the files. */
import { z } from "zod";
import { auditHash, genesisHash } from "../core/audit";
import { isSigned, type SignedHead, signedHead } from "./head";

export type Verdict =
  | {
      isIntact: true;
      tenantId: string;
      entries: number;
      lastHash: string;
      /** The export's own head; null in an export of before there were any. */
      head: SignedHead | null;
      /** Of the heads that were handed out, the newest that the export holds; null where none was given. */
      newestHead: SignedHead | null;
    }
  | { isIntact: false; line: number | null; sequence: number | null; why: string };

/** @param heads of this tenant, handed out before; those of others are left alone */
export async function verifyExport(lines: AsyncIterable<string>, heads: SignedHead[] = []): Promise<Verdict> {
  let number = 0;
  let tenantId: string | null = null;
  let entries = 0;
  let lastHash = genesisHash;
  let head: SignedHead | null = null;
  const wanted = new Set(heads.map(({ sequence }) => sequence));
  const hashes = new Map<number, string>();
  for await (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    const broken = (why: string, sequence: number | null = null): Verdict => ({
      isIntact: false,
      line: number,
      sequence,
      why,
    });
    if (head) return broken("something follows the head, which is the last line of an export");
    const parsed = exportedLine.safeParse(tryJson(line));
    if (!parsed.success) return broken("this line is no audit entry");
    if ("head" in parsed.data) {
      head = parsed.data.head;
      if (head.tenantId !== tenantId || head.sequence !== entries || head.hash !== lastHash)
        return broken("the export's head is not that of its last entry: entries were cut off or added");
      if (!isSigned(head)) return broken("the export's head does not bear the signature of the key that it names");
      continue;
    }
    const { hash, ...link } = parsed.data;
    tenantId ??= link.tenantId;
    if (link.tenantId !== tenantId) return broken("this entry belongs to another tenant", link.sequence);
    if (link.sequence !== entries + 1)
      return broken(`entry ${entries + 1} was expected here: entries are missing or out of order`, link.sequence);
    if (link.previousHash !== lastHash) return broken("it does not follow from the entry before it", link.sequence);
    if (auditHash(link) !== hash) return broken("its content does not match its hash: it was changed", link.sequence);
    entries += 1;
    lastHash = hash;
    if (wanted.has(entries)) hashes.set(entries, hash);
  }
  if (tenantId === null) return { isIntact: false, line: null, sequence: null, why: "there is no entry in it" };
  const own = heads.filter((handed) => handed.tenantId === tenantId);
  const why = own.map((handed) => misfit(handed, hashes.get(handed.sequence), head)).find(Boolean);
  if (why) return { isIntact: false, line: null, sequence: null, why };
  if (heads.length > 0 && own.length === 0)
    return { isIntact: false, line: null, sequence: null, why: "the heads are of other tenants than the export" };
  const newestHead = own.reduce<SignedHead | null>((a, b) => (a && a.sequence > b.sequence ? a : b), null);
  return { isIntact: true, tenantId, entries, lastHash, head, newestHead };
}

function misfit(handed: SignedHead, hash: string | undefined, own: SignedHead | null): string | undefined {
  const which = `the head of ${handed.at}`;
  if (!isSigned(handed)) return `${which} does not bear the signature of the key that it names`;
  if (own && own.key !== handed.key) return `${which} was signed by another key than the export's own head`;
  if (hash === undefined)
    return `${which} is of entry ${handed.sequence}, which the export does not have: it was cut off`;
  if (hash !== handed.hash)
    return `entry ${handed.sequence} is another than at the head of ${handed.at}: the chain was made anew since`;
  return undefined;
}

const exportedLine = z.union([
  z.strictObject({ head: signedHead }),
  z.strictObject({
    tenantId: z.string(),
    sequence: z.number(),
    at: z.string(),
    actor: z.strictObject({ kind: z.string(), id: z.string().nullable(), name: z.string() }),
    action: z.string(),
    subject: z.strictObject({ kind: z.string(), id: z.string(), name: z.string() }),
    details: z.unknown(),
    previousHash: z.string(),
    hash: z.string(),
  }),
]);

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
