/** The doctor's part that needs the project's packages: settings, ports, database, migrations, envelope key, gateways. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { parseEnv } from "../server/core/env";
import { unsealWith } from "../server/core/seal";
import { root } from "./support/bootstrap.mjs";
import { clusterDirOf } from "./support/embedded-postgres";
import { findRunning, type InstallationNote } from "./support/installation-note";
import { isPortFree } from "./support/ports";
import { readSettingsFile, type Settings, settingsPath } from "./support/settings-file";
import { dataDirOf, parseStartSettings } from "./support/start-settings";

export interface Finding {
  state: "well" | "lacking" | "broken";
  what: string;
  mend?: string;
}

type Tell = (finding: Finding) => void;

export async function lookAtInstallation(tell: Tell): Promise<void> {
  const dataDir = dataDirOf(process.env);
  const settings = lookAtSettings(tell, dataDir);
  if (!settings) return;
  const note = findRunning(dataDir);
  if (note) tell({ state: "well", what: `runs at ${note.url} (process ${note.start.pid})` });
  else await lookAtPort(tell, settings);
  if (!settings.DATABASE_URL) tell(lookAtCluster(dataDir));
  const environment = note?.environment ?? (settings.DATABASE_URL ? settings : undefined);
  if (!environment) {
    tell({ state: "lacking", what: "it does not run, so the database was not looked into", mend: "npm start" });
    return;
  }
  lookAtEnvironment(tell, environment);
  await lookAtDatabase(tell, environment, note);
}

function lookAtSettings(tell: Tell, dataDir: string): Settings | undefined {
  const path = settingsPath(dataDir);
  if (!existsSync(path)) {
    tell({ state: "lacking", what: `no ${path} yet; the first start makes it` });
    return undefined;
  }
  try {
    const present = Object.entries(process.env).filter((entry): entry is [string, string] => Boolean(entry[1]));
    const settings = { ...readSettingsFile(dataDir), ...Object.fromEntries(present) };
    parseStartSettings(settings);
    tell({ state: "well", what: `settings in ${path} can be read` });
    if ((statSync(path).mode & 0o077) !== 0)
      tell({ state: "broken", what: `${path} holds secrets and others can read it`, mend: `chmod 600 ${path}` });
    return settings;
  } catch (error) {
    tell({ state: "broken", what: (error as Error).message, mend: `Correct it in the environment or in ${path}` });
    return undefined;
  }
}

async function lookAtPort(tell: Tell, settings: Settings): Promise<void> {
  const { PORT, HOST } = parseStartSettings(settings);
  tell(
    (await isPortFree(PORT, HOST))
      ? { state: "well", what: `port ${PORT} is free` }
      : { state: "broken", what: `port ${PORT} is taken by another program`, mend: `PORT=${PORT + 1} npm start` },
  );
}

function lookAtCluster(dataDir: string): Finding {
  const folder = clusterDirOf(dataDir);
  if (!existsSync(folder)) return { state: "lacking", what: "no database yet; the first start makes it" };
  const parts = ["PG_VERSION", "global/pg_control", "pg_wal", "base"];
  const missing = parts.filter((part) => !existsSync(join(folder, part)));
  if (missing.length > 0)
    return {
      state: "broken",
      what: `the database in ${folder} lacks ${missing.join(", ")}`,
      mend: `Restore it from a backup, or begin anew: remove ${folder}`,
    };
  const version = readFileSync(join(folder, "PG_VERSION"), "utf8").trim();
  return version === "18"
    ? { state: "well", what: `the database's folder is whole: ${folder}` }
    : {
        state: "broken",
        what: `the database in ${folder} is of PostgreSQL ${version}, and this is 18`,
        mend: "Move the data over by pg_dump and psql of those versions, or begin anew.",
      };
}

function lookAtEnvironment(tell: Tell, environment: Settings): void {
  try {
    parseEnv(environment);
    tell({ state: "well", what: "every setting is valid" });
  } catch (error) {
    tell({ state: "broken", what: (error as Error).message, mend: "Correct them; README lists every setting." });
  }
}

async function lookAtDatabase(tell: Tell, environment: Settings, note: InstallationNote | undefined): Promise<void> {
  const client = new pg.Client({ connectionString: environment.DATABASE_URL, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    const mend = note
      ? `Its log: ${join(dataDirOf(process.env), "logs/postgres.log")}`
      : "Is it up, and is DATABASE_URL right?";
    return tell({ state: "broken", what: `the database does not answer: ${(error as Error).message}`, mend });
  }
  try {
    tell({ state: "well", what: "the database answers" });
    await lookAtRole(tell, client);
    await lookAtMigrations(tell, environment);
    await lookAtSeals(tell, client, environment);
    await lookAtGateways(tell, client);
  } catch (error) {
    tell({
      state: "broken",
      what: `the database cannot be read: ${(error as Error).message}`,
      mend: "Migrate it: npm start",
    });
  } finally {
    await client.end();
  }
}

async function lookAtRole(tell: Tell, client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ rolname: string; bypasses: boolean; owns: string }>(`
    SELECT rolname, rolsuper OR rolbypassrls AS bypasses,
      (SELECT count(*) FROM pg_class WHERE relowner = r.oid AND relnamespace = 'public'::regnamespace) AS owns
    FROM pg_roles r WHERE rolname = current_user`);
  const role = rows[0]!;
  tell(
    role.bypasses || Number(role.owns) > 0
      ? {
          state: "broken",
          what: `the app connects as ${role.rolname}, who ${role.bypasses ? "bypasses row security" : "owns tables"}: tenants are not kept apart`,
          mend: "CREATE ROLE drawbridge LOGIN PASSWORD '…' IN ROLE drawbridge_app; and put it into DATABASE_URL",
        }
      : { state: "well", what: `the app connects as ${role.rolname}, who owns nothing and is bound by row security` },
  );
}

async function lookAtMigrations(tell: Tell, environment: Settings): Promise<void> {
  if (!environment.MIGRATE_DATABASE_URL)
    return tell({ state: "lacking", what: "MIGRATE_DATABASE_URL is not set: migrations were not looked at" });
  const owner = new pg.Client({ connectionString: environment.MIGRATE_DATABASE_URL, connectionTimeoutMillis: 5_000 });
  await owner.connect();
  try {
    const { rows } = await owner.query<{ name: string; checksum: string }>(
      "SELECT migration_name AS name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
    );
    const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
    const folder = join(root, "prisma/migrations");
    const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "migration.sql")));
    const checksumOf = (name: string) =>
      createHash("sha256")
        .update(readFileSync(join(folder, name, "migration.sql")))
        .digest("hex");
    const pending = names.filter((name) => !applied.has(name));
    const edited = names.filter((name) => applied.has(name) && applied.get(name) !== checksumOf(name));
    if (edited.length > 0)
      tell({
        state: "broken",
        what: `edited after they were applied: ${edited.join(", ")}`,
        mend: "Restore those files, and add a new migration instead.",
      });
    if (pending.length > 0)
      tell({ state: "broken", what: `migrations not applied: ${pending.join(", ")}`, mend: "npm start applies them" });
    if (edited.length + pending.length === 0) tell({ state: "well", what: `${names.length} migrations are applied` });
  } finally {
    await owner.end();
  }
}

/** The envelope key is the one that the CA keys were sealed with. */
async function lookAtSeals(tell: Tell, client: pg.Client, environment: Settings): Promise<void> {
  const { rows } = await client.query<{ purpose: string; sealed_key: Buffer; not_after: Date }>(
    "SELECT purpose::text, sealed_key, not_after FROM authorities",
  );
  for (const { purpose, sealed_key, not_after } of rows) {
    try {
      unsealWith(environment.ENVELOPE_KEY!, sealed_key, `authority ${purpose}`);
      const days = Math.floor((not_after.getTime() - Date.now()) / 86_400_000);
      tell({
        state: days < 0 ? "broken" : days < 90 ? "lacking" : "well",
        what: `ENVELOPE_KEY opens the ${purpose} CA's key; the CA is valid for ${days} days`,
      });
    } catch {
      tell({
        state: "broken",
        what: `ENVELOPE_KEY does not open the ${purpose} CA's key`,
        mend: "Put back the key that it was sealed with: it was in settings.env, or in the environment.",
      });
    }
  }
}

