/** `npm run test:faults`: sees that everything is there, and hands over to e2e/faults/main.ts with the same arguments. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { installTools, prepareCode, root, systemTools } from "./support/bootstrap.mjs";

try {
  process.chdir(root);
  prepareCode();
  installTools([...systemTools.network, ...systemTools.tests]);
} catch (error) {
  process.stderr.write(`\n${error.stack ?? error}\n`);
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  ["--import", "tsx", join(root, "e2e/faults/main.ts"), ...process.argv.slice(2)],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
