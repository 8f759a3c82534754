import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestPostgres } from "@/e2e/support/postgres";
import { joinAppRole } from "@/scripts/support/embedded-postgres";
import { migrate } from "./migrate";

// A cluster of its own: roles are the whole cluster's, and here nobody has made them yet.
let cluster: Awaited<ReturnType<typeof startTestPostgres>>;
beforeAll(async () => {
  cluster = await startTestPostgres();
});
afterAll(() => cluster.stop());

describe("a database whose owner is no superuser", () => {
  const url = (user: string) => {
    const changed = new URL(cluster.url);
    Object.assign(changed, { username: user, password: user, pathname: "/drawbridge" });
    return changed.toString();
  };

  test("is migrated, with what is in it", async () => {
    await run(cluster.url, [
      "CREATE ROLE provider LOGIN CREATEROLE PASSWORD 'provider'",
      "CREATE ROLE drawbridge LOGIN PASSWORD 'drawbridge'",
      "CREATE DATABASE drawbridge OWNER provider",
    ]);
    const earlier = await mkdtemp(join(tmpdir(), "drawbridge-migrations-"));
    await cp("prisma/migrations", earlier, { recursive: true, filter: (path) => !/\/(001[5-9]|00[2-9])/.test(path) });
    await migrate(url("provider"), earlier);
    await rm(earlier, { recursive: true });
    const token = "a".repeat(43);
    const mail = (id: number, sentAt: string) =>
      `INSERT INTO mails (id, recipient, subject, text, sent_at) VALUES ('00000000-0000-0000-0000-00000000000${id}', 'x', 'x',
        'Accept: http://localhost/invitation/${token}', ${sentAt})`;
    await run(cluster.url.replace(/postgres$/, "drawbridge"), [mail(1, "now()"), mail(2, "NULL")]);
    expect((await migrate(url("provider"))).length).toBeGreaterThan(1);
    expect(await migrate(url("provider"))).toEqual([]);
    const mails = await run(cluster.url.replace(/postgres$/, "drawbridge"), ["SELECT text FROM mails ORDER BY id"]);
    expect(mails.map(({ text }) => String(text).includes(token))).toEqual([false, true]);
  });

  test("has its months of telemetry made and dropped by the application", async () => {
    await joinAppRole(url("provider"), "drawbridge");
    const rows = await run(url("drawbridge"), [
      "SELECT ensure_partitions('2020-05-05')",
      "SELECT drop_partitions('2020-06-01') AS name",
    ]);
    expect(rows.map(({ name }) => name).sort()).toEqual([
      "refusals_202005",
      "sessions_202005",
      "traffic_samples_202005",
    ]);
  });
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
