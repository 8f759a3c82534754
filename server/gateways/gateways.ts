/**
 * Gateways as staff manage them. A gateway is described first and enrolled by a one-time token; what it runs is its
 * configuration (raised in version with each change, sent by the sweep), what it enforces are the tenants' documents.
 */
import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { isInside, parseAddress, parseCidr } from "@/gateway/protocol/addresses";
import type { FrontConfig, GatewayStateReply, ProcessConfig } from "@/gateway/protocol/api";
import { formatToken } from "@/gateway/protocol/enrolment";
import { audit } from "../core/audit";
import { bind, type Scope } from "../core/db";
import { AppError, conflict, invalid, isUniqueViolation, notFound } from "../core/errors";
import { type Page, skipTake } from "../core/listing";
import { inDirection } from "../core/page";
import { Prisma } from "../core/prisma/client";
import { enqueue } from "../core/queue";
import { seal } from "../core/seal";
import { hasWords, searchWords } from "../core/search";
import { publish } from "../revisions/revisions";
import { disconnect } from "./client";
import { addressesOf } from "./host-addresses";
import { gatewayEnrol, gatewaySweep } from "./jobs";
import { findLinkEnds, type LinkRow, linkRows } from "./link-states";
import type { createGatewayInput, listAppliedInput, listGatewaysInput, updateGatewayInput } from "./schema";

export type GatewayStatus = "awaiting_enrolment" | "healthy" | "unreachable" | "warning" | "maintenance";

export interface GatewayRow {
  id: string;
  name: string;
  regionId: string;
  region: string;
  apiHost: string;
  apiPort: number;
  publicHost: string;
  /** Ports that profiles name. */
  fronts: FrontConfig[];
  /** None: one a core for each protocol of the fronts; `state` has their names. */
  processes: ProcessConfig[];
  draining: string[];
  isInMaintenance: boolean;
  drainPerSecond: number;
  status: GatewayStatus;
  /** Why the status is not healthy, for a person. */
  notes: string[];
  /** Until when the enrolment token that stands open may be used. */
  tokenExpiresAt: Date | null;
  enrolledAt: Date | null;
  lastSeenAt: Date | null;
  error: string | null;
  errorAt: Date | null;
  certificateNotAfter: Date | null;
  configVersion: number;
  /** As the gateway last told. */
  state: GatewayStateReply | null;
  /** One to each other enrolled gateway. */
  links: LinkRow[];
  /** Tenants of which it does not enforce the newest revision. */
  behind: number;
  drifted: number;
  /** When a document of it was last compared with ours. */
  checkedAt: Date | null;
  confirmedAt: Date | null;
  createdAt: Date;
}

const tokenLifetimeMs = 60 * 60_000;
/** The sweep asks every 2 seconds. */
const unseenAfterMs = 15_000;
/** For a link that begins anew. */
const linkGraceMs = 30_000;
const warnBeforeExpiryMs = 14 * 24 * 60 * 60_000;

/** The scope must be staff's, to count over tenants. */
export async function listGateways(scope: Scope, input: z.infer<typeof listGatewaysInput>): Promise<Page<GatewayRow>> {
  const where: Prisma.GatewayWhereInput = {
    ...(input.regionId ? { regionId: input.regionId } : {}),
    AND: await searchWords(scope, input.search),
  };
  const order = input.sort === "region" ? { region: { name: input.order } } : { [input.sort]: input.order };
  const [gateways, total] = await Promise.all([
    scope.tx.gateway.findMany({
      where,
      include: { region: true },
      orderBy: [order, { name: "asc" }],
      ...skipTake(input),
    }),
    scope.tx.gateway.count({ where }),
  ]);
  const lag = await lagOf(
    scope,
    gateways.map(({ id }) => id),
  );
  const ends = await findLinkEnds(scope.tx);
  return {
    rows: gateways.map((gateway) => gatewayRow(gateway, linkRows(ends, gateway.id), lag.get(gateway.id))),
    total,
  };
}

export async function getGateway(scope: Scope, gatewayId: string): Promise<GatewayRow> {
  const gateway = await scope.tx.gateway.findUnique({ where: { id: gatewayId }, include: { region: true } });
  if (!gateway) throw notFound("gateway");
  const links = linkRows(await findLinkEnds(scope.tx), gatewayId);
  return gatewayRow(gateway, links, (await lagOf(scope, [gatewayId])).get(gatewayId));
}

