/** A VPN user's own page: what they have, what they may reach, and what became of their connections. */
import type { PolicyRule } from "@/gateway/protocol/document";
import { profileFileName } from "../certificates/certificates";
import type { TenantScope } from "../core/db";
import { env } from "../core/env";
import { notFound } from "../core/errors";
import { bareAddress } from "../core/inet";
import { type Page, skipTake } from "../core/listing";
import type { Certificate, Session } from "../core/prisma/client";
import { currentGrants } from "../grants/grants";
import type { OwnSessionsInput } from "./schema";

export interface Profile {
  id: string;
  name: string;
  email: string;
  tenantName: string;
  /** What a profile's file is called. */
  fileName: string;
  address: string;
  state: "active" | "revoked" | "suspended";
  /** Why the state is not active, as the next attempt to connect would say. */
  reason: string | null;
  certificates: OwnCertificate[];
  lastRefusal: { at: Date; reason: string; gatewayName: string } | null;
  gateways: { region: string; name: string }[];
  /** Whether there is a profile for clients that know no tls-crypt-v2. */
  takesOldClients: boolean;
  session: OwnSession | null;
}

export async function profile(scope: TenantScope, accountId: string): Promise<Profile> {
  const { tx, tenantId } = scope;
  const account = await tx.account.findUnique({
    where: { tenantId_id: { tenantId, id: accountId } },
    include: { tenant: true, certificates: { orderBy: { createdAt: "desc" } } },
  });
  if (!account) throw notFound("account");
  const refusal = await tx.refusal.findFirst({ where: { tenantId, accountId }, orderBy: { at: "desc" } });
  const live = await tx.session.findFirst({
    where: { tenantId, accountId, disconnectedAt: null },
    orderBy: { connectedAt: "desc" },
  });
  const gateways = await tx.gateway.findMany({
    where: { enrolledAt: { not: null } },
    include: { region: true },
    orderBy: [{ region: { name: "asc" } }, { name: "asc" }],
  });
  const isHome = ({ regionId }: { regionId: string }) => Number(regionId === account.tenant.homeRegionId);
  const names = await gatewayNames(scope);
  const isSuspended = account.tenant.state !== "active";
  return {
    id: account.id,
    name: account.name,
    email: account.email,
    tenantName: account.tenant.name,
    fileName: profileFileName(account.tenant.name, account.name),
    address: bareAddress(account.address),
    state: account.state === "revoked" ? "revoked" : isSuspended ? "suspended" : "active",
    reason:
      account.revokedReason ??
      (isSuspended ? `Access to ${account.tenant.name} is suspended. Ask your administrator.` : null),
    certificates: await ownCertificates(scope, account.certificates),
    lastRefusal: refusal && {
      at: refusal.at,
      reason: refusal.reason,
      gatewayName: names.get(refusal.gatewayId)?.name ?? "",
    },
    // As its profiles have them.
    gateways: gateways
      .toSorted((a, b) => isHome(b) - isHome(a))
      .map(({ name, region }) => ({ name, region: region.name })),
    takesOldClients: env.OLD_CLIENTS_PORT !== undefined,
    session: live && ownSession(live, names),
  };
}

export interface OwnCertificate {
  id: string;
  createdAt: Date;
  notAfter: Date;
  revoked: boolean;
  /** Whether somebody has connected with it, as far back as sessions are kept. */
  isUsed: boolean;
  /** Another renews it, which has not connected yet: both work. */
  isRenewed: boolean;
  /** It renews another that works still. */
  isRenewal: boolean;
}

async function ownCertificates({ tx }: TenantScope, all: Certificate[]): Promise<OwnCertificate[]> {
  const [first] = all;
  if (!first) return [];
  const { tenantId, accountId } = first;
  const used = await tx.session.groupBy({ by: ["fingerprint"], where: { tenantId, accountId } });
  const usedOnes = new Set(used.map(({ fingerprint }) => fingerprint));
  const working = all.filter(({ revokedAt }) => revokedAt === null);
  return all.map(({ id, createdAt, notAfter, revokedAt, fingerprint, replaces }) => ({
    id,
    createdAt,
    notAfter,
    revoked: revokedAt !== null,
    isUsed: usedOnes.has(fingerprint),
    isRenewed: working.some((other) => other.replaces === id),
    isRenewal: working.some((other) => other.id === replaces),
  }));
}

