/** `npm run audit:verify -- FILE`: checks an audit export offline. Exits 0 when it is whole, 1 when not, 2 when it cannot be read. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { verifyExport } from "@/server/audit/verify";

const file = process.argv[2];
if (!file) {
  console.error("Usage: npm run audit:verify -- FILE");
  process.exit(2);
}
try {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  const verdict = await verifyExport(lines);
  if (verdict.isIntact) {
    const whose = verdict.tenantId ?? "nobody";
    console.log(`Intact: ${verdict.entries} entries of ${whose}, the last with hash ${verdict.lastHash}.`);
    console.log("Compare that number and hash with the audit screen: a file cannot show what was cut off its end.");
  } else {
    const entry = verdict.sequence === null ? "" : ` (entry ${verdict.sequence})`;
    console.error(`Broken at line ${verdict.line}${entry}: ${verdict.why}.`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(`${file} cannot be read: ${(error as Error).message}`);
  process.exitCode = 2;
}