export interface AppliedRow {
  tenantId: string;
  tenantName: string;
  slug: string;
  revision: number;
  applied: number;
  enforcedAt: Date | null;
  error: string | null;
  isDrifted: boolean;
  checkedAt: Date | null;
}

/** What one gateway enforces, tenant by tenant. */
export async function listApplied(scope: Scope, input: z.infer<typeof listAppliedInput>): Promise<Page<AppliedRow>> {
  const condition = Prisma.sql`t.revision > 0 AND (t.state <> 'deleted' OR t.revision > coalesce(a.revision, 0))
    AND ${hasWords(Prisma.sql`t`, input.search)}
    ${input.onlyBehind ? Prisma.sql`AND (t.revision > coalesce(a.revision, 0) OR a.is_drifted OR a.error IS NOT NULL)` : Prisma.empty}`;
  const columns = {
    tenantName: Prisma.sql`t.name`,
    enforcedAt: Prisma.sql`a.enforced_at`,
    behind: Prisma.sql`t.revision - coalesce(a.revision, 0)`,
  };
  const from = Prisma.sql`FROM tenants t LEFT JOIN applied_revisions a ON a.tenant_id = t.id AND a.gateway_id = ${input.gatewayId}::uuid
    WHERE ${condition}`;
  const { skip, take } = skipTake(input);
  const rows = await scope.tx.$queryRaw<
    (Omit<AppliedRow, "revision" | "applied"> & Record<"revision" | "applied", bigint>)[]
  >`
    SELECT t.id AS "tenantId", t.name AS "tenantName", t.slug, t.revision, coalesce(a.revision, 0) AS applied, a.enforced_at AS "enforcedAt",
      a.error, coalesce(a.is_drifted, false) AS "isDrifted", a.checked_at AS "checkedAt"
    ${from} ORDER BY ${columns[input.sort]} ${inDirection(input.order)} NULLS LAST, t.id LIMIT ${take} OFFSET ${skip}`;
  const [count] = await scope.tx.$queryRaw<{ total: bigint }[]>`SELECT count(*) AS total ${from}`;
  return {
    rows: rows.map((row) => ({ ...row, revision: Number(row.revision), applied: Number(row.applied) })),
    total: Number(count!.total),
  };
}

export interface IssuedToken {
  gatewayId: string;
  /** Shown this once. */
  token: string;
  expiresAt: Date;
  /** What to run on the gateway's host, as root. */
  command: string;
}

/** Every tenant gets a default uplink on it; it is used once it is enrolled. */
export async function createGateway(scope: Scope, input: z.infer<typeof createGatewayInput>): Promise<IssuedToken> {
  await requireRegion(scope, input.regionId);
  await requireOutsideNetworks(scope, input);
  const gateway = await named(() => scope.tx.gateway.create({ data: { ...input } }));
  await audit(scope, {
    action: "gateways.create",
    subject: { kind: "gateway", id: gateway.id, name: gateway.name },
    details: { ...input },
  });
  const issued = await issueToken(scope, gateway);
  await forEachTenant(scope, async (tenant) => {
    const value = { interface: `up-${tenant.number}`, nextHop: null };
    await scope.tx.uplink.create({ data: { tenantId: tenant.id, gatewayId: gateway.id, ...value } });
    await publish({ ...scope, tenantId: tenant.id }, [{ kind: "uplink", id: gateway.id, value }], {
      summary: `added gateway ${gateway.name}`,
      subject: { kind: "gateway", id: gateway.id },
    });
  });
  return issued;
}

export async function updateGateway(
  scope: Scope,
  input: z.infer<typeof updateGatewayInput>,
): Promise<{ gatewayId: string }> {
  const { gatewayId, ...wanted } = input;
  const before = await requireGateway(scope, gatewayId);
  await requireRegion(scope, wanted.regionId);
  if (wanted.publicHost !== before.publicHost || wanted.apiHost !== before.apiHost)
    await requireOutsideNetworks(scope, wanted);
  const isReconfigured = JSON.stringify(doors(before)) !== JSON.stringify(doors(wanted));
  await named(() =>
    scope.tx.gateway.update({
      where: { id: gatewayId },
      data: { ...wanted, ...(isReconfigured ? { configVersion: { increment: 1 } } : {}) },
    }),
  );
  await audit(scope, {
    action: "gateways.update",
    subject: { kind: "gateway", id: gatewayId, name: wanted.name },
    details: { before: described(before), after: wanted },
  });
  scope.afterCommit(() => enqueue(gatewaySweep, {}));
  return { gatewayId };
}

