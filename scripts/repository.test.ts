/** Rules of the repository that no tool of its own keeps. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsTables, tablesIn } from "./settings-table";
import { countPlaywright, countVitest, total } from "./support/suites.mjs";

const root = join(import.meta.dirname, "..");
const folders = ["app", "server", "workers", "gateway", "prisma", "e2e", "scripts", "bench"];
const isCode = (path: string) => /\.(ts|tsx|mjs)$/.test(path) && !path.startsWith("server/core/prisma/");
const files = [
  ...readdirSync(root).filter((name) => name !== "next-env.d.ts"),
  ...folders.flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`)
      : [],
  ),
].filter(isCode);
const read = (path: string) => readFileSync(join(root, path), "utf8");
/** Comments tell of what the code may not do. */
const codeOf = (path: string) => read(path).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

const isTest = (path: string) => /\.(test|e2e)\.tsx?$|^e2e\/|\/testing\/|test-[a-z-]+\.ts$/.test(path);
const isTool = (path: string) => /^(scripts|bench)\/|^[a-z-]+\.config\.ts$/.test(path);
const ours = files.filter((path) => !isTest(path) && !isTool(path));

describe("the repository", () => {
  it("has code to hold to its rules", () => {
    expect(ours.length).toBeGreaterThan(100);
  });

  it("reads the environment in two places", () => {
    const readers = ours.filter((path) => /\bprocess\.env\b/.test(codeOf(path)));
    expect(readers.filter((path) => path !== "instrumentation.ts").sort()).toEqual([
      "gateway/env.ts",
      "server/core/env.ts",
    ]);
  });

  it("makes the database client in one place", () => {
    const makers = files.filter((path) => !isTest(path) && /new PrismaClient\(/.test(codeOf(path)));
    expect(makers).toEqual(["server/core/db.ts"]);
  });

  it("has no barrels: a name is imported from where it is made", () => {
    const barrels = files.filter(
      (path) => /(^|\/)index\.tsx?$/.test(path) || /^export (\*|\{[^}]*\}) from /m.test(codeOf(path)),
    );
    expect(barrels).toEqual([]);
  });

  it("names its files in kebab-case", () => {
    const odd = files.filter((path) => {
      const name = path
        .split("/")
        .at(-1)!
        .replace(/\.(int\.test|lab\.test|test|e2e|setup|config)?\.?(d\.)?(tsx?|mjs)$/, "");
      return !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
    });
    expect(odd).toEqual([]);
  });

  it("lists every setting in the README, as the code reads it", () => {
    expect(tablesIn(read("README.md")), "npx tsx scripts/settings-table.ts writes them").toBe(settingsTables());
  });
});

describe("npm test's last line", () => {
  it("adds up what the suites report", () => {
    const outcomes = [
      { passed: 3, failed: 0, skipped: 0 },
      { passed: 2, failed: 1, skipped: 0 },
    ];
    expect(total(outcomes)).toBe("5 passed, 1 failed");
    expect(total([...outcomes, { passed: 0, failed: 0, skipped: 4 }])).toBe("5 passed, 1 failed, 4 skipped");
  });

  it("counts a file that cannot be read as a failure", () => {
    const report = {
      numPassedTests: 4,
      numFailedTests: 0,
      numPendingTests: 1,
      testResults: [
        { status: "passed", assertionResults: [{}] },
        { status: "failed", assertionResults: [] },
      ],
    };
    expect(countVitest(report)).toEqual({ passed: 4, failed: 1, skipped: 1 });
    const stats = { expected: 2, flaky: 1, unexpected: 1, skipped: 3 };
    expect(countPlaywright({ stats, errors: [{}] })).toEqual({ passed: 3, failed: 2, skipped: 3 });
  });
});
