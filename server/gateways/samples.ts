/**
 * How gateways were over time, for plots: a small row each ten seconds or so, written by the sweep and deleted after a
 * week. A plot reads means (and peaks of what backs up) over as many stretches as it has room for.
 */
import type { z } from "zod";
import type { GatewayStateReply } from "@/gateway/protocol/api";
import { inTransaction, type Scope, system } from "../core/db";
import type { listSamplesInput } from "./schema";

const everyMs = 10_000;
const keepMs = 7 * 24 * 60 * 60_000;
const points = 180;

/** Does nothing where there is one from just before. @param before as the sweep before this one had it */
export async function storeSample(
  gatewayId: string,
  state: GatewayStateReply,
  before: GatewayStateReply | null,
): Promise<void> {
  await inTransaction(
    system,
    { isWorker: true },
    ({ tx }) =>
      tx.$executeRaw`
      INSERT INTO gateway_samples (gateway_id, at, sessions, cpu, memory_bytes, host_memory, behind, spooled, drifted)
      SELECT ${gatewayId}::uuid, now(), ${whole(state.sessions)}::int, ${cpuSince(state, before)}::real, ${whole(state.memoryBytes)}::bigint,
        ${hostMemory(state)}::real, l.behind, ${whole(state.spooled)}::bigint, l.drifted
      FROM (SELECT WHERE NOT EXISTS (
        SELECT FROM gateway_samples WHERE gateway_id = ${gatewayId}::uuid AND at > now() - ${everyMs - 1_000} * interval '1 millisecond')) due
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(greatest(0, t.revision - coalesce(a.revision, 0))), 0)::bigint AS behind, count(*) FILTER (WHERE a.is_drifted) AS drifted
        FROM tenants t LEFT JOIN applied_revisions a ON a.tenant_id = t.id AND a.gateway_id = ${gatewayId}::uuid) l
      ON CONFLICT DO NOTHING`,
  );
}

export async function deleteOldSamples(now: Date): Promise<number> {
  const before = new Date(now.getTime() - keepMs);
  return inTransaction(
    system,
    {},
    async ({ tx }) => (await tx.gatewaySample.deleteMany({ where: { at: { lt: before } } })).count,
  );
}

/** Columns of equal length; null where nothing is known of a stretch. */
export interface GatewaySamples {
  /** Milliseconds since 1970, the middle of each stretch: from the first that is known of up to now. */
  times: number[];
  sessions: Value[];
  /** Share of the host's processors and memory in use, 0 to 1. */
  cpu: Value[];
  hostMemory: Value[];
  /** Of the agent, in bytes. */
  memory: Value[];
  /** The most in each stretch: revisions that it was behind, events that waited, tenants found to differ. */
  behind: Value[];
  spooled: Value[];
  drifted: Value[];
}

type Value = number | null;
type Row = Record<Exclude<keyof GatewaySamples, "times">, Value> & { at: number };

export async function listSamples(
  { tx }: Scope,
  { gatewayId, hours }: z.infer<typeof listSamplesInput>,
): Promise<GatewaySamples> {
  const stretchMs = (hours * 3_600_000) / points;
  const rows = await tx.$queryRaw<Row[]>`
    SELECT (extract(epoch FROM date_bin(${stretchMs} * interval '1 millisecond', at, 'epoch')) * 1000)::float8 AS at,
      avg(sessions)::float8 AS sessions, avg(cpu)::float8 AS cpu, avg(host_memory)::float8 AS "hostMemory",
      avg(memory_bytes)::float8 AS memory, max(behind)::float8 AS behind, max(spooled)::float8 AS spooled, max(drifted)::float8 AS drifted
    FROM gateway_samples WHERE gateway_id = ${gatewayId}::uuid AND at > now() - ${hours} * interval '1 hour'
    GROUP BY 1 ORDER BY 1`;
  const known = new Map(rows.map((row) => [row.at, row]));
  const starts: number[] = [];
  // The present stretch is told of once it is over.
  for (let at = rows[0]?.at ?? Number.POSITIVE_INFINITY; at <= Date.now() - stretchMs; at += stretchMs) starts.push(at);
  const column = (name: keyof Row) => starts.map((at) => known.get(at)?.[name] ?? null);
  return {
    times: starts.map((at) => at + stretchMs / 2),
    sessions: column("sessions"),
    cpu: column("cpu"),
    hostMemory: column("hostMemory"),
    memory: column("memory"),
    behind: column("behind"),
    spooled: column("spooled"),
    drifted: column("drifted"),
  };
}

/** Since the sweep before, where the host has not been started anew in between. */
function cpuSince(state: GatewayStateReply, before: GatewayStateReply | null): number | null {
  if (!state.host || !before?.host) return null;
  const total = state.host.totalSeconds - before.host.totalSeconds;
  const busy = state.host.busySeconds - before.host.busySeconds;
  return total > 0 && busy >= 0 ? Math.min(1, busy / total) : null;
}

function hostMemory({ host }: GatewayStateReply): number | null {
  return host && host.memoryBytes > 0 ? 1 - host.memoryAvailableBytes / host.memoryBytes : null;
}

/** A gateway may be captured: what it says must not fail the sweep. */
const whole = (value: unknown) => (Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0);
