/**
 * Sessions, as the gateways' ledgers told them. A tenant sees its own; staff see those that are live across
 * tenants. Every read is bounded by row-level security: the same queries serve both.
 */
import type { z } from "zod";
import { audit } from "../core/audit";
import { bind, type Scope, type TenantScope } from "../core/db";
import { AppError, notFound } from "../core/errors";
import type { Page } from "../core/listing";
import { inOrder, type Listing, pageOf } from "../core/page";
import { Prisma } from "../core/prisma/client";
import { hasWords, searchIds } from "../core/search";
import { cutterOn } from "../gateways/gateways";
import type { Step } from "../trpc/trpc";
import { listRefusals, type RefusalRow } from "./refusals";
import {
  type disconnectInput,
  type listLiveInput,
  listRefusalsInput,
  type listSessionsInput,
  type oneSessionInput,
} from "./schema";

export interface SessionRow {
  id: string;
  /** Whose it is: an account's or a device's, the other null. */
  accountId: string | null;
  deviceId: string | null;
  /** Null when the account or the device was deleted. */
  accountName: string | null;
  deviceName: string | null;
  realAddress: string;
  vpnAddress: string;
  gatewayId: string;
  gatewayName: string;
  region: string;
  process: string;
  clientVersion: string | null;
  platform: string | null;
  cipher: string | null;
  connectedAt: Date;
  disconnectedAt: Date | null;
  endCode: string | null;
  endReason: string | null;
  /** Totals in bytes: from the client, and to it. */
  received: number;
  sent: number;
  /** Bytes a second. */
  receivedRate: number;
  sentRate: number;
  /** When the gateway's list of live sessions last agreed; for a live session, how fresh that is. */
  confirmedAt: Date | null;
  /** Its gateway does not answer: whether a live session is still there is not known. */
  isGatewaySilent: boolean;
}

export interface LiveRow extends SessionRow {
  tenantId: string;
  tenantName: string;
  slug: string;
}

export async function listSessions(
  scope: TenantScope,
  input: z.infer<typeof listSessionsInput>,
): Promise<Page<SessionRow>> {
  const page = await querySessions(scope, scope.tenantId, input, [
    ...(input.live === undefined
      ? []
      : [input.live ? Prisma.sql`s.disconnected_at IS NULL` : Prisma.sql`s.disconnected_at IS NOT NULL`]),
    ...(input.accountId ? [Prisma.sql`s.account_id = ${input.accountId}::uuid`] : []),
    ...(input.deviceId ? [Prisma.sql`s.device_id = ${input.deviceId}::uuid`] : []),
  ]);
  return { ...page, rows: page.rows.map(({ tenantId: _, tenantName: __, slug: ___, ...row }) => row) };
}

/** The scope must be staff's. */
export async function listLive(scope: Scope, input: z.infer<typeof listLiveInput>): Promise<Page<LiveRow>> {
  return querySessions(scope, input.tenantId ?? null, input, [
    Prisma.sql`s.disconnected_at IS NULL`,
    ...(input.gatewayId ? [Prisma.sql`s.gateway_id = ${input.gatewayId}::uuid`] : []),
    ...(input.regionId
      ? [Prisma.sql`s.gateway_id IN (SELECT id FROM gateways WHERE region_id = ${input.regionId}::uuid)`]
      : []),
  ]);
}

/** The newest refusals of one account. */
export async function recentRefusals(scope: TenantScope, accountId: string, take: number): Promise<RefusalRow[]> {
  const { rows } = await listRefusals(scope, listRefusalsInput.parse({ accountId, pageSize: take }));
  return rows;
}

export interface LiveSummary {
  sessions: number;
  tenants: number;
  receivedRate: number;
  sentRate: number;
  refusalsLastHour: number;
  gateways: {
    gatewayId: string;
    gatewayName: string;
    region: string;
    sessions: number;
    receivedRate: number;
    sentRate: number;
    confirmedAt: Date | null;
  }[];
}

export async function liveSummary({ tx }: Scope): Promise<LiveSummary> {
  const [gateways, [tenants], [refusals]] = await Promise.all([
    tx.$queryRaw<LiveSummary["gateways"]>`
      SELECT g.id AS "gatewayId", g.name AS "gatewayName", r.name AS region, count(s.id)::int AS sessions,
        coalesce(sum(s.received_rate), 0) AS "receivedRate", coalesce(sum(s.sent_rate), 0) AS "sentRate", g.confirmed_at AS "confirmedAt"
      FROM gateways g JOIN regions r ON r.id = g.region_id LEFT JOIN sessions s ON s.gateway_id = g.id AND s.disconnected_at IS NULL
      WHERE g.enrolled_at IS NOT NULL GROUP BY g.id, r.name ORDER BY r.name, g.name`,
    tx.$queryRaw<
      { count: number }[]
    >`SELECT count(DISTINCT tenant_id)::int AS count FROM sessions WHERE disconnected_at IS NULL`,
    tx.$queryRaw<{ count: number }[]>`SELECT count(*)::int AS count FROM refusals WHERE at > now() - interval '1 hour'`,
  ]);
  const sum = (field: "sessions" | "receivedRate" | "sentRate") => gateways.reduce((all, row) => all + row[field], 0);
  return {
    sessions: sum("sessions"),
    tenants: tenants!.count,
    receivedRate: sum("receivedRate"),
    sentRate: sum("sentRate"),
    refusalsLastHour: refusals!.count,
    gateways,
  };
}