async function lookAtGateways(tell: Tell, client: pg.Client): Promise<void> {
  const { rows } = await client.query<{
    name: string;
    enrolled_at: Date | null;
    token_expires_at: Date | null;
    error: string | null;
    certificate_not_after: Date | null;
    age: number | null;
  }>(`SELECT name, enrolled_at, token_expires_at, error, certificate_not_after,
        extract(epoch FROM now() - last_seen_at)::float AS age FROM gateways ORDER BY name`);
  if (rows.length === 0)
    tell({ state: "lacking", what: "no gateways yet", mend: "Add one under Gateways, as an administrator." });
  for (const gateway of rows) {
    if (!gateway.enrolled_at) {
      const isExpired = gateway.token_expires_at !== null && gateway.token_expires_at.getTime() < Date.now();
      tell({
        state: "lacking",
        what: `gateway ${gateway.name} waits to be enrolled${isExpired ? ", and its token has expired" : ""}`,
        mend: isExpired ? "Issue a new token on its page." : "Start its agent with the token from its page.",
      });
    } else if (gateway.error)
      tell({
        state: "broken",
        what: `gateway ${gateway.name}: ${gateway.error}`,
        mend: "Is its agent up, and its address right?",
      });
    else if (gateway.age === null || gateway.age > 60)
      tell({
        state: "broken",
        what: `gateway ${gateway.name} was last seen ${gateway.age === null ? "never" : `${Math.round(gateway.age)} s ago`}`,
        mend: "Do the workers run? See logs/workers.log",
      });
    else tell({ state: "well", what: `gateway ${gateway.name} was seen ${Math.round(gateway.age)} s ago` });
  }
}
