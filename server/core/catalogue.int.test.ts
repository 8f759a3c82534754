import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTenantWithAdmin } from "@/e2e/support/principals";
import { closeDatabase, inTenant, system } from "./db";
import { closeQueues } from "./queue";

let owner: pg.Client;
let app: pg.Client;
beforeAll(async () => {
  owner = new pg.Client({ connectionString: process.env.MIGRATE_DATABASE_URL });
  app = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await Promise.all([owner.connect(), app.connect()]);
});
afterAll(async () => {
  await Promise.all([owner.end(), app.end()]);
  await closeQueues();
  await closeDatabase();
});

/** Tables with a tenant_id, partitions too. */
const tenantTables = `
  SELECT c.oid, c.relname AS name, c.relispartition AS is_partition, c.relrowsecurity AS is_enabled, c.relforcerowsecurity AS is_forced
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`;

async function names(sql: string): Promise<string[]> {
  const { rows } = await owner.query<{ name: string }>(sql);
  return rows.map(({ name }) => name).sort();
}

test("every table of tenants has row security, enabled and forced, and a policy that binds it", async () => {
  expect((await names(`SELECT name FROM (${tenantTables}) t`)).length).toBeGreaterThan(20);
  expect(await names(`SELECT name FROM (${tenantTables}) t WHERE NOT is_enabled OR NOT is_forced`)).toEqual([]);
  // A partition is reached through its parent's policies; by its own name, no policy means no row.
  expect(
    await names(`SELECT name FROM (${tenantTables}) t WHERE NOT is_partition AND NOT EXISTS (
      SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polcmd = '*' AND pg_get_expr(p.polqual, p.polrelid) LIKE '%tenant_id = %app_tenant()%')`),
  ).toEqual([]);
  expect(
    await names(
      `SELECT relname AS name FROM pg_class WHERE relname IN ('tenants', 'mails') AND NOT (relrowsecurity AND relforcerowsecurity)`,
    ),
  ).toEqual([]);
});

test("every table of tenants has a primary key that begins with the tenant", async () => {
  expect(
    await names(`SELECT name FROM (${tenantTables}) t WHERE NOT EXISTS (
      SELECT FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
      WHERE k.conrelid = t.oid AND k.contype = 'p' AND a.attname = 'tenant_id')`),
  ).toEqual([]);
});

test("every foreign key between tables of tenants holds both to the same tenant", async () => {
  expect(
    await names(`SELECT k.conname AS name FROM pg_constraint k
      JOIN (${tenantTables}) one ON one.oid = k.conrelid JOIN (${tenantTables}) other ON other.oid = k.confrelid
      WHERE k.contype = 'f' AND NOT EXISTS (
        SELECT FROM unnest(k.conkey, k.confkey) AS pair (near, far)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.near AND a.attname = 'tenant_id'
        JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.far AND b.attname = 'tenant_id')`),
  ).toEqual([]);
});

test("the application's roles own nothing and pass by no row security", async () => {
  const { rows: roles } = await app.query<{ oid: number; name: string; rolsuper: boolean; rolbypassrls: boolean }>(
    `SELECT oid, rolname AS name, rolsuper, rolbypassrls FROM pg_roles WHERE rolname IN (current_user, 'drawbridge_app')`,
  );
  expect(roles).toHaveLength(2);
  for (const role of roles) {
    expect(role).toMatchObject({ rolsuper: false, rolbypassrls: false });
    for (const [catalogue, column] of [
      ["pg_class", "relowner"],
      ["pg_proc", "proowner"],
      ["pg_namespace", "nspowner"],
      ["pg_type", "typowner"],
    ])
      expect(
        (await owner.query(`SELECT FROM ${catalogue} WHERE ${column} = $1`, [role.oid])).rowCount,
        `${role.name} in ${catalogue}`,
      ).toBe(0);
  }
});

/** Of ours and of whoever adds some; the extensions' act as their caller. */
const definers = `
  SELECT f.oid, f.proname AS name, f.proconfig, f.proacl, f.proowner, r.* FROM pg_proc f JOIN pg_roles r ON r.oid = f.proowner
  WHERE f.prosecdef AND f.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`;

test("every function that acts as another role is one that a caller cannot turn to ends of its own", async () => {
  expect((await names(definers)).length).toBeGreaterThan(0);
  const offenders = (condition: string) => names(`SELECT name FROM (${definers}) f WHERE ${condition}`);
  // Its path ends in pg_temp: else what the caller has in its temporary schema is found before everything.
  expect(
    await offenders(
      `NOT EXISTS (SELECT FROM unnest(proconfig) setting WHERE setting ~ '^search_path=(.*, *)?pg_temp$')`,
    ),
  ).toEqual([]);
  expect(
    await offenders(`rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR rolcanlogin
      OR proowner = (SELECT datdba FROM pg_database WHERE datname = current_database())
      OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = proowner)`),
  ).toEqual([]);
  // Without a list, everybody may call it; grantee 0 is everybody.
  expect(await offenders(`proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0)`)).toEqual([]);
});

test("no view reads as its owner, past its reader's row security", async () => {
  expect(
    await names(`SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
      AND (relkind = 'm' OR relkind = 'v' AND NOT coalesce(reloptions @> '{security_invoker=true}', false))`),
  ).toEqual([]);
});

test("whoever is bound to nothing sees no row of any tenant, and whoever is bound to one sees none of another", async () => {
  const ours = await createTenantWithAdmin();
  await createTenantWithAdmin();
  // A month's partition that was made since is not the application's to read at all, but by its parent.
  const readable = "has_table_privilege('drawbridge_app', name, 'SELECT')";
  const tables = await names(`SELECT name FROM (${tenantTables}) t WHERE ${readable}`);
  for (const table of [...tables, "tenants"]) expect((await app.query(`SELECT FROM ${table}`)).rowCount, table).toBe(0);
  await inTenant(system, ours.tenantId, async ({ tx }) => {
    for (const table of tables) {
      const [row] = await tx.$queryRawUnsafe<{ others: number }[]>(
        `SELECT count(*)::int AS others FROM ${table} WHERE tenant_id <> $1::uuid`,
        ours.tenantId,
      );
      expect(row!.others, table).toBe(0);
    }
    const tenants = await tx.tenant.findMany({ select: { id: true } });
    expect(tenants).toEqual([{ id: ours.tenantId }]);
  });
});

test("the application cannot change the audit", async () => {
  await expect(app.query("UPDATE audit_entries SET actor_name = 'somebody else'")).rejects.toThrow("permission denied");
  await expect(app.query("DELETE FROM audit_entries")).rejects.toThrow("permission denied");
  await expect(app.query("ALTER TABLE accounts DISABLE ROW LEVEL SECURITY")).rejects.toThrow("must be owner");
});
