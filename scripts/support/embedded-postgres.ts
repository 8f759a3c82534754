/**
 * PostgreSQL from its npm package: one cluster in the data folder, on the loopback only. PostgreSQL refuses to run as
 * root, so there it runs as the user `postgres`, who must get at its programs and its data: where the checkout lies in a
 * folder that is closed to others (such as /root), both are kept under /var/lib/drawbridge.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, openSync, readFileSync, statSync } from "node:fs";
import { chmod, chown, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import pg from "pg";
import { postgresPackage } from "./bootstrap.mjs";
import { freePort, isPortFree } from "./ports";
import { end, markOf, type ProcessMark, send } from "./processes";
import { ensureSystemUser, type SystemUser } from "./system-user";

export interface EmbeddedPostgresOptions {
  /** The installation's data folder; the cluster is in `postgres` beneath it. */
  dataDir: string;
  /** Taken if it is free, else another is. */
  port: number;
  /** The superuser, who owns the database. */
  ownerPassword: string;
  /** Login of the app and the workers: a member of drawbridge_app that owns nothing there, and owns the queue's database. */
  appPassword: string;
  logFile: string;
}

export interface EmbeddedPostgres extends Cluster {
  urls: { app: string; owner: string; queue: string };
  /** Throws the databases away and makes them anew, empty. */
  recreate(): Promise<void>;
}

export interface Cluster {
  port: number;
  clusterDir: string;
  process: ProcessMark;
  /** The superuser's, to the database `postgres`. */
  url: string;
  /** Resolves when it ends, asked or not. */
  ended: Promise<void>;
  stop(): Promise<void>;
  /** At once; it recovers at its next start. */
  kill(): void;
}

const owner = "postgres";
const login = "drawbridge";

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { ownerPassword, appPassword, ...rest } = options;
  const cluster = await startCluster({ ...rest, password: ownerPassword });
  await prepareDatabases(cluster.url, appPassword);
  const urls = {
    owner: urlOf(owner, ownerPassword, cluster.port, "drawbridge"),
    app: urlOf(login, appPassword, cluster.port, "drawbridge"),
    queue: urlOf(login, appPassword, cluster.port, "drawbridge_queue"),
  };
  return {
    ...cluster,
    urls,
    async recreate() {
      await query(cluster.url, [
        "DROP DATABASE drawbridge WITH (FORCE)",
        "DROP DATABASE drawbridge_queue WITH (FORCE)",
      ]);
      await prepareDatabases(cluster.url, appPassword);
    },
  };
}

/** A bare cluster in `postgres` beneath a folder, made if it is not there. */
export async function startCluster(options: {
  dataDir: string;
  port: number;
  password: string;
  logFile: string;
  flags?: string[];
}): Promise<Cluster> {
  const place = await choosePlace(options.dataDir);
  if (!existsSync(join(place.clusterDir, "PG_VERSION"))) await initialise(place, options.password);
  await stopLeftover(place.clusterDir);
  const port = (await isPortFree(options.port)) ? options.port : await freePort();
  const child = run(place, port, options.logFile, options.flags ?? []);
  const ended = new Promise<void>((done) => {
    child.once("exit", () => done());
  });
  const url = urlOf(owner, options.password, port, "postgres");
  await waitUntilReady(url, child, options.logFile);
  const mark = markOf("postgres", child.pid!);
  if (!mark) throw new Error(`PostgreSQL ended right after its start; see ${options.logFile}`);
  return {
    port,
    clusterDir: place.clusterDir,
    process: mark,
    url,
    ended,
    // SIGINT is its fast shutdown: open transactions are rolled back, nothing committed is lost.
    stop: () => end(mark, "SIGINT", 10_000),
    kill: () => send(mark, "SIGQUIT"),
  };
}

/** Makes a login a member of drawbridge_app, unless it is one. */
export async function joinAppRole(ownerUrl: string, login: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ is_member: boolean }>(
      "SELECT pg_has_role(oid, 'drawbridge_app', 'USAGE') AS is_member FROM pg_roles WHERE rolname = $1",
      [login],
    );
    if (rows.length === 0) throw new Error(`DATABASE_URL signs in as ${login}, and the database has no such role.`);
    if (!rows[0]!.is_member) await client.query(`GRANT drawbridge_app TO ${client.escapeIdentifier(login)}`);
  } finally {
    await client.end();
  }
}

interface Place {
  programs: string;
  clusterDir: string;
  /** Whom it runs as; undefined is whoever starts it. */
  user: SystemUser | undefined;
}

/** Where the cluster of this data folder is, whether it runs or not. */
export function clusterDirOf(dataDir: string): string {
  const inside = join(resolve(dataDir), "postgres");
  return process.getuid?.() === 0 && !isOpenToOthers(dirname(resolve(dataDir)))
    ? join(elsewhere(dataDir), "data")
    : inside;
}

const elsewhere = (dataDir: string) =>
  join("/var/lib/drawbridge", createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 12));

