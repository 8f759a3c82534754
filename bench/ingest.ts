/**
 * Events a second of 10,000 live sessions that report their bytes, from the spool on a gateway's disk to committed rows:
 * the real collector follows a gateway in another process over mutual TLS. An event is what becomes a row of its own: a
 * session's begin, and each reading of its totals, the one at its end included. The spool has all of it before the clock
 * starts, as after a while without control plane, in the form in which the agent wrote it (some 2,000 readings a line).
 *
 * The floor is PostgreSQL taking the rows that came of it by COPY, as their owner (row security knows no COPY), into the
 * same tables, which are emptied before each turn.
 */
import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { FromGateway, Shape, Tenant, ToGateway } from "./ingest-gateway";
import { median, type Report, round } from "./report";
import { createScratchDatabase, type ScratchDatabase } from "./scratch-database";

const tenantCount = 10;
const turns = Number(process.env.BENCH_TURNS ?? 7);
const shape: Shape = { sessions: Number(process.env.BENCH_SESSIONS ?? 10_000), samples: 30 };
const events = shape.sessions * (shape.samples + 2);
const tables = ["sessions", "traffic_samples"];

export async function ingest(): Promise<Report> {
  const scratch = await createScratchDatabase();
  let gateway: Gateway | undefined;
  const owner = new pg.Client({ connectionString: scratch.ownerUrl });
  try {
    await owner.connect();
    gateway = await startGateway(scratch);
    const tenants = await createTenants();
    const empty = async () => {
      await owner.query(`TRUNCATE ${tables.join(", ")}`);
      await owner.query("CHECKPOINT");
    };
    const collectMs: number[] = [];
    const copyMs: number[] = [];
    // The first turn warms both up.
    for (let turn = 0; turn <= turns; turn++) {
      const last = await gateway.fill(tenants);
      await empty();
      const collected = await collect(gateway.gatewayId, last, owner);
      await requireRows(owner);
      const rows = await readRows(owner);
      await empty();
      const copied = await copy(owner, rows);
      await requireRows(owner);
      if (turn > 0) {
        collectMs.push(collected);
        copyMs.push(copied);
      }
    }
    const perSecond = (ms: number) => (events / ms) * 1_000;
    const row = (what: string, ms: number[]) => ({
      what,
      "ms, median": round(median(ms)),
      "a second": Math.round(perSecond(median(ms))),
      best: Math.round(perSecond(Math.min(...ms))),
    });
    return {
      unit: "events a second",
      value: perSecond(median(collectMs)),
      floor: perSecond(median(copyMs)),
      ratio: median(copyMs) / median(collectMs),
      reach: "ratio ≥ 0.5",
      rows: [
        row(`${events} events of ${shape.sessions} sessions of ${tenantCount} tenants, from spool to rows`, collectMs),
        row("COPY of the same rows", copyMs),
      ],
    };
  } finally {
    gateway?.stop();
    await owner.end();
    (await import("../server/gateways/client")).closeGatewayConnections();
    await scratch.destroy();
  }
}

interface Gateway {
  gatewayId: string;
  /** @returns the number of its newest event, once all are durable */
  fill(tenants: Tenant[]): Promise<number>;
  stop(): void;
}

async function startGateway({ folder }: ScratchDatabase): Promise<Gateway> {
  const { database, inTransaction, system } = await import("../server/core/db");
  const { ensureAuthorities } = await import("../server/certificates/authority");
  const { gatewayTrust, issueGatewayCertificate } = await import("../server/certificates/certificates");
  const { ensurePartitions } = await import("../server/gateways/retain");
  const { createRegion } = await import("../e2e/support/scene");
  await ensureAuthorities();
  await ensurePartitions();
  const gatewayId = randomUUID();
  const stateDir = join(folder, "gateway");
  await mkdir(stateDir);
  const child = fork(new URL("ingest-gateway.ts", import.meta.url).pathname, [gatewayId, stateDir], {
    execArgv: ["--import", "tsx"],
  });
  const { csr } = await heard<{ csr: string }>(child);
  const grant = await inTransaction(system, {}, async (scope) => ({
    certificate: (await issueGatewayCertificate(scope, gatewayId, csr)).pem,
    gatewayCa: (await gatewayTrust(scope)).gatewayCa,
  }));
  const { port } = await ask<{ port: number }>(child, { do: "serve", ...grant });
  await database().gateway.create({
    data: {
      ...{ id: gatewayId, regionId: await createRegion("Bench"), name: "bench", apiHost: "127.0.0.1", apiPort: port },
      ...{ publicHost: "127.0.0.1", processes: [], enrolledAt: new Date() },
    },
  });
  return {
    gatewayId,
    fill: async (tenants) => (await ask<{ last: number }>(child, { do: "fill", tenants, shape })).last,
    stop: () => child.kill(),
  };
}

function ask<T extends FromGateway>(child: ChildProcess, message: ToGateway): Promise<T> {
  const answer = heard<T>(child);
  child.send(message);
  return answer;
}

function heard<T extends FromGateway>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null) => reject(new Error(`the gateway's process ended with code ${code}`));
    child.once("exit", gone);
    child.once("message", (message) => {
      child.off("exit", gone);
      resolve(message as T);
    });
  });
}

async function createTenants(): Promise<Tenant[]> {
  const { createTenant } = await import("../e2e/support/scene");
  const tenants: Tenant[] = [];
  for (let n = 0; n < tenantCount; n++) tenants.push(await createTenant(`bench-${n}`));
  return tenants;
}

/** @returns milliseconds until everything up to `last` is committed */
async function collect(gatewayId: string, last: number, watcher: pg.Client): Promise<number> {
  const { collectFrom } = await import("../server/gateways/collect");
  const { createLog } = await import("../server/core/log");
  const stop = new AbortController();
  await watcher.query("LISTEN sessions");
  const began = performance.now();
  const running = collectFrom(gatewayId, stop.signal, createLog("bench"));
  const committed = new Promise<void>((resolve, reject) => {
    running.catch(reject);
    // Each batch says so as it is committed.
    watcher.on("notification", async () => {
      const { rows } = await watcher.query<{ cursor: string }>("SELECT cursor FROM gateways WHERE id = $1", [
        gatewayId,
      ]);
      if (Number(rows[0]!.cursor) === last) resolve();
    });
  });
  await committed;
  const tookMs = performance.now() - began;
  watcher.removeAllListeners("notification");
  stop.abort();
  await running.catch(() => {});
  await watcher.query("UNLISTEN sessions");
  return tookMs;
}

/** Every session and every total became a row: what is compared is the same. */
async function requireRows(owner: pg.Client): Promise<void> {
  const { rows } = await owner.query<{ rows: string }>(
    "SELECT (SELECT count(*) FROM sessions WHERE disconnected_at IS NOT NULL) + (SELECT count(*) FROM traffic_samples) AS rows",
  );
  if (Number(rows[0]!.rows) !== events) throw new Error(`${events} events made ${rows[0]!.rows} rows`);
}

async function readRows(owner: pg.Client): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for (const table of tables) all.push(await buffer(owner.query(copyTo(`COPY (SELECT * FROM ${table}) TO STDOUT`))));
  return all;
}

async function copy(owner: pg.Client, rows: Buffer[]): Promise<number> {
  const began = performance.now();
  await owner.query("BEGIN");
  for (const [n, table] of tables.entries()) {
    const into = owner.query(copyFrom(`COPY ${table} FROM STDIN`)) as Writable;
    await pipeline(Readable.from([rows[n]!]), into);
  }
  await owner.query("COMMIT");
  return performance.now() - began;
}
