/**
 * `npm run audit:verify -- EXPORT [HEADS]`: checks an audit export offline, and against heads that were handed out (a mail
 * saved to a file, or AUDIT_HEADS_FILE). Exits 0 when it is whole, 1 when not, 2 when a file cannot be read.
 */
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { findHeads } from "@/server/audit/head";
import { type Verdict, verifyExport } from "@/server/audit/verify";

const [file, headsFile] = process.argv.slice(2);
if (!file) {
  console.error("Usage: npm run audit:verify -- EXPORT [HEADS]");
  process.exit(2);
}
try {
  const heads = headsFile ? findHeads(readFileSync(headsFile, "utf8")) : [];
  if (headsFile && heads.length === 0) throw new Error(`no head is in ${headsFile}`);
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  const verdict = await verifyExport(lines, heads);
  if (verdict.isIntact) console.log(tell(verdict));
  else {
    const entry = verdict.sequence === null ? "" : ` (entry ${verdict.sequence})`;
    console.error(`Broken${verdict.line === null ? "" : ` at line ${verdict.line}`}${entry}: ${verdict.why}.`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(`${file} cannot be checked: ${(error as Error).message}`);
  process.exitCode = 2;
}

function tell({ entries, tenantId, lastHash, head, newestHead }: Verdict & { isIntact: true }): string {
  const shown = [
    `Intact: ${entries} ${entries === 1 ? "entry" : "entries"} of ${tenantId}, the last with hash ${lastHash}.`,
    "Shown: no entry was changed, left out or put in between, unless all after it were made anew.",
  ];
  if (head) shown.push(`Exported on ${head.at} by the installation whose key is ${head.key}.`);
  if (newestHead)
    shown.push(
      `Shown: entries 1 to ${newestHead.sequence} are those of ${newestHead.at}, when that head was handed out; nobody made them anew since.`,
      `Not shown: that ${newestHead.sequence === entries ? "nothing was written after it and cut off" : `the entries after ${newestHead.sequence} are all there`}, which a later head shows; nor that what was written is true.`,
    );
  else
    shown.push(
      "Not shown: that the whole chain was not made anew, nor that its end was not cut off. Compare it with a head that was handed out earlier (by mail to the admins, or AUDIT_HEADS_FILE): npm run audit:verify -- EXPORT HEADS",
    );
  return shown.join("\n");
}
