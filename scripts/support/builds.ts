/** What is built once and again when its sources change: the app, the workers and the gateway agent. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root } from "./bootstrap.mjs";
import type { Console } from "./console";

interface Build {
  name: string;
  /** Files and folders that it is made from. */
  inputs: string[];
  /** Holds the digest of the inputs that the present output was made from. */
  stamp: string;
  output: string;
  command: string[];
  announcement: string;
}

const code = ["package.json", "package-lock.json", "tsconfig.json"];

const app: Build = {
  name: "build",
  inputs: [
    ...code,
    "app",
    "server",
    "gateway/protocol",
    "public",
    "prisma/schema",
    "next.config.ts",
    "instrumentation.ts",
    "proxy.ts",
    "postcss.config.mjs",
  ],
  stamp: ".next/made-from",
  output: ".next/BUILD_ID",
  command: ["node_modules/next/dist/bin/next", "build"],
  announcement: "Building the app, once: half a minute on a machine with nothing else to do …",
};

const workers: Build = {
  name: "build",
  inputs: [...code, "workers", "server", "gateway/protocol", "prisma/schema", "scripts/build-workers.mjs"],
  stamp: "dist/workers.made-from",
  output: "dist/workers.mjs",
  command: ["scripts/build-workers.mjs"],
  announcement: "Bundling the workers …",
};

const gateway: Build = {
  name: "build",
  inputs: [...code, "gateway", "scripts/build-gateway.mjs"],
  stamp: "dist/gateway.made-from",
  output: "dist/gateway.mjs",
  command: ["scripts/build-gateway.mjs"],
  announcement: "Bundling the gateway agent …",
};

export const buildApp = (console: Console, signal: AbortSignal) => build(app, console, signal);
export const buildWorkers = (console: Console, signal: AbortSignal) => build(workers, console, signal);
export const buildGateway = (console: Console, signal: AbortSignal) => build(gateway, console, signal);

/** @returns whether it had to be built */
async function build(what: Build, console: Console, signal: AbortSignal): Promise<boolean> {
  const digest = digestOf(what.inputs);
  const stamp = join(root, what.stamp);
  if (existsSync(join(root, what.output)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return false;
  console.say(what.announcement);
  const child = spawn(process.execPath, what.command, {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  console.follow(what.name, child.stdout, child.stderr);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const status = await sayMeanwhile(ended, (seconds) => console.say(`Still building, for ${seconds} s so far …`));
  if (status !== 0) throw new Error(`The build failed; its messages are above and in ${console.logFile(what.name)}.`);
  await mkdir(dirname(stamp), { recursive: true });
  await writeFile(stamp, digest);
  return true;
}

/** Says every so often that something still goes on. @param say told the seconds that have passed */
export async function sayMeanwhile<T>(work: Promise<T>, say: (seconds: number) => void, everyMs = 20_000): Promise<T> {
  const beganAt = performance.now();
  const timer = setInterval(() => say(Math.round((performance.now() - beganAt) / 1_000)), everyMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

function digestOf(inputs: string[]): string {
  const digest = createHash("sha256");
  const add = (path: string) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      // The generated client follows from prisma/schema.
      if (path === "server/core/prisma") return;
      for (const name of readdirSync(full).sort()) add(`${path}/${name}`);
    } else if (!/\.test\.tsx?$/.test(path)) digest.update(`${path}\0`).update(readFileSync(full));
  };
  for (const input of inputs) add(input);
  return digest.digest("hex");
}
