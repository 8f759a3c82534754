/** A PostgreSQL of the tests' own, thrown away afterwards. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../../scripts/support/embedded-postgres";
import { freePort } from "../../scripts/support/ports";

/** @returns a superuser's URL, and how to stop it */
export async function startTestPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "drawbridge-test-"));
  // As root the server runs as another user, who must get there.
  await chmod(folder, 0o755);
  const cluster = await startCluster({
    dataDir: folder,
    port: await freePort(),
    password: "postgres",
    logFile: join(folder, "postgres.log"),
    flags: ["-c", "fsync=off"],
  });
  // A run that is broken off leaves no server.
  process.on("exit", cluster.kill);
  return {
    url: cluster.url,
    async stop() {
      process.off("exit", cluster.kill);
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
