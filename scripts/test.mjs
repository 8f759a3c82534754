/**
 * `npm test`: does all set-up, then runs types, style, unit, integration, lab, fault and browser tests with the story, and ends
 * with one line that sums them up. `npm test -- unit lab` runs those only.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  installTools,
  isRoot,
  missingTools,
  prepareCode,
  root,
  systemTools,
  tellMissing,
} from "./support/bootstrap.mjs";
import { fetchNetworkManagerPlugin } from "./support/network-manager.mjs";
import { fetchOtherOpenvpns } from "./support/other-openvpns.mjs";
import { countTests, runOne, runVitest, tell, total } from "./support/suites.mjs";

const known = ["types", "style", "unit", "integration", "lab", "faults", "browser"];
const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : known;
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) fail(`There is no suite ${unknown.join(", ")}. There are: ${known.join(", ")}.`);

let missing = [];
try {
  process.chdir(root);
  prepareCode();
  missing = installTools([...systemTools.network, ...systemTools.tests]);
} catch (error) {
  fail(error.message);
}

const parts = ["app", "server", "workers", "gateway", "e2e", "bench", "scripts", "prisma"].filter((part) =>
  existsSync(part),
);
const suites = {
  types: () => runOne("types", ["tsc", "--noEmit"]),
  style: async () => [
    await runOne("style", ["biome", "check", "."]),
    await runOne("directions", ["depcruise", ...parts, "--config", ".dependency-cruiser.cjs"]),
  ],
  unit: () => runVitest("unit", "unit"),
  integration: () => runVitest("integration", "integration"),
  async lab() {
    const obstacle = labObstacle();
    if (!obstacle) {
      fetchOtherOpenvpns();
      fetchNetworkManagerPlugin();
      return runVitest("lab", "lab");
    }
    return {
      name: "lab",
      passed: 0,
      failed: 0,
      skipped: await countTests("lab"),
      seconds: 0,
      note: `NOT RUN: ${obstacle}`,
    };
  },
  faults: async () => runApart("faults", ["scripts/faults.mjs"], labObstacle()),
  browser: async () => [await runBrowser("screens"), await runBrowser("story", labObstacle())],
};

tellMissing(missing);

const outcomes = [];
for (const name of known.filter((one) => wanted.includes(one))) {
  console.log(`\n── ${name} ${"─".repeat(60 - name.length)}`);
  outcomes.push(...[await suites[name]()].flat());
}
console.log(`\n${"─".repeat(64)}`);
for (const outcome of outcomes) console.log(tell(outcome));
for (const { note } of outcomes) if (note) console.log(`\n${note}`);
console.log(`\n${total(outcomes)}`);
process.exit(outcomes.some(({ failed }) => failed > 0) ? 1 : 0);

async function runBrowser(project, obstacle) {
  if (missing.some(({ name }) => name === "chromium"))
    return { name: project, passed: 0, failed: 1, skipped: 0, seconds: 0, note: "NOT RUN: chromium is missing" };
  return runApart(project, ["scripts/browser.mjs", project], obstacle);
}

/** In a process of its own, which holds the installation that the tests run against. */
async function runApart(name, command, obstacle) {
  const none = { name, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  if (obstacle) return { ...none, skipped: 1, note: `NOT RUN: ${name}: ${obstacle}` };
  const folder = mkdtempSync(join(tmpdir(), "drawbridge-outcome-"));
  const file = join(folder, "outcome.json");
  spawnSync(process.execPath, command, {
    stdio: "inherit",
    env: { ...process.env, DRAWBRIDGE_OUTCOME: file },
  });
  const outcome = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { ...none, failed: 1 };
  rmSync(folder, { recursive: true });
  return outcome;
}

function labObstacle() {
  if (!isRoot) return "network namespaces and /dev/net/tun need root. Run it as root: sudo npm test -- lab browser";
  if (!existsSync("/dev/net/tun"))
    return "there is no /dev/net/tun. Load it: modprobe tun (in a container: --device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN)";
  const lacking = missingTools(systemTools.network);
  return lacking.length > 0 ? `${lacking.map(({ name }) => name).join(", ")} not installed` : undefined;
}

function fail(message) {
  process.stderr.write(`\n${message}\n\n0 passed, 1 failed\n`);
  process.exit(1);
}
