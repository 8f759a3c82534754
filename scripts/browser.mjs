/**
 * Runs one of playwright's projects against a whole installation made for it, and ends that again: `story` against a fresh
 * one with nothing but an operator, `screens` against the demonstration. `npm run story` is this.
 */
import { writeFileSync } from "node:fs";
import { installTools, prepareCode, runTypeScript, systemTools } from "./support/bootstrap.mjs";
import { runPlaywright, tell, total } from "./support/suites.mjs";

const [project, ...args] = process.argv.slice(2);
const scenarios = { story: "operator", screens: "demonstration" };

try {
  const scenario = scenarios[project];
  if (!scenario) throw new Error(`There is no project ${project}. There are: ${Object.keys(scenarios).join(", ")}.`);
  prepareCode();
  const missing = installTools([...systemTools.network, ...systemTools.tests]);
  if (missing.some(({ name }) => name === "chromium"))
    throw new Error("Browser tests need chromium: apt-get install chromium");
  const { withInstallation } = await runTypeScript("./test-installation.ts");
  const outcome = await withInstallation({ scenario, needsNetwork: project === "story" }, (env) =>
    runPlaywright(project, project, { env, args }),
  );
  console.log(`\n${tell(outcome)}\n${total([outcome])}`);
  // Whoever runs several suites adds them up.
  if (process.env.DRAWBRIDGE_OUTCOME) writeFileSync(process.env.DRAWBRIDGE_OUTCOME, JSON.stringify(outcome));
  process.exit(outcome.failed > 0 ? 1 : 0);
} catch (error) {
  process.stderr.write(`\n${error.stack ?? error}\n`);
  process.exit(1);
}
