/**
 * The half of an agent that `ingest` measures, in a process of its own as an agent is: the real session ledger, and its
 * spool on disk behind the real API over mutual TLS. It is enrolled by its parent and filled at its word; nothing else of
 * a gateway runs.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Agent } from "../gateway/agent";
import { createRoutes } from "../gateway/api/routes";
import { startServer } from "../gateway/api/server";
import { SessionLedger } from "../gateway/ledger/sessions";
import { openSpool, type Spool } from "../gateway/ledger/spool";
import { createLog } from "../gateway/log";
import { createSigningRequest } from "../gateway/state/der";

export type ToGateway =
  | { do: "serve"; certificate: string; gatewayCa: string }
  | { do: "fill"; tenants: Tenant[]; shape: Shape };
export type FromGateway = { csr: string } | { port: number } | { last: number };

export interface Tenant {
  tenantId: string;
  accountId: string;
}

/** So many live at once; each tells its totals so many times and then ends. */
export interface Shape {
  sessions: number;
  samples: number;
}

/** The agent's intervals: between two totals of a session, and between two lists of all that are live. */
const roundMs = 2_000;
const confirmMs = 3_000;

interface Clock {
  now: number;
}

if (process.send) serve(process.argv[2]!, process.argv[3]!);

function serve(gatewayId: string, folder: string): void {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spool = openSpool(join(folder, "spool"));
  const clock: Clock = { now: Date.now() };
  const ledger = new SessionLedger({
    path: join(folder, "ledger", "sessions.ndjson"),
    spool,
    cut: async () => {},
    now: () => new Date(clock.now),
  });
  const tell = (message: FromGateway) => process.send!(message);
  process.on("message", async (message: ToGateway) => {
    if (message.do === "serve") {
      const { certificate, gatewayCa } = message;
      const { port } = await startServer({
        host: "127.0.0.1",
        port: 0,
        certificate,
        key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        gatewayCa,
        routes: createRoutes({ spool } as Agent).filter(({ path }) => path === "/v1/events"),
        log: createLog("error", "json"),
      });
      tell({ port });
    } else {
      await append(ledger, clock, message.tenants, message.shape);
      await durable(spool);
      tell({ last: spool.lastSequence });
    }
  });
  // Without its parent it is of no use.
  process.on("disconnect", () => process.exit(0));
  tell({ csr: createSigningRequest(privateKey, `gateway.${gatewayId}`) });
}

/**
 * As a gateway would over a minute, at the agent's own intervals: all sessions begin within a second, all live at once,
 * each round tells new totals of all, and all end.
 */
async function append(ledger: SessionLedger, clock: Clock, tenants: Tenant[], shape: Shape): Promise<void> {
  const { sessions, samples } = shape;
  const began = Date.now() - (samples + 2) * roundMs;
  const processBoot = randomUUID();
  for (let n = 0; n < sessions; n++) {
    clock.now = began + Math.floor((n / sessions) * 1_000);
    ledger.accept({ ...startOf(n), ...tenants[n % tenants.length]!, processBoot });
    ledger.establish(processBoot, n);
  }
  for (let round = 1; round <= samples; round++) {
    const at = began + round * roundMs;
    for (clock.now = at - (at % confirmMs); clock.now <= at; clock.now += confirmMs)
      if (clock.now > at - roundMs) ledger.confirm();
    clock.now = at;
    for (let n = 0; n < sessions; n++) ledger.count(processBoot, n, round * (1_000 + n), round * (20_000 + n));
    ledger.flushBytes();
    await new Promise(setImmediate);
  }
  clock.now = began + (samples + 1) * roundMs;
  for (let n = 0; n < sessions; n++) {
    const [received, sent] = [(samples + 1) * (1_000 + n), (samples + 1) * (20_000 + n)];
    ledger.close(processBoot, n, { code: "left", reason: null, received, sent });
  }
}

function startOf(n: number) {
  return {
    ...{ clientId: n, process: "udp-1194", realAddress: `198.51.100.${n % 250}:${1_024 + n}` },
    ...{ vpnAddress: `100.70.${n >> 8}.${n & 255}`, fingerprint: "9f".repeat(32) },
    ...{ clientVersion: "2.6.14", platform: "linux", cipher: "AES-256-GCM" },
  };
}

async function durable(spool: Spool): Promise<void> {
  while ((await spool.read(spool.lastSequence - 1, 1)).length === 0) await new Promise((done) => setTimeout(done, 5));
}
