/**
 * The half of an agent that `ingest` measures, in a process of its own as an agent is: the real spool on disk behind the
 * real API over mutual TLS. It is enrolled by its parent and filled at its word; nothing else of a gateway runs.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Agent } from "../gateway/agent";
import { createRoutes } from "../gateway/api/routes";
import { startServer } from "../gateway/api/server";
import { openSpool, type Spool } from "../gateway/ledger/spool";
import { createLog } from "../gateway/log";
import type { SessionStart } from "../gateway/protocol/events";
import { createSigningRequest } from "../gateway/state/der";

export type ToGateway =
  | { do: "serve"; certificate: string; gatewayCa: string }
  | { do: "fill"; tenants: Tenant[]; shape: Shape };
export type FromGateway = { csr: string } | { port: number } | { last: number };

export interface Tenant {
  tenantId: string;
  accountId: string;
}

/** Each session tells its totals so many times and then ends; they begin one after the other over as long a time. */
export interface Shape {
  sessions: number;
  samples: number;
}

/** The agent's interval between two totals of a session. */
const roundMs = 2_000;

if (process.send) serve(process.argv[2]!, process.argv[3]!);

function serve(gatewayId: string, folder: string): void {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spool = openSpool(join(folder, "spool"));
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
      append(spool, message.tenants, message.shape);
      await durable(spool);
      tell({ last: spool.lastSequence });
    }
  });
  // Without its parent it is of no use.
  process.on("disconnect", () => process.exit(0));
  tell({ csr: createSigningRequest(privateKey, `gateway.${gatewayId}`) });
}

/** As a gateway would over some minutes: each round every live session's totals, now and then which sessions are live. */
function append(spool: Spool, tenants: Tenant[], { sessions, samples }: Shape): void {
  const rounds = 2 * samples + 2;
  const began = Date.now() - rounds * roundMs;
  const all = Array.from({ length: sessions }, (_, n) => ({
    n,
    ...tenants[n % tenants.length]!,
    sessionId: randomUUID(),
    connectedIn: Math.floor((n / sessions) * samples),
    connectedAt: "",
  }));
  for (let round = 0; round < rounds; round++) {
    const at = new Date(began + round * roundMs);
    for (const session of all) {
      const { n, sessionId, tenantId } = session;
      const age = round - session.connectedIn;
      if (age === 0) {
        session.connectedAt = at.toISOString();
        spool.append({ type: "connected", ...startOf(session) }, at);
      }
      if (age <= 0 || age > samples + 1) continue;
      const totals = { received: age * (1_000 + n), sent: age * (20_000 + n) };
      const body = { sessionId, tenantId, connectedAt: session.connectedAt, ...totals };
      if (age <= samples) spool.append({ type: "bytes", ...body }, at);
      else spool.append({ type: "disconnected", ...body, code: "left", reason: null }, at);
    }
    const live = all.filter(({ connectedIn }) => round >= connectedIn && round <= connectedIn + samples);
    if (round % 2 === 0)
      spool.append(
        { type: "confirmed", sessions: live.map(({ sessionId, tenantId }) => ({ sessionId, tenantId })) },
        at,
      );
  }
}

function startOf(session: Tenant & { n: number; sessionId: string; connectedAt: string }): SessionStart {
  const { n, sessionId, tenantId, accountId, connectedAt } = session;
  return {
    ...{ sessionId, tenantId, accountId, connectedAt, processBoot: "3f0c9b1e7a52", clientId: n, process: "udp-1194" },
    ...{ realAddress: `198.51.100.${n % 250}:${1_024 + n}`, vpnAddress: `100.70.${n >> 8}.${n & 255}` },
    ...{ fingerprint: "9f".repeat(32), clientVersion: "2.6.14", platform: "linux", cipher: "AES-256-GCM" },
  };
}

async function durable(spool: Spool): Promise<void> {
  while ((await spool.read(spool.lastSequence - 1, 1)).length === 0) await new Promise((done) => setTimeout(done, 5));
}
