/**
 * What the application's role can do with the functions that run as another role. A table, a view or a type of its own
 * temporary schema is found before one of `public` unless the function's path names that schema last.
 */
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useOwnDatabase } from "@/e2e/support/test-database";

let drop: () => Promise<void>;
let owner: pg.Client;
let app: pg.Client;
let attacker: pg.Client;
let appRole: string;
let database: string;

beforeAll(async () => {
  drop = await useOwnDatabase();
  owner = new pg.Client({ connectionString: process.env.MIGRATE_DATABASE_URL });
  app = new pg.Client({ connectionString: process.env.DATABASE_URL });
  attacker = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await Promise.all([owner.connect(), app.connect(), attacker.connect()]);
  const { username, pathname } = new URL(process.env.DATABASE_URL!);
  appRole = username;
  database = pathname.slice(1);
});
afterAll(async () => {
  await Promise.all([owner.end(), app.end(), attacker.end()]);
  await drop();
});

const isSuperuser = async () =>
  (await owner.query("SELECT rolsuper FROM pg_roles WHERE rolname = $1", [appRole])).rows[0].rolsuper;
const months = async () =>
  (
    await owner.query(
      "SELECT count(*)::int AS n FROM pg_class WHERE relname ~ '^(sessions|traffic_samples|refusals)_[0-9]{6}$'",
    )
  ).rows[0].n;

test("the application makes no temporary tables", async () => {
  await expect(app.query("CREATE TEMPORARY TABLE mine (id integer)")).rejects.toThrow("permission denied");
});

test("the application does not become superuser by tables and views of its own that shadow ours, though it were let make them", async () => {
  await owner.query(`GRANT TEMPORARY ON DATABASE ${database} TO ${appRole}`);
  const takeOver = `EXECUTE 'ALTER ROLE ${appRole} SUPERUSER'`;
  const body = "LANGUAGE plpgsql AS $f$ BEGIN BEGIN %; EXCEPTION WHEN insufficient_privilege THEN NULL; END; % END $f$";
  const define = (head: string, result: string) =>
    attacker.query(`CREATE FUNCTION ${head} ${body.replace("%", takeOver).replace("%", result)}`);
  await attacker.query("CREATE TEMPORARY TABLE sessions_default AS SELECT * FROM public.sessions");
  await attacker.query("INSERT INTO pg_temp.sessions_default (connected_at) VALUES ('2031-03-10')");
  await define("pg_temp.on_delete() RETURNS trigger", "RETURN NULL;");
  await attacker.query(
    "CREATE TRIGGER taken BEFORE DELETE ON pg_temp.sessions_default FOR EACH ROW EXECUTE FUNCTION pg_temp.on_delete()",
  );
  await define("pg_temp.on_read() RETURNS name", "RETURN 'x';");
  await attacker.query("CREATE TEMPORARY VIEW pg_class AS SELECT 1::oid AS oid, pg_temp.on_read() AS relname");

  await attacker.query("SELECT public.ensure_partitions('2031-03-15')");
  expect(await isSuperuser()).toBe(false);
  await attacker.query("SELECT public.drop_partitions('2020-01-01')").catch(() => {});
  expect(await isSuperuser()).toBe(false);
});

test("no month of telemetry is dropped that ended in the last 31 days or is to come, whatever the application asks", async () => {
  const before = await months();
  expect(before).toBeGreaterThanOrEqual(6);
  await app.query("SELECT public.ensure_partitions('2020-05-05')");
  const { rows } = await app.query("SELECT public.drop_partitions('infinity') AS name");
  expect(rows.map(({ name }) => name).sort()).toEqual(["refusals_202005", "sessions_202005", "traffic_samples_202005"]);
  expect(await months()).toBe(before);
});
