/**
 * A migrated database of the bench's own, as durable as an installation's (fsync on), with the settings by which the
 * server's code connects to it as a role that owns nothing. Call it before anything of the server is used.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase } from "../e2e/support/test-database";
import { startCluster } from "../scripts/support/embedded-postgres";
import { freePort } from "../scripts/support/ports";

export interface ScratchDatabase {
  /** What a process of the server needs in its environment; this process has it. */
  settings: Record<string, string>;
  /** The superuser's connection to the database, whom row security does not bind. */
  ownerUrl: string;
  /** For what else the bench keeps on disk; goes with the database. */
  folder: string;
  destroy(): Promise<void>;
}

export async function createScratchDatabase(): Promise<ScratchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "drawbridge-bench-"));
  // As root the server runs as another user, who must get there.
  await chmod(folder, 0o755);
  const cluster = await startCluster({
    dataDir: folder,
    port: await freePort(),
    password: "postgres",
    logFile: join(folder, "postgres.log"),
  });
  // A run that is broken off leaves no server.
  process.on("exit", cluster.kill);
  const database = await createTestDatabase(cluster.url);
  const settings = {
    ...database.settings,
    AUTH_SECRET: randomBytes(32).toString("hex"),
    ENVELOPE_KEY: randomBytes(32).toString("hex"),
    APP_URL: "http://localhost:3000",
    LOG_LEVEL: process.env.LOG_LEVEL ?? "error",
  };
  Object.assign(process.env, settings);
  return {
    settings,
    ownerUrl: settings.MIGRATE_DATABASE_URL,
    folder,
    async destroy() {
      const [{ closeQueues }, { closeDatabase }] = await Promise.all([
        import("../server/core/queue"),
        import("../server/core/db"),
      ]);
      await closeQueues();
      await closeDatabase();
      process.off("exit", cluster.kill);
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
