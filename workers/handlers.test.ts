import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { handlers, jobs } from "./handlers";

/** Names of all jobs that are defined anywhere in the server. */
async function definedJobs(): Promise<string[]> {
  const root = join(import.meta.dirname, "../server");
  const files = (await readdir(root, { recursive: true })).filter(
    (path) => path.endsWith(".ts") && !path.includes("prisma"),
  );
  const names: string[] = [];
  for (const file of files) {
    if (/\.test\.ts$/.test(file)) continue;
    const text = await readFile(join(root, file), "utf8");
    for (const [, name] of text.matchAll(/defineJob\(\{\s*name: "([^"]+)"/g)) names.push(name!);
  }
  return names.sort();
}

test("every job that is defined has one handler, and every handler a job", async () => {
  const defined = await definedJobs();
  expect(defined.length).toBeGreaterThanOrEqual(6);
  expect(Object.keys(handlers).sort()).toEqual(defined);
  expect(jobs.map(({ name }) => name).sort()).toEqual(defined);
});

test("each handler lies in a file of its own, named after its job", async () => {
  const files = (await readdir(join(import.meta.dirname, "handlers"))).map((file) => file.replace(/\.ts$/, ""));
  expect(files.sort()).toEqual(jobs.map(({ name }) => name.replace(".", "-")).sort());
});
