/**
 * A whole installation on this machine: database, app, workers and, where it can be, the demonstration network. `npm
 * start`, the story and the browser tests start the same one. Guarantees: what it starts it stops, in an order that loses
 * nothing; what a killed one left behind is cleared away by the next in the same data folder, and nothing else is touched.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Scenario } from "../prisma/seed/seed";
import type { SignIn } from "../prisma/seed/sign-in";
import { takeYourTime } from "../server/core/db";
import { parseEnv } from "../server/core/env";
import { migrate } from "../server/core/migrate";
import type { DemonstrationNetwork } from "./demonstration-network";
import { isRoot, root } from "./support/bootstrap.mjs";
import { buildApp, buildGateway, buildWorkers } from "./support/builds";
import { Console } from "./support/console";
import { type EmbeddedPostgres, joinAppRole, startEmbeddedPostgres } from "./support/embedded-postgres";
import { findRunning, type InstallationNote, removeNote, writeNote } from "./support/installation-note";
import { findNetworkObstacle } from "./support/lab-claim";
import { ownEnvironment } from "./support/own-environment";
import { isPortFree } from "./support/ports";
import { end, isAlive, markOf, ProcessBook, type ProcessMark } from "./support/processes";
import { ensureSettingsFile, type Settings } from "./support/settings-file";
import { dataDirOf, parseStartSettings, type StartSettings } from "./support/start-settings";
import { type Supervised, supervise } from "./support/supervise";
import { ensureSystemUser, findObstacleFor, type SystemUser } from "./support/system-user";

export interface InstallationOptions {
  /** Wins over settings.env; by default this process's environment. */
  environment?: Record<string, string | undefined>;
  /** Writes to log files only. */
  isQuiet?: boolean;
  /** Called before anything is started, with what ends whatever has been started by then. */
  onBegin?: (endings: Endings) => void;
}

export interface Endings {
  /** Ends everything, tunnels and namespaces with it. */
  stop(): Promise<void>;
  /** Ends everything at once, asking nobody. */
  kill(): void;
}

export interface Installation extends Endings {
  url: string;
  dataDir: string;
  settings: StartSettings;
  /** The environment of its processes: database, queue, secrets. */
  environment: Settings;
  console: Console;
  note: InstallationNote;
  /** Where the embedded database is. */
  clusterDir: string | undefined;
  /** Why there is no demonstration network, where there is none. */
  networkObstacle: string | undefined;
}