/** For a gateway that never enrolled, or whose state folder was lost. The token before is void. */
export async function renewToken(scope: Scope, gatewayId: string): Promise<IssuedToken> {
  const gateway = await requireGateway(scope, gatewayId);
  const issued = await issueToken(scope, gateway);
  await audit(scope, {
    action: "gateways.renew_token",
    subject: { kind: "gateway", id: gatewayId, name: gateway.name },
    details: { expiresAt: issued.expiresAt },
  });
  return issued;
}

/** Nothing is sent to it or expected of it any more; receipts no longer wait for it. Stop its agent by hand. */
export async function retireGateway(scope: Scope, gatewayId: string): Promise<{ gatewayId: string }> {
  const gateway = await requireGateway(scope, gatewayId);
  await scope.tx.gateway.update({
    where: { id: gatewayId },
    data: {
      ...{ enrolledAt: null, sealedToken: null, tokenExpiresAt: null, fingerprint: null, certificateNotAfter: null },
      ...{ nextFingerprint: null, grantedFingerprint: null, configDigest: null },
      ...{ epoch: null, cursor: 0, confirmedAt: null, state: Prisma.DbNull, error: null, errorAt: null },
    },
  });
  await audit(scope, { action: "gateways.retire", subject: { kind: "gateway", id: gatewayId, name: gateway.name } });
  await forEachTenant(scope, async (tenant) => {
    await scope.tx.appliedRevision.deleteMany({ where: { tenantId: tenant.id, gatewayId } });
    await scope.tx
      .$executeRaw`UPDATE sessions SET disconnected_at = greatest(now(), connected_at), end_code = 'unknown',
        end_reason = 'The gateway was retired.', received_rate = 0, sent_rate = 0
      WHERE tenant_id = ${tenant.id}::uuid AND gateway_id = ${gatewayId}::uuid AND disconnected_at IS NULL`;
  });
  return { gatewayId };
}

export async function deleteGateway(scope: Scope, gatewayId: string): Promise<{ gatewayId: string }> {
  const gateway = await requireGateway(scope, gatewayId);
  if (gateway.enrolledAt)
    throw new AppError("conflict", `${gateway.name} is enrolled. Retire it first; its clients move to the others.`);
  await audit(scope, { action: "gateways.delete", subject: { kind: "gateway", id: gatewayId, name: gateway.name } });
  await forEachTenant(scope, async (tenant) => {
    await scope.tx.appliedRevision.deleteMany({ where: { tenantId: tenant.id, gatewayId } });
    const { count } = await scope.tx.uplink.deleteMany({ where: { tenantId: tenant.id, gatewayId } });
    if (count === 0) return;
    await publish({ ...scope, tenantId: tenant.id }, [{ kind: "uplink", id: gatewayId, value: null }], {
      summary: `removed gateway ${gateway.name}`,
      subject: { kind: "gateway", id: gatewayId },
    });
  });
  await scope.tx.gateway.delete({ where: { id: gatewayId } });
  return { gatewayId };
}

/**
 * A client sends what is for its tenant's networks into the tunnel: where one of them holds a gateway's own address, the
 * tunnel's packets would go into itself, and everybody of the tenant is connected to nothing.
 * @throws AppError that names the network and the gateway
 */
export async function requireClearOfGateways({ tx }: Scope, networks: { cidr: string }[]): Promise<void> {
  if (networks.length === 0) return;
  const gateways = await tx.gateway.findMany({ select: { name: true, publicHost: true, apiHost: true } });
  const hosts = gateways.flatMap(({ name, publicHost, apiHost }) =>
    [...new Set([publicHost, apiHost])].map((host) => ({ name, host })),
  );
  const addresses = await addressesOf(hosts.map(({ host }) => host));
  for (const [index, { cidr }] of networks.entries())
    for (const [n, { name, host }] of hosts.entries()) {
      const held = addresses[n]!.find((address) => isInside(parseAddress(address), parseCidr(cidr)));
      if (held)
        throw invalid(
          `networks.${index}.cidr`,
          `${cidr} holds ${held}${held === host ? "" : ` (${host})`}, an address of gateway ${name}: nobody would reach it through its own tunnel. Give smaller networks around it.`,
        );
    }
}

