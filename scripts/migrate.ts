/**
 * Brings a real database up to date, as its owner, without starting anything: applies the migrations, makes the login of
 * DATABASE_URL where there is none, and gives an empty database its first administrator. Safe to run again, or twice at once.
 */
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../server/core/migrate";
import { root } from "./support/bootstrap.mjs";
import { joinAppRole } from "./support/embedded-postgres";
import { parseStartSettings } from "./support/start-settings";

try {
  const { MIGRATE_DATABASE_URL: owner, DATABASE_URL: app } = process.env;
  if (!owner || !app) throw new Error("Set MIGRATE_DATABASE_URL, the owner's, and DATABASE_URL, the app's.");
  const settings = parseStartSettings(process.env);
  await ensureLogin(owner, new URL(app));
  const applied = await migrate(owner, join(root, "prisma/migrations"));
  console.log(applied.length > 0 ? `Applied ${applied.join(", ")}.` : "The database is up to date.");
  await joinAppRole(owner, decodeURIComponent(new URL(app).username));
  await ensureAdministrator(settings.SEED_PASSWORD, settings.ADMINISTRATOR_EMAIL);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function ensureLogin(ownerUrl: string, { username, password }: URL): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const name = decodeURIComponent(username);
    const { rowCount } = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name]);
    if (rowCount) return;
    const secret = client.escapeLiteral(decodeURIComponent(password));
    await client.query(`CREATE ROLE ${client.escapeIdentifier(name)} LOGIN PASSWORD ${secret}`);
    console.log(`Made the role ${name}.`);
  } finally {
    await client.end();
  }
}

async function ensureAdministrator(password: string, administratorEmail: string): Promise<void> {
  const { isEmpty, seed } = await import("../prisma/seed/seed");
  const { closeDatabase } = await import("../server/core/db");
  const { closeQueues } = await import("../server/core/queue");
  try {
    if (!(await isEmpty())) return;
    await seed("empty", { password, administratorEmail });
    console.log(`Made the first administrator: ${administratorEmail}, with the password of SEED_PASSWORD.`);
  } finally {
    await closeQueues();
    await closeDatabase();
  }
}
