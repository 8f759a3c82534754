/** What a signal to `npm start` does: npm itself, as a service manager or another script knows its process, not the terminal. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

let folder: string;
/** Our own package.json beside scripts that tell by what they were ended. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drawbridge-npm-"));
  cpSync("package.json", join(folder, "package.json"));
  mkdirSync(join(folder, "scripts"));
  const script = `for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => { console.log("ended by " + signal); process.exit(0); });
    console.log("up as " + process.pid); setInterval(() => {}, 1000);`;
  for (const name of ["start", "test", "faults", "story"]) writeFileSync(join(folder, `scripts/${name}.mjs`), script);
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each([
  ["start", "SIGINT"],
  ["start", "SIGTERM"],
  ["test", "SIGINT"],
  ["test:faults", "SIGTERM"],
  ["story", "SIGINT"],
] as const)("npm run %s is ended by %s to npm itself, and leaves nothing running", async (name, signal) => {
  const npm = spawn("npm", ["run", name], { cwd: folder, stdio: ["ignore", "pipe", "ignore"], detached: true });
  let output = "";
  const ended = new Promise((resolve) => npm.once("close", resolve));
  const up = new Promise<void>((resolve) =>
    npm.stdout.on("data", (chunk) => {
      output += chunk;
      if (output.includes("up as")) resolve();
    }),
  );
  try {
    await up;
    npm.kill(signal);
    await ended;
    expect(output).toContain(`ended by ${signal}`);
  } finally {
    try {
      process.kill(-npm.pid!, "SIGKILL");
    } catch {
      // Nothing is left of it.
    }
  }
});