/** The other way round. @throws AppError that names the field, the tenant and its network */
async function requireOutsideNetworks(
  { tx }: Scope,
  hosts: Pick<z.infer<typeof createGatewayInput>, "publicHost" | "apiHost">,
): Promise<void> {
  const fields = ["publicHost", "apiHost"] as const;
  const addresses = await addressesOf(fields.map((field) => hosts[field]));
  for (const [n, field] of fields.entries()) {
    const [held] = await tx.$queryRaw<{ address: string; cidr: string; tenant: string }[]>`
      SELECT address, n.cidr::text, t.name AS tenant FROM unnest(${addresses[n]}::text[]) AS address
      JOIN networks n ON n.cidr >>= address::inet JOIN tenants t ON t.id = n.tenant_id ORDER BY t.name LIMIT 1`;
    if (held)
      throw invalid(
        field,
        `${held.address} lies in ${held.cidr}, a network of ${held.tenant}: its people would reach nothing by this gateway. Use another address, or change that tenant's networks first.`,
      );
  }
}

/**
 * How one session is cut on the gateway that holds it: a call that may take long, for after the transaction in which the
 * gateway was found. It gives false when the gateway has the session no more. Null for one that was never enrolled.
 */
export async function cutterOn(
  scope: Scope,
  gatewayId: string,
): Promise<((sessionId: string, reason: string) => Promise<boolean>) | null> {
  const gateway = await requireGateway(scope, gatewayId);
  if (!gateway.enrolledAt) return null;
  return (sessionId, reason) => disconnect(gateway, sessionId, { reason });
}

async function issueToken(
  scope: Scope,
  gateway: { id: string; apiHost: string; apiPort: number },
): Promise<IssuedToken> {
  const secret = randomBytes(32).toString("hex");
  const expiresAt = new Date(Math.floor((Date.now() + tokenLifetimeMs) / 1000) * 1000);
  await scope.tx.gateway.update({
    where: { id: gateway.id },
    data: {
      ...{ sealedToken: seal(secret, `token ${gateway.id}`), tokenExpiresAt: expiresAt },
      ...{ grantedFingerprint: null, error: null, errorAt: null },
    },
  });
  scope.afterCommit(() => enqueue(gatewayEnrol, { gatewayId: gateway.id }));
  const token = formatToken({ gatewayId: gateway.id, secret, expiresAt: expiresAt.getTime() / 1000 });
  const command = `GATEWAY_TOKEN=${token} GATEWAY_API_HOST=${gateway.apiHost} GATEWAY_API_PORT=${gateway.apiPort} node gateway.mjs`;
  return { gatewayId: gateway.id, token, expiresAt, command };
}

/** Binds the transaction to each tenant in turn, always in one order; then to none. */
async function forEachTenant(
  scope: Scope,
  work: (tenant: { id: string; number: number }) => Promise<void>,
): Promise<void> {
  const userId = scope.actor.kind === "staff" ? (scope.actor.id ?? undefined) : undefined;
  await bind(scope.tx, { isStaff: true, userId });
  const tenants = await scope.tx.tenant.findMany({
    where: { state: { not: "deleted" } },
    select: { id: true, number: true },
    orderBy: { id: "asc" },
  });
  for (const tenant of tenants) {
    await bind(scope.tx, { tenantId: tenant.id, isStaff: true, userId });
    await work(tenant);
  }
  await bind(scope.tx, { isStaff: true, userId });
}

interface Lag {
  behind: number;
  drifted: number;
  refused: number;
  checkedAt: Date | null;
}

async function lagOf({ tx }: Scope, gatewayIds: string[]): Promise<Map<string, Lag>> {
  const rows = await tx.$queryRaw<
    { id: string; behind: bigint; drifted: bigint; refused: bigint; checkedAt: Date | null }[]
  >`
    SELECT g.id, count(*) FILTER (WHERE t.revision > coalesce(a.revision, 0)) AS behind,
      count(*) FILTER (WHERE a.is_drifted) AS drifted, count(*) FILTER (WHERE a.error IS NOT NULL) AS refused,
      max(a.checked_at) AS "checkedAt"
    FROM unnest(${gatewayIds}::uuid[]) AS g (id) CROSS JOIN tenants t
    LEFT JOIN applied_revisions a ON a.tenant_id = t.id AND a.gateway_id = g.id GROUP BY g.id`;
  return new Map(
    rows.map(({ id, behind, drifted, refused, checkedAt }) => [
      id,
      { behind: Number(behind), drifted: Number(drifted), refused: Number(refused), checkedAt },
    ]),
  );
}