export interface OwnSession {
  id: string;
  connectedAt: Date;
  disconnectedAt: Date | null;
  gatewayName: string;
  region: string;
  realAddress: string;
  vpnAddress: string;
  platform: string | null;
  clientVersion: string | null;
  cipher: string | null;
  received: number;
  sent: number;
  receivedRate: number;
  sentRate: number;
  endReason: string | null;
}

export async function ownSessions(
  scope: TenantScope,
  accountId: string,
  input: OwnSessionsInput,
): Promise<Page<OwnSession>> {
  const { tx, tenantId } = scope;
  const where = { tenantId, accountId };
  const sessions = await tx.session.findMany({ where, orderBy: { connectedAt: input.order }, ...skipTake(input) });
  const total = await tx.session.count({ where });
  const names = await gatewayNames(scope);
  return { rows: sessions.map((session) => ownSession(session, names)), total };
}

export interface Reachable {
  /** The policy's name, or why it was granted. */
  policyName: string;
  /** When it ends by itself; null for what a policy opens. */
  until: Date | null;
  rules: PolicyRule[];
  devices: ReachableDevice[];
}

export interface ReachableDevice {
  id: string;
  name: string;
  address: string;
  /** How one on a tunnel of its own is called while one is connected. */
  dnsName: string;
  /** Of one on a tunnel of its own: whether that stands. Null where nobody can know. */
  isUp: boolean | null;
}

/** By each grant in force and each policy that is on, what it opens to this account. */
export async function reach(scope: TenantScope, accountId: string): Promise<Reachable[]> {
  const { tx, tenantId } = scope;
  const policies = await tx.policy.findMany({
    where: { tenantId, isEnabled: true, accounts: { some: { accountId } } },
    include: { groups: { select: { groupId: true } } },
    orderBy: { name: "asc" },
  });
  const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { slug: true } });
  const live = await tx.session.findMany({
    where: { tenantId, disconnectedAt: null, deviceId: { not: null } },
    select: { deviceId: true },
  });
  const up = new Set(live.map(({ deviceId }) => deviceId));
  const reachable: Reachable[] = [];
  for (const { reason, until, rules, groups } of await currentGrants(scope, accountId))
    reachable.push({ policyName: reason, until, rules, devices: await devicesOf(groups.map(({ id }) => id)) });
  for (const policy of policies)
    reachable.push({
      policyName: policy.name,
      until: null,
      rules: policy.rules as unknown as PolicyRule[],
      devices: await devicesOf(policy.groups.map(({ groupId }) => groupId)),
    });
  return reachable;

  async function devicesOf(groupIds: string[]) {
    const devices = await tx.device.findMany({
      where: { tenantId, groups: { some: { groupId: { in: groupIds } } } },
      select: { id: true, name: true, address: true, label: true, attachment: true },
      orderBy: { name: "asc" },
    });
    return devices.map(({ id, name, address, label, attachment }) => ({
      ...{ id, name, address: bareAddress(address) },
      dnsName: `${label}.${tenant.slug}.${env.VPN_ZONE}`,
      isUp: attachment === "openvpn" ? up.has(id) : null,
    }));
  }
}

type GatewayNames = Map<string, { name: string; region: string }>;

async function gatewayNames({ tx }: TenantScope): Promise<GatewayNames> {
  const gateways = await tx.gateway.findMany({ select: { id: true, name: true, region: { select: { name: true } } } });
  return new Map(gateways.map(({ id, name, region }) => [id, { name, region: region.name }]));
}

function ownSession(session: Session, names: GatewayNames): OwnSession {
  const gateway = names.get(session.gatewayId);
  return {
    id: session.id,
    connectedAt: session.connectedAt,
    disconnectedAt: session.disconnectedAt,
    gatewayName: gateway?.name ?? "",
    region: gateway?.region ?? "",
    realAddress: session.realAddress,
    vpnAddress: bareAddress(session.vpnAddress),
    platform: session.platform,
    clientVersion: session.clientVersion,
    cipher: session.cipher,
    received: Number(session.received),
    sent: Number(session.sent),
    receivedRate: session.receivedRate,
    sentRate: session.sentRate,
    endReason: session.endReason,
  };
}
