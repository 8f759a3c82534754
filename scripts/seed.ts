/**
 * `npm run seed SCENARIO [-- --size N]`: fills the database of DATABASE_URL, or of the installation in DRAWBRIDGE_DATA (one
 * that is not running has its database started for it), the same every time.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { migrate } from "../server/core/migrate";
import { root } from "./support/bootstrap.mjs";
import { joinAppRole, startEmbeddedPostgres } from "./support/embedded-postgres";
import { findRunning } from "./support/installation-note";
import { ensureSettingsFile, type Settings } from "./support/settings-file";
import { dataDirOf, parseStartSettings } from "./support/start-settings";

const usage = `npm run seed SCENARIO [-- --size N]

  demonstration   an operator with two tenants, their devices, people and policies
  operator        an operator with its staff, regions and plans, and no tenant yet
  empty           one administrator and nothing else
  large           one more tenant, with N accounts (by default 10,000) and as many devices

The first three fill an empty database only.`;

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { size: { type: "string" } } });
  const [scenario] = positionals;
  const size = Number(values.size ?? 10_000);
  if (!scenario || !["demonstration", "operator", "empty", "large"].includes(scenario)) throw new Error(usage);
  if (!Number.isInteger(size) || size < 1 || size > 1_000_000)
    throw new Error("--size is a whole number up to 1,000,000.");

  const { environment, close } = await findDatabase();
  Object.assign(process.env, environment);
  const { fill } = await import("../prisma/seed/fill");
  try {
    await fill(scenario, size, parseStartSettings(environment));
  } finally {
    await close();
  }
}

async function findDatabase(): Promise<{ environment: Settings; close(): Promise<void> }> {
  const dataDir = dataDirOf(process.env);
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value)) as Settings;
  const running = findRunning(dataDir);
  if (running && !given.DATABASE_URL)
    return { environment: { ...given, ...running.environment }, close: async () => {} };
  const environment: Settings = { ...(await ensureSettingsFile(dataDir)), ...given };
  if (environment.DATABASE_URL) return { environment, close: async () => {} };
  const postgres = await startEmbeddedPostgres({
    dataDir,
    port: Number(environment.POSTGRES_PORT),
    ownerPassword: environment.POSTGRES_OWNER_PASSWORD!,
    appPassword: environment.POSTGRES_APP_PASSWORD!,
    logFile: join(dataDir, "postgres.log"),
  });
  process.on("exit", postgres.kill);
  await migrate(postgres.urls.owner, join(root, "prisma/migrations"));
  await joinAppRole(postgres.urls.owner, new URL(postgres.urls.app).username);
  const { app, owner, queue } = postgres.urls;
  return {
    environment: { ...environment, DATABASE_URL: app, MIGRATE_DATABASE_URL: owner, QUEUE_DATABASE_URL: queue },
    close: postgres.stop,
  };
}
