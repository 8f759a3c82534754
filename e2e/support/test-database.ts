/** A migrated database for tests, with a role for the code under test that owns nothing in it. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { migrate } from "../../server/core/migrate";

export interface TestDatabase {
  /** For process.env, before the settings are first read. */
  settings: Record<"DATABASE_URL" | "MIGRATE_DATABASE_URL" | "QUEUE_DATABASE_URL", string>;
  drop(): Promise<void>;
}

/** @param superuserUrl a superuser's connection to a cluster that runs, whichever its database */
export async function createTestDatabase(superuserUrl: string): Promise<TestDatabase> {
  const cluster = withDatabase(superuserUrl, "postgres");
  const name = `test_${randomBytes(4).toString("hex")}`;
  const password = randomBytes(12).toString("hex");
  await run(cluster, [`CREATE DATABASE ${name}`, `CREATE DATABASE ${name}_queue`]);
  await migrate(withDatabase(cluster, name));
  await run(cluster, [
    `CREATE ROLE ${name} LOGIN PASSWORD '${password}' IN ROLE drawbridge_app`,
    `ALTER DATABASE ${name}_queue OWNER TO ${name}`,
  ]);
  const app = new URL(withDatabase(cluster, name));
  app.username = name;
  app.password = password;
  return {
    settings: {
      DATABASE_URL: app.toString(),
      MIGRATE_DATABASE_URL: withDatabase(cluster, name),
      QUEUE_DATABASE_URL: withDatabase(app.toString(), `${name}_queue`),
    },
    drop: () =>
      run(cluster, [
        `DROP DATABASE ${name} WITH (FORCE)`,
        `DROP DATABASE ${name}_queue WITH (FORCE)`,
        `DROP ROLE ${name}`,
      ]),
  };
}

/**
 * Gives this test file a database apart: for what acts on every tenant or every gateway that it finds. Call it before
 * anything is read or written.
 * @returns how to drop it
 */
export async function useOwnDatabase(): Promise<() => Promise<void>> {
  const own = await createTestDatabase(process.env.MIGRATE_DATABASE_URL!);
  Object.assign(process.env, own.settings);
  return own.drop;
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
