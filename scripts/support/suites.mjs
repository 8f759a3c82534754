/** Runs commands as suites: their output, how many of their tests passed, and what to say of them at the end. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./bootstrap.mjs";

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} seconds
 * @property {string} [note] why something was skipped
 */

const bin = (name) => join(root, "node_modules/.bin", name);

/** A command that passes or fails as one. */
export async function runOne(name, [command, ...args], options = {}) {
  const { status, seconds, output } = await run(bin(command), args, options);
  return { name, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0, seconds, output };
}

/** One of vitest's projects, counted test by test. */
export async function runVitest(name, project, { args = [], ...options } = {}) {
  return withReport(async (report) => {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const result = await run(bin("vitest"), ["run", "--project", project, ...reporters, ...args], options);
    const counts = existsSync(report) ? countVitest(JSON.parse(readFileSync(report, "utf8"))) : zero;
    return settle(name, result, counts);
  });
}

/** Counts a project's tests without running them. */
export async function countTests(project) {
  const { output } = await run(bin("vitest"), ["list", "--project", project, "--json"], { isQuiet: true });
  try {
    return JSON.parse(output.slice(output.indexOf("["))).length;
  } catch {
    return 1;
  }
}

/** One of playwright's projects, against an installation that runs. */
export async function runPlaywright(name, project, { env, args = [] }) {
  return withReport(async (report) => {
    const result = await run(bin("playwright"), ["test", "--project", project, "--reporter=list,json", ...args], {
      env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: report },
    });
    const counts = existsSync(report) ? countPlaywright(JSON.parse(readFileSync(report, "utf8"))) : zero;
    return settle(name, result, counts);
  });
}

const zero = { passed: 0, failed: 0, skipped: 0 };

export function countVitest(report) {
  // A file that cannot even be read has no tests that could fail.
  const unread = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unread.length,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}

/** @param {{ stats: { expected: number, flaky: number, unexpected: number, skipped: number }, errors?: unknown[] }} report */
export function countPlaywright({ stats, errors = [] }) {
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected + errors.length, skipped: stats.skipped };
}

/** A run that says it failed counts as a failure, whatever its report says; a run without any test does too. */
function settle(name, { status, seconds, output }, counts) {
  const isUnexplained = counts.failed === 0 && (status !== 0 || counts.passed + counts.skipped === 0);
  return { name, ...counts, failed: counts.failed + (isUnexplained ? 1 : 0), seconds, output };
}

/** `12 passed, 0 failed` and, where there are any, how many were skipped. */
export function total(outcomes) {
  const sum = (field) => outcomes.reduce((so, outcome) => so + outcome[field], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

export function tell({ name, passed, failed, skipped, seconds, note }) {
  const counts = total([{ passed, failed, skipped }]);
  return `${failed > 0 ? "✗" : passed > 0 ? "✓" : "–"} ${name.padEnd(14)} ${counts} ${`(${seconds.toFixed(1)} s)`}${note ? `  ${note}` : ""}`;
}

async function withReport(work) {
  const folder = mkdtempSync(join(tmpdir(), "drawbridge-report-"));
  try {
    return await work(join(folder, "report.json"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command, args, { env = {}, isQuiet = false } = {}) {
  const beganAt = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: isQuiet ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => {
    const done = (status) => resolve({ status, output, seconds: (performance.now() - beganAt) / 1000 });
    child.once("error", (error) => {
      output += error.message;
      done(1);
    });
    child.once("close", (status) => done(status ?? 1));
  });
}
