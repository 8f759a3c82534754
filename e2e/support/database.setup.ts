/**
 * Before the integration tests: one database of their own, migrated as its owner, and the settings that make the code
 * under test connect as a role that owns nothing. TEST_POSTGRES_URL names a superuser's connection to a cluster that
 * runs; without it the embedded one is started.
 */
import { randomBytes } from "node:crypto";
import { startTestPostgres } from "./postgres";
import { createTestDatabase } from "./test-database";

export default async function setup(): Promise<() => Promise<void>> {
  const cluster = process.env.TEST_POSTGRES_URL
    ? { url: process.env.TEST_POSTGRES_URL, stop: async () => {} }
    : await startTestPostgres();
  const database = await createTestDatabase(cluster.url);
  Object.assign(process.env, {
    ...database.settings,
    AUTH_SECRET: randomBytes(32).toString("hex"),
    ENVELOPE_KEY: randomBytes(32).toString("hex"),
    APP_URL: "http://localhost:3000",
    LOG_LEVEL: process.env.LOG_LEVEL ?? "error",
  });
  return async () => {
    await database.drop();
    await cluster.stop();
  };
}