async function choosePlace(dataDir: string): Promise<Place> {
  const packaged = postgresPackage();
  if (!packaged) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}. Set DATABASE_URL, MIGRATE_DATABASE_URL and QUEUE_DATABASE_URL to a PostgreSQL server of yours.`,
    );
  }
  const clusterDir = clusterDirOf(dataDir);
  if (process.getuid?.() !== 0) {
    await mkdir(clusterDir, { recursive: true, mode: 0o700 });
    return { programs: join(packaged, "native"), clusterDir, user: undefined };
  }
  const user = ensureSystemUser(owner);
  let programs = join(packaged, "native");
  if (!isOpenToOthers(programs)) {
    const version = (JSON.parse(readFileSync(join(packaged, "package.json"), "utf8")) as { version: string }).version;
    programs = join("/var/lib/drawbridge/programs", version);
    if (!existsSync(join(programs, "bin/postgres"))) {
      const half = `${programs}.${process.pid}`;
      await cp(join(packaged, "native"), half, { recursive: true, verbatimSymlinks: true });
      await rm(programs, { recursive: true, force: true });
      await rename(half, programs);
    }
  }
  await mkdir(clusterDir, { recursive: true });
  await chmod(dirname(clusterDir), 0o711);
  await chown(clusterDir, user.uid, user.gid);
  return { programs, clusterDir, user };
}

/** Whether a user who is neither owner nor of the group gets to this folder. */
function isOpenToOthers(path: string): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function initialise({ programs, clusterDir, user }: Place, password: string): Promise<void> {
  // initdb takes an empty folder only; one that was cut off half way is begun again.
  await rm(clusterDir, { recursive: true, force: true });
  await mkdir(clusterDir, { recursive: true, mode: 0o700 });
  const passwordFile = `${clusterDir}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) {
    await chown(clusterDir, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  try {
    execFileSync(
      join(programs, "bin/initdb"),
      [
        `--pgdata=${clusterDir}`,
        "--auth=scram-sha-256",
        `--username=${owner}`,
        `--pwfile=${passwordFile}`,
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
      ],
      { ...user, cwd: "/", env: { ...process.env, LC_ALL: "C" }, stdio: ["ignore", "ignore", "pipe"] },
    );
  } catch (error) {
    await rm(clusterDir, { recursive: true, force: true });
    throw new Error(
      `The database cluster could not be made in ${clusterDir}: ${(error as { stderr?: Buffer }).stderr}`,
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** A server that an earlier start left behind holds the cluster: it is shut down, as it would be at a clean stop. */
async function stopLeftover(clusterDir: string): Promise<void> {
  const file = join(clusterDir, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  const mark = markOf("postgres", pid);
  if (!mark || !isServerOf(pid, clusterDir)) return;
  await end(mark, "SIGINT", 10_000);
}

function isServerOf(pid: number, clusterDir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(clusterDir);
  } catch {
    return false;
  }
}

function run({ programs, clusterDir, user }: Place, port: number, logFile: string, more: string[]): ChildProcess {
  const log = openSync(logFile, "a", 0o600);
  const flags = [
    "-c",
    "listen_addresses=127.0.0.1",
    "-c",
    "unix_socket_directories=",
    "-c",
    "max_connections=200",
    ...more,
  ];
  return spawn(join(programs, "bin/postgres"), ["-D", clusterDir, "-p", String(port), ...flags], {
    ...user,
    cwd: "/",
    env: { ...process.env, LC_ALL: "C" },
    stdio: ["ignore", log, log],
    detached: true,
  });
}

async function waitUntilReady(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended at its start. Its log: ${logFile}`);
    try {
      await query(url, ["SELECT 1"]);
      return;
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === "28P01")
        throw new Error(
          "The embedded PostgreSQL was made with another password than the one in settings.env. Put the old settings.env back, or remove the data folder to begin anew.",
        );
      if (Date.now() > deadline) throw new Error(`PostgreSQL does not answer. Its log: ${logFile}`, { cause: error });
    }
    await new Promise((done) => setTimeout(done, 25));
  }
}

async function prepareDatabases(maintenance: string, appPassword: string): Promise<void> {
  const client = new pg.Client({ connectionString: maintenance });
  await client.connect();
  try {
    const has = async (sql: string, name: string) => (await client.query(sql, [name])).rowCount === 1;
    if (!(await has("SELECT 1 FROM pg_roles WHERE rolname = $1", login)))
      await client.query(`CREATE ROLE ${login} LOGIN`);
    await client.query(`ALTER ROLE ${login} PASSWORD ${client.escapeLiteral(appPassword)}`);
    for (const [name, of] of [
      ["drawbridge", owner],
      ["drawbridge_queue", login],
    ] as const)
      if (!(await has("SELECT 1 FROM pg_database WHERE datname = $1", name)))
        await client.query(`CREATE DATABASE ${name} OWNER ${of}`);
  } finally {
    await client.end();
  }
}

const urlOf = (user: string, password: string, port: number, database: string) =>
  `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;

async function query(url: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that goes away in the middle is told by the query, not by the process ending.
  client.on("error", () => {});
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
