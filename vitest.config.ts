import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const alias = { "@": fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "") };
const ignored = ["**/node_modules/**", ".next/**", "dist/**", ".data/**"];

/** Where real processes and packets share a busy machine one may come late. What fails twice fails; the report names both. */
const retry = 1;

/** Files at once. vitest leaves a core free, of two that is half; these wait for servers and packets more than they compute. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

/** unit: pure and quick. integration: a real PostgreSQL (and Redis where the queue is tested). lab: root, namespaces, openvpn. */
export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          testTimeout: 20_000,
          maxWorkers,
          include: ["**/*.test.ts"],
          exclude: [...ignored, "**/*.int.test.ts", "**/*.lab.test.ts"],
        },
      },
      {
        resolve: { alias },
        test: {
          name: "integration",
          include: ["**/*.int.test.ts"],
          exclude: ignored,
          globalSetup: ["e2e/support/database.setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers,
          sequence: { groupOrder: 1 },
          retry,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "lab",
          include: ["**/*.lab.test.ts"],
          exclude: ignored,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Each file has namespaces of its own; more at once would be late for what clients do by the second.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          retry,
        },
      },
    ],
  },
});
