/**
 * Before the integration tests: one database of their own, migrated as its owner, and the settings that make the code
 * under test connect as a role that owns nothing. TEST_POSTGRES_URL names a superuser's connection to a cluster that
 * runs; without it the embedded one is started.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { migrate } from "../../server/core/migrate";
import { startTestPostgres } from "./postgres";

export default async function setup(): Promise<() => Promise<void>> {
  const cluster = process.env.TEST_POSTGRES_URL
    ? { url: process.env.TEST_POSTGRES_URL, stop: async () => {} }
    : await startTestPostgres();
  const suffix = randomBytes(4).toString("hex");
  const name = `test_${suffix}`;
  const password = randomBytes(12).toString("hex");
  await run(cluster.url, [`CREATE DATABASE ${name}`, `CREATE DATABASE ${name}_queue`]);
  await migrate(withDatabase(cluster.url, name));
  await run(cluster.url, [
    `CREATE ROLE ${name} LOGIN PASSWORD '${password}' IN ROLE drawbridge_app`,
    `ALTER DATABASE ${name}_queue OWNER TO ${name}`,
  ]);
  const app = new URL(withDatabase(cluster.url, name));
  app.username = name;
  app.password = password;
  Object.assign(process.env, {
    DATABASE_URL: app.toString(),
    MIGRATE_DATABASE_URL: withDatabase(cluster.url, name),
    QUEUE_DATABASE_URL: withDatabase(app.toString(), `${name}_queue`),
    AUTH_SECRET: randomBytes(32).toString("hex"),
    ENVELOPE_KEY: randomBytes(32).toString("hex"),
    APP_URL: "http://localhost:3000",
    LOG_LEVEL: process.env.LOG_LEVEL ?? "error",
  });
  return async () => {
    await run(cluster.url, [
      `DROP DATABASE ${name} WITH (FORCE)`,
      `DROP DATABASE ${name}_queue WITH (FORCE)`,
      `DROP ROLE ${name}`,
    ]);
    await cluster.stop();
  };
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.toString();
}

async function run(url: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
