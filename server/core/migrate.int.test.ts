import pg from "pg";
import { expect, test } from "vitest";
import { startTestPostgres } from "@/e2e/support/postgres";
import { joinAppRole } from "@/scripts/support/embedded-postgres";
import { migrate } from "./migrate";

test("a database whose owner is no superuser is migrated, and its months are made and dropped by the application", async () => {
  // A cluster of its own: roles are the whole cluster's, and here nobody has made them yet.
  const cluster = await startTestPostgres();
  try {
    const url = (user: string, database: string) => {
      const changed = new URL(cluster.url);
      Object.assign(changed, { username: user, password: user, pathname: `/${database}` });
      return changed.toString();
    };
    await run(cluster.url, [
      "CREATE ROLE provider LOGIN CREATEROLE PASSWORD 'provider'",
      "CREATE ROLE drawbridge LOGIN PASSWORD 'drawbridge'",
      "CREATE DATABASE drawbridge OWNER provider",
    ]);
    expect((await migrate(url("provider", "drawbridge"))).length).toBeGreaterThan(10);
    await joinAppRole(url("provider", "drawbridge"), "drawbridge");
    const rows = await run(url("drawbridge", "drawbridge"), [
      "SELECT ensure_partitions('2020-05-05')",
      "SELECT drop_partitions('2020-06-01') AS name",
    ]);
    expect(rows.map(({ name }) => name).sort()).toEqual([
      "refusals_202005",
      "sessions_202005",
      "traffic_samples_202005",
    ]);
    expect(await migrate(url("provider", "drawbridge"))).toEqual([]);
  } finally {
    await cluster.stop();
  }
});

/** @returns the last statement's rows */
async function run(url: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