export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const given = options.environment ?? process.env;
  const dataDir = dataDirOf(given);
  const fromFile = await ensureSettingsFile(dataDir);
  const merged = { ...fromFile, ...withoutEmpty(given) };
  const settings = parseStartSettings(merged);
  const console = new Console(join(dataDir, "logs"), options.isQuiet);
  const book = new ProcessBook(join(dataDir, "run/processes"));
  await requireAlone(dataDir);
  await clearLeftovers(book, console);
  await requirePort(settings);

  const running: Supervised[] = [];
  let postgres: EmbeddedPostgres | undefined;
  let network: DemonstrationNetwork | undefined;
  const ending = new AbortController();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= stopAll();
    return stopped;
  };
  const stopAll = async () => {
    ending.abort(new Error("Stopped before it was up."));
    await Promise.all([network?.stop(), ...running.map((one) => one.stop())]);
    await letGoOfServer();
    if (postgres) {
      await postgres.stop();
      await book.remove(postgres.process);
    }
    await removeNote(dataDir);
  };
  const kill = () => {
    ending.abort();
    network?.kill();
    for (const one of running) one.kill();
    postgres?.kill();
  };
  options.onBegin?.({ stop, kill });
  const goOn = () => ending.signal.throwIfAborted();

  try {
    const url = merged.APP_URL ?? `http://localhost:${settings.PORT}`;
    const embed = async (port: number) => {
      postgres = await startEmbeddedPostgres({
        dataDir,
        port,
        ownerPassword: merged.POSTGRES_OWNER_PASSWORD!,
        appPassword: merged.POSTGRES_APP_PASSWORD!,
        logFile: console.logFile("postgres"),
      });
      await book.add(postgres.process);
      const { process: mark } = postgres;
      void postgres.ended.then(async () => {
        await book.remove(mark);
        if (ending.signal.aborted) return;
        console.line("postgres", "ended; starting it again");
        await embed(postgres!.port).catch((error: Error) => console.line("postgres", error.message));
      });
      return postgres;
    };
    const embedded = merged.DATABASE_URL ? undefined : await embed(Number(merged.POSTGRES_PORT));
    const environment: Settings = {
      ...merged,
      ...(embedded
        ? {
            DATABASE_URL: embedded.urls.app,
            MIGRATE_DATABASE_URL: embedded.urls.owner,
            QUEUE_DATABASE_URL: merged.QUEUE_DATABASE_URL ?? embedded.urls.queue,
          }
        : {}),
      APP_URL: url,
      NODE_ENV: "production",
      LOG_FORMAT: merged.LOG_FORMAT ?? "pretty",
      NEXT_TELEMETRY_DISABLED: "1",
      CHECKPOINT_DISABLE: "1",
    };
    parseEnv(environment);

    // The seed and the demonstration network act through the server's own code, in this process.
    Object.assign(process.env, environment);
    takeYourTime();
    const wantsNetwork = (settings.DRAWBRIDGE_NETWORK ?? (embedded ? "on" : "off")) === "on";
    let networkObstacle = wantsNetwork
      ? findNetworkObstacle()
      : "it is off (DRAWBRIDGE_NETWORK=on starts it in this database too)";
    const prepareDatabase = async () => {
      if (existsSync(seedingPath(dataDir))) {
        if (!embedded)
          throw new Error(
            `The last start was cut off while it filled the database. Empty the database, remove ${seedingPath(dataDir)} and start again.`,
          );
        await embedded.recreate();
        await rm(seedingPath(dataDir));
      }
      await migrateDatabase(environment, console);
    };
    await Promise.all([
      prepareDatabase(),
      buildApp(console, ending.signal),
      buildWorkers(console, ending.signal),
      networkObstacle ? undefined : buildGateway(console, ending.signal),
    ]);
    goOn();

    const user = findProcessUser(settings, console);
    const run = (name: string, command: string[]) =>
      supervise({
        name,
        console,
        book,
        spawn: () =>
          spawn(process.execPath, command, {
            ...user,
            cwd: root,
            env: ownEnvironment(environment) as NodeJS.ProcessEnv,
            detached: true,
            stdio: ["ignore", "pipe", "pipe"],
          }),
      });
    running.push(
      run("app", ["node_modules/next/dist/bin/next", "start", "-p", String(settings.PORT), "-H", settings.HOST]),
      // Room for a batch of events to be young in: otherwise the collector spends half its time on copying garbage.
      run("workers", ["--max-semi-space-size=64", "dist/workers.mjs"]),
    );
    const answering = appAnswers(settings);
    answering.catch(() => {});
    const signIns = await seedWhereEmpty(dataDir, settings, merged.DATABASE_URL ? "empty" : "demonstration", console);
    goOn();
    const startNetwork = async () => {
      if (networkObstacle) return undefined;
      const { startDemonstrationNetwork } = await import("./demonstration-network");
      goOn();
      network = startDemonstrationNetwork({
        labNumber: settings.DRAWBRIDGE_LAB,
        dataDir,
        password: settings.SEED_PASSWORD,
        console,
        book,
        logLevel: environment.LOG_LEVEL ?? "info",
      });
      try {
        return await network.ready;
      } catch (error) {
        goOn();
        // The control plane is of use without it.
        networkObstacle = (error as Error).message;
        await network.stop();
        network = undefined;
        return undefined;
      }
    };
    const [networkNote] = await Promise.all([startNetwork(), answering]);
    goOn();
    const note: InstallationNote = {
      start: markOf("start", process.pid)!,
      url,
      environment,
      signIns,
      password: settings.SEED_PASSWORD,
      network: networkNote,
    };
    await writeNote(dataDir, note);
    return {
      url,
      dataDir,
      settings,
      environment,
      console,
      note,
      networkObstacle,
      clusterDir: postgres?.clusterDir,
      stop,
      kill,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Who can sign in is remembered from the seed; a database that has people in it is left as it is. */
async function seedWhereEmpty(
  dataDir: string,
  settings: StartSettings,
  otherwise: Scenario,
  console: Console,
): Promise<SignIn[]> {
  const { isEmpty, seed, scenarios } = await import("../prisma/seed/seed");
  const path = join(dataDir, "sign-ins.json");
  if (!(await isEmpty())) return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as SignIn[]) : [];
  const scenario = settings.DRAWBRIDGE_SCENARIO ?? otherwise;
  await writeFile(seedingPath(dataDir), scenario);
  console.say(`Filling the database: ${scenarios[scenario]} …`);
  const signIns = await seed(scenario, {
    password: settings.SEED_PASSWORD,
    administratorEmail: settings.ADMINISTRATOR_EMAIL,
  });
  await writeFile(path, JSON.stringify(signIns, null, 2), { mode: 0o600 });
  await rm(seedingPath(dataDir));
  return signIns;
}

/** There while a seed is at work: a database that it was cut off in is made anew. */
const seedingPath = (dataDir: string) => join(dataDir, "run/seeding");

/** This process's own connections, before the server that they lead to goes away. */
async function letGoOfServer(): Promise<void> {
  const [{ closeQueues }, { closeDatabase }] = await Promise.all([
    import("../server/core/queue"),
    import("../server/core/db"),
  ]);
  await closeQueues();
  await closeDatabase();
}

async function requireAlone(dataDir: string): Promise<void> {
  const lock = join(dataDir, "run/start.lock");
  const holder = existsSync(lock) ? (JSON.parse(readFileSync(lock, "utf8")) as ProcessMark) : undefined;
  if (holder && holder.pid !== process.pid && isAlive(holder)) {
    const url = findRunning(dataDir)?.url;
    throw new Error(
      `Drawbridge already runs from this folder${url ? `, at ${url}` : ""} (process ${holder.pid}). To run a second one, give it a folder and a port: DRAWBRIDGE_DATA=.data-2 PORT=3001 DRAWBRIDGE_LAB=2 npm start`,
    );
  }
  await mkdir(join(dataDir, "run"), { recursive: true, mode: 0o700 });
  await writeFile(lock, JSON.stringify(markOf("start", process.pid)));
}

async function clearLeftovers(book: ProcessBook, console: Console): Promise<void> {
  const marks = await book.all();
  const left = marks.filter(isAlive);
  if (left.length > 0) console.say(`Ending what an earlier run left: ${left.map(({ name }) => name).join(", ")} …`);
  // The database shuts down last, and in its own way.
  await Promise.all(left.filter(({ name }) => name !== "postgres").map((mark) => end(mark, "SIGTERM", 5_000)));
  await Promise.all(left.filter(({ name }) => name === "postgres").map((mark) => end(mark, "SIGINT", 10_000)));
  await Promise.all(marks.map((mark) => book.remove(mark)));
}

/** The first that a process without rights may listen on. */
const firstFreePort = () => Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));