export interface TrafficSample {
  at: Date;
  received: number;
  sent: number;
  /** Bytes a second since the sample before. */
  receivedRate: number;
  sentRate: number;
}

const samplesShown = 500;

/** One session's traffic over time, thinned to what a plot shows. */
export async function sessionTraffic(
  scope: TenantScope,
  input: z.infer<typeof oneSessionInput>,
): Promise<TrafficSample[]> {
  const rows = await scope.tx.$queryRaw<{ at: Date; received: bigint; sent: bigint; count: bigint; n: bigint }[]>`
    SELECT at, received, sent, count, n FROM (
      SELECT at, received, sent, count(*) OVER () AS count, row_number() OVER (ORDER BY at) AS n FROM traffic_samples
      WHERE tenant_id = ${scope.tenantId}::uuid AND session_id = ${input.sessionId}::uuid AND at >= ${input.connectedAt}::timestamptz
    ) AS numbered WHERE n = count OR n % greatest(1, count / ${samplesShown}) = 0 ORDER BY at`;
  let before = { at: input.connectedAt, received: 0, sent: 0 };
  return rows.map((row) => {
    const sample = { at: row.at, received: Number(row.received), sent: Number(row.sent) };
    const seconds = Math.max(0.001, (sample.at.getTime() - before.at.getTime()) / 1000);
    const rates = {
      receivedRate: Math.max(0, sample.received - before.received) / seconds,
      sentRate: Math.max(0, sample.sent - before.sent) / seconds,
    };
    before = sample;
    return { ...sample, ...rates };
  });
}

/**
 * Cuts a live session on its gateway; the row changes when the gateway's ledger tells so. The gateway is called between
 * two transactions: one that is slow keeps nobody of the tenant waiting.
 */
export async function disconnectSession(
  step: Step<TenantScope>,
  input: z.infer<typeof disconnectInput>,
): Promise<{ sessionId: string }> {
  const { session, name, cut } = await step(async (scope) => {
    const { tx, tenantId } = scope;
    const found = await tx.session.findFirst({
      where: { tenantId, id: input.sessionId },
      orderBy: { connectedAt: "desc" },
    });
    if (!found) throw notFound("session");
    const { accountId, deviceId, gatewayId } = found;
    const holder = accountId
      ? await tx.account.findUnique({ where: { tenantId_id: { tenantId, id: accountId } } })
      : await tx.device.findUnique({ where: { tenantId_id: { tenantId, id: deviceId! } } });
    return {
      session: found,
      name: holder?.name ?? accountId ?? deviceId!,
      cut: found.disconnectedAt ? null : await cutterOn(scope, gatewayId),
    };
  });
  if (!(await cut?.(session.id, input.reason))) throw new AppError("conflict", "This session has ended already.");
  const { id, accountId, deviceId, gatewayId } = session;
  await step((scope) =>
    audit(scope, {
      action: "sessions.disconnect",
      subject: { kind: "session", id, name },
      details: { reason: input.reason, accountId, deviceId, gatewayId },
    }),
  );
  return { sessionId: id };
}

/** As `disconnectSession`, by staff, in whichever tenant the session is. */
export async function disconnectLive(
  step: Step<Scope>,
  input: z.infer<typeof disconnectInput>,
): Promise<{ sessionId: string }> {
  const session = await step(({ tx }) =>
    tx.session.findFirst({ where: { id: input.sessionId }, orderBy: { connectedAt: "desc" } }),
  );
  if (!session) throw notFound("session");
  const { tenantId } = session;
  const stepInTenant: Step<TenantScope> = (work) =>
    step(async (scope) => {
      await bind(scope.tx, { tenantId, isStaff: true, userId: scope.actor.id ?? undefined });
      return work({ ...scope, tenantId });
    });
  return disconnectSession(stepInTenant, input);
}

type SessionList = Omit<z.infer<typeof listLiveInput>, "tenantId" | "gatewayId" | "regionId">;

const name = Prisma.sql`coalesce(a.name, d.name, '')`;
const holders = Prisma.sql`LEFT JOIN accounts a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
  LEFT JOIN devices d ON d.tenant_id = s.tenant_id AND d.id = s.device_id`;
const gateways = Prisma.sql`LEFT JOIN gateways g ON g.id = s.gateway_id LEFT JOIN regions r ON r.id = g.region_id`;
const tenants = Prisma.sql`JOIN tenants t ON t.id = s.tenant_id`;