function gatewayRow(
  gateway: Prisma.GatewayGetPayload<{ include: { region: true } }>,
  links: LinkRow[],
  lag?: Lag,
): GatewayRow {
  const state = gateway.state as unknown as GatewayStateReply | null;
  const behind = gateway.enrolledAt ? (lag?.behind ?? 0) : 0;
  const drifted = lag?.drifted ?? 0;
  const isSeen = gateway.lastSeenAt !== null && Date.now() - gateway.lastSeenAt.getTime() < unseenAfterMs;
  const notes = gateway.enrolledAt ? warningsOf(gateway, state, links, lag) : [];
  const status: GatewayStatus = !gateway.enrolledAt
    ? "awaiting_enrolment"
    : gateway.error || !isSeen
      ? "unreachable"
      : notes.length > 0
        ? "warning"
        : gateway.isInMaintenance
          ? "maintenance"
          : "healthy";
  if (gateway.error) notes.unshift(gateway.error);
  else if (status === "unreachable") notes.unshift("It was not heard of lately. Are the workers running?");
  return {
    id: gateway.id,
    name: gateway.name,
    regionId: gateway.regionId,
    region: gateway.region.name,
    ...described(gateway),
    draining: gateway.draining,
    isInMaintenance: gateway.isInMaintenance,
    drainPerSecond: gateway.drainPerSecond,
    status,
    notes,
    tokenExpiresAt: gateway.sealedToken ? gateway.tokenExpiresAt : null,
    enrolledAt: gateway.enrolledAt,
    lastSeenAt: gateway.lastSeenAt,
    error: gateway.error,
    errorAt: gateway.errorAt,
    certificateNotAfter: gateway.certificateNotAfter,
    configVersion: gateway.configVersion,
    state,
    links,
    behind,
    drifted,
    checkedAt: lag?.checkedAt ?? null,
    confirmedAt: gateway.confirmedAt,
    createdAt: gateway.createdAt,
  };
}

function warningsOf(
  gateway: { certificateNotAfter: Date | null; configVersion: number },
  state: GatewayStateReply | null,
  links: LinkRow[],
  lag?: Lag,
): string[] {
  const notes = (state?.warnings ?? []).map(({ message }) => message);
  const stopped = (state?.processes ?? []).filter(({ status }) => status !== "running");
  if (stopped.length > 0) notes.push(`Not running: ${stopped.map(({ name }) => name).join(", ")}.`);
  if (state && state.configVersion < gateway.configVersion)
    notes.push("Its newest configuration has not reached it yet.");
  // One whose other end is gone is that gateway's trouble, and not this one's.
  for (const { peer, status, since, isPeerSeen } of links)
    if (status === "down" && isPeerSeen && Date.now() - since!.getTime() > linkGraceMs)
      notes.push(`The link to ${peer} is down: people here do not reach devices there, nor the other way round.`);
  if (lag?.refused) notes.push(`It refused the newest changes of ${lag.refused} tenants.`);
  if (lag?.drifted) notes.push(`It was found to differ for ${lag.drifted} tenants and is being mended.`);
  const { certificateNotAfter } = gateway;
  if (certificateNotAfter && certificateNotAfter.getTime() - Date.now() < warnBeforeExpiryMs)
    notes.push(
      `Its certificate ends on ${certificateNotAfter.toISOString().slice(0, 10)} and was not renewed; the workers' log says why. Enrol it again if that cannot be mended.`,
    );
  return notes;
}

async function requireGateway({ tx }: Scope, gatewayId: string) {
  const gateway = await tx.gateway.findUnique({ where: { id: gatewayId } });
  if (!gateway) throw notFound("gateway");
  return gateway;
}

async function requireRegion({ tx }: Scope, regionId: string): Promise<void> {
  if (!(await tx.region.findUnique({ where: { id: regionId } })))
    throw invalid("regionId", "This region is gone. Choose another.");
}

async function named<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isUniqueViolation(error)) throw conflict("name", "Another gateway has this name. Choose a different one.");
    throw error;
  }
}

const described = (gateway: {
  apiHost: string;
  apiPort: number;
  publicHost: string;
  fronts: unknown;
  processes: unknown;
}) => ({
  apiHost: gateway.apiHost,
  apiPort: gateway.apiPort,
  publicHost: gateway.publicHost,
  fronts: gateway.fronts as FrontConfig[],
  processes: gateway.processes as ProcessConfig[],
});

/** What a change of makes another configuration. */
const doors = ({ fronts, processes }: { fronts: unknown; processes: unknown }) => [
  ...(fronts as FrontConfig[]).map(({ protocol, port }) => `${protocol} ${port}`),
  ...(processes as ProcessConfig[]).map(({ name, protocol, port }) => `${name} ${protocol} ${port}`),
];
