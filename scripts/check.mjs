/** `npm run check`: the inner loop. Types, style, directions between the parts and unit tests, two at a time. */
import { existsSync } from "node:fs";
import { installTools, prepareCode, systemTools, tellMissing } from "./support/bootstrap.mjs";
import { runOne, runVitest, tell, total } from "./support/suites.mjs";

prepareCode();
// Named before and after: what fails for want of it stands in between.
const missing = installTools(systemTools.unit);
tellMissing(missing);
const isQuiet = true;
const parts = ["app", "server", "workers", "gateway", "e2e", "bench", "scripts", "prisma"].filter((part) =>
  existsSync(part),
);
const lanes = [
  [
    () => runOne("types", ["tsc", "--noEmit"], { isQuiet }),
    () => runOne("style", ["biome", "check", "."], { isQuiet }),
  ],
  [
    () => runVitest("unit tests", "unit", { isQuiet }),
    () => runOne("directions", ["depcruise", ...parts, "--config", ".dependency-cruiser.cjs"], { isQuiet }),
  ],
];
const outcomes = [];
await Promise.all(
  lanes.map(async (lane) => {
    for (const suite of lane) {
      const outcome = await suite();
      if (outcome.failed > 0) process.stdout.write(outcome.output);
      console.log(tell(outcome));
      outcomes.push(outcome);
    }
  }),
);
tellMissing(missing);
console.log(total(outcomes));
process.exit(outcomes.some(({ failed }) => failed > 0) ? 1 : 0);
