/** A whole installation for one run of tests: on ports, a lab number and a folder of its own, and gone afterwards. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Endings, startInstallation } from "./installation";
import { root } from "./support/bootstrap.mjs";
import { findFreeLab, findNetworkObstacle } from "./support/lab-claim";
import { freePort } from "./support/ports";

/** Of the caller's environment; a test's installation has servers of its own. */
const servers = ["DATABASE_URL", "MIGRATE_DATABASE_URL", "QUEUE_DATABASE_URL", "REDIS_URL", "SMTP_URL", "APP_URL"];

/** @param work gets what the tests' environment must hold */
export async function withInstallation<T>(
  options: { scenario: "demonstration" | "operator"; needsNetwork: boolean },
  work: (environment: Record<string, string>) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "drawbridge-"));
  const environment: Record<string, string | undefined> = {
    ...process.env,
    ...Object.fromEntries(servers.map((name) => [name, undefined])),
    DRAWBRIDGE_DATA: dataDir,
    DRAWBRIDGE_SCENARIO: options.scenario,
    DRAWBRIDGE_LAB: String(await findFreeLab()),
    PORT: String(await freePort()),
  };
  for (const name of servers) delete process.env[name];
  let endings: Endings | undefined;
  const broken = () => {
    endings?.kill();
    process.exit(130);
  };
  process.once("SIGINT", broken).once("SIGTERM", broken);
  let isWell = false;
  try {
    const begin = (given: Endings) => {
      endings = given;
    };
    const { url, networkObstacle } = await startInstallation({ environment, isQuiet: true, onBegin: begin });
    // Where there can be one, a network that did not come up is a fault.
    if (networkObstacle && (options.needsNetwork || !findNetworkObstacle()))
      throw new Error(`This needs the network: ${networkObstacle}.`);
    if (networkObstacle) console.log(`There is no demonstration network, and no gateway's screen: ${networkObstacle}.`);
    console.log(`An installation for these tests runs at ${url}; its logs are in ${join(dataDir, "logs")}.`);
    const result = await work({ DRAWBRIDGE_DATA: dataDir });
    isWell = true;
    return result;
  } finally {
    process.off("SIGINT", broken).off("SIGTERM", broken);
    await endings?.stop();
    // Of a run that failed, the logs are what is asked for.
    const kept = join(root, "test-results/logs", options.scenario);
    await rm(kept, { recursive: true, force: true });
    await cp(join(dataDir, "logs"), kept, { recursive: true }).catch(() => {});
    if (!isWell) console.log(`Logs of its processes: ${kept}`);
    await rm(dataDir, { recursive: true, force: true });
  }
}