/** Whom the app and the workers run as: a user of their own where root starts them, else whoever does. */
function findProcessUser({ PORT }: StartSettings, console: Console): SystemUser | undefined {
  if (!isRoot) return undefined;
  const user = ensureSystemUser("drawbridge");
  const needed = [".next/BUILD_ID", "dist/workers.mjs", "node_modules/next/package.json"];
  const obstacle =
    PORT < firstFreePort()
      ? `port ${PORT} is for root alone; put a proxy before the app`
      : findObstacleFor(
          user,
          needed.map((path) => join(root, path)),
        );
  if (!obstacle) return user;
  console.say(`The app and the workers run as root: there is a user for them, drawbridge, but ${obstacle}.`);
  return undefined;
}

async function requirePort({ PORT, HOST }: StartSettings): Promise<void> {
  if (await isPortFree(PORT, HOST)) return;
  throw new Error(`Port ${PORT} is taken by another program. Choose another: PORT=${PORT + 1} npm start`);
}

async function migrateDatabase(environment: Settings, console: Console): Promise<void> {
  if (!environment.MIGRATE_DATABASE_URL) {
    console.say("MIGRATE_DATABASE_URL is not set: the database is taken to be up to date.");
    return;
  }
  const applied = await migrate(environment.MIGRATE_DATABASE_URL, join(root, "prisma/migrations"));
  if (applied.length > 0) console.say(`Migrated the database: ${applied.join(", ")}.`);
  // The role drawbridge_app is made by the first migration; the app's login joins it here.
  await joinAppRole(environment.MIGRATE_DATABASE_URL, new URL(environment.DATABASE_URL!).username);
}

async function appAnswers({ PORT, HOST }: StartSettings): Promise<void> {
  const host = HOST === "0.0.0.0" || HOST === "::" ? "127.0.0.1" : HOST;
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    try {
      await fetch(`http://${host}:${PORT}/api/health`, { redirect: "manual", signal: AbortSignal.timeout(5_000) });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("The app does not answer; its messages are above.");
}

const withoutEmpty = (source: Record<string, string | undefined>): Settings =>
  Object.fromEntries(Object.entries(source).filter((entry): entry is [string, string] => Boolean(entry[1])));