/** With what each order needs to be joined. */
const sessionColumns = {
  connectedAt: { by: Prisma.sql`s.connected_at`, type: "timestamptz", join: Prisma.empty },
  accountName: { by: name, type: "text", join: holders },
  tenantName: { by: Prisma.sql`t.name`, type: "text", join: tenants },
  received: { by: Prisma.sql`s.received`, type: "bigint", join: Prisma.empty },
  sent: { by: Prisma.sql`s.sent`, type: "bigint", join: Prisma.empty },
  receivedRate: { by: Prisma.sql`s.received_rate`, type: "float8", join: Prisma.empty },
  sentRate: { by: Prisma.sql`s.sent_rate`, type: "float8", join: Prisma.empty },
} satisfies Record<SessionList["sort"], Pick<Listing, "by" | "type"> & { join: Prisma.Sql }>;

/** @param tenantId null: of all tenants */
async function querySessions(
  scope: Scope,
  tenantId: string | null,
  input: SessionList,
  conditions: Prisma.Sql[],
): Promise<Page<LiveRow>> {
  const { tx } = scope;
  const { by, type, join } = sessionColumns[input.sort];
  const bounds = [...(tenantId ? [Prisma.sql`s.tenant_id = ${tenantId}::uuid`] : []), ...conditions];
  const { ids, ...page } = await pageOf(
    tx,
    {
      ...{ from: Prisma.sql`sessions s ${join}`, by, type, id: Prisma.sql`s.id` },
      conditions: [...bounds, ...(input.search ? [await sessionMatches(scope, tenantId, input.search)] : [])],
    },
    input,
  );
  const rows = await tx.$queryRaw<(Omit<LiveRow, "received" | "sent"> & { received: bigint; sent: bigint })[]>`
    SELECT s.id, s.account_id AS "accountId", a.name AS "accountName", s.device_id AS "deviceId", d.name AS "deviceName", s.real_address AS "realAddress", host(s.vpn_address) AS "vpnAddress",
      s.gateway_id AS "gatewayId", coalesce(g.name, 'a deleted gateway') AS "gatewayName", coalesce(r.name, '') AS region, s.process,
      s.client_version AS "clientVersion", s.platform, s.cipher, s.connected_at AS "connectedAt", s.disconnected_at AS "disconnectedAt",
      s.end_code AS "endCode", s.end_reason AS "endReason", s.received, s.sent, s.received_rate AS "receivedRate",
      s.sent_rate AS "sentRate", CASE WHEN s.disconnected_at IS NULL THEN g.confirmed_at END AS "confirmedAt",
      s.disconnected_at IS NULL AND g.error IS NOT NULL AS "isGatewaySilent",
      s.tenant_id AS "tenantId", t.name AS "tenantName", t.slug AS "slug"
    FROM sessions s ${tenants} ${holders} ${gateways}
    WHERE ${Prisma.join([Prisma.sql`s.id = ANY(${ids}::uuid[])`, ...bounds], " AND ")}`;
  const numbered = rows.map((row) => ({ ...row, received: Number(row.received), sent: Number(row.sent) }));
  return { rows: inOrder(ids, numbered), ...page };
}

/** Of so many people or devices that fit, the sessions are found by each; of more, those of the first. */
const holdersAtMost = 20_000;

/** By whose it is, by the start of where it comes from, by the gateway, and for staff by the tenant. */
async function sessionMatches(scope: Scope, tenantId: string | null, search: string): Promise<Prisma.Sql> {
  const { tx } = scope;
  const accounts = await searchIds(scope, "accounts", tenantId, search, holdersAtMost);
  const devices = await searchIds(scope, "devices", tenantId, search, holdersAtMost);
  const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);
  const gateways = ids(
    await tx.$queryRaw<{ id: string }[]>`SELECT g.id FROM gateways g WHERE ${hasWords(Prisma.sql`g`, search)}`,
  );
  const inTenants = tenantId
    ? []
    : ids(await tx.$queryRaw<{ id: string }[]>`SELECT t.id FROM tenants t WHERE ${hasWords(Prisma.sql`t`, search)}`);
  return Prisma.sql`(s.account_id = ANY(${accounts}::uuid[]) OR s.device_id = ANY(${devices}::uuid[])
    OR s.gateway_id = ANY(${gateways}::uuid[]) OR s.tenant_id = ANY(${inTenants}::uuid[])
    OR s.real_address COLLATE "C" >= ${search} AND s.real_address COLLATE "C" < ${`${search}\u{10ffff}`} ${hadAddress(search)})`;
}

/** Or whose address began with these octets then, whoever has it now. */
function hadAddress(search: string): Prisma.Sql {
  const octets = search.replace(/\.$/, "").split(".");
  if (octets.length < 2 || octets.length > 4 || octets.some((octet) => !/^\d{1,3}$/.test(octet) || Number(octet) > 255))
    return Prisma.empty;
  const padded = (filler: string) => [...octets, filler, filler].slice(0, 4).map(Number).join(".");
  return Prisma.sql`OR s.vpn_address >= ${padded("0")}::inet AND s.vpn_address <= ${padded("255")}::inet`;
}
