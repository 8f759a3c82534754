/**
 * Certificates of accounts and of devices. The private key is made where it is used and never comes here: a signing request gives the
 * public key, and everything else in the certificate is ours. A certificate opens the VPN while its fingerprint is in
 * its holder's entry of the tenant's document; revoking is leaving it out.
 */
import { X509Certificate } from "node:crypto";
import type { FrontConfig, GatewayConfig, ProcessConfig } from "@/gateway/protocol/api";
import { accountEntries } from "../accounts/accounts";
import { audit } from "../core/audit";
import type { Scope, TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, invalid, notFound } from "../core/errors";
import { deviceEntries } from "../devices/devices";
import { publish } from "../revisions/revisions";
import {
  authorityCertificate,
  authTokenSecret,
  controlPlaneIdentity,
  type Identity,
  type Leaf,
  ensureAuthorities as makeAuthorities,
  signLeaf,
  tlsCryptKey,
  tlsCryptV2Key,
} from "./authority";
import { profileFileName } from "./profile-file-name";
import { beginRenewal, type Holder, retireRenewed } from "./renewal";
import { readSigningRequest } from "./signing-request";
import { createClientKey } from "./tls-crypt-v2";

export { profileFileName };

const year = 365 * 24 * 60 * 60_000;
/** Of a gateway's certificate; it is renewed when a third of it is left. */
export const gatewayLifetimeMs = 90 * 24 * 60 * 60_000;
/** A laptop, a phone and some to spare; with one more the oldest is dropped. */
export const maxCertificates = 5;

export interface Remote {
  host: string;
  port: number;
  protocol: "udp" | "tcp";
  gatewayName: string;
  region: string;
}

/** Everything for the .ovpn but the private key. */
export interface IssuedProfile {
  /** What the file is to be called. */
  fileName: string;
  certificate: string;
  /** CA of the gateways. */
  ca: string;
  tlsCryptV2Key: string;
  /** For an old client, whose remotes these then are; it takes the other's place. */
  tlsCryptKey: string | null;
  /** All of udp before any of tcp, which is for networks that let nothing else out; in each those of the home region first. */
  remotes: Remote[];
  networks: string[];
  notAfter: Date;
  revision: number;
}

/**
 * @param input.renews the account's certificate that this one is to take the place of, once it has connected
 * @param input.isForOldClient for a client that knows no tls-crypt-v2
 * @throws AppError when the request is unfit, or the account may not have a certificate now
 */
export async function issueCertificate(
  scope: TenantScope,
  input: { accountId: string; csr: string; renews?: string | null; isForOldClient?: boolean },
): Promise<IssuedProfile> {
  const { tx, tenantId } = scope;
  const { accountId } = input;
  requireKnownClient(input);
  await requireMayHold(scope, accountId);
  const renewal = input.renews ? await beginRenewal(scope, { accountId }, input.renews) : null;
  const { leaf, id, dropped } = await issueTo(scope, { accountId }, input.csr, renewal?.renews);
  const account = await tx.account.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: accountId } } });
  await audit(scope, {
    action: "certificates.issue",
    subject: { kind: "account", id: accountId, name: account.name },
    details: { certificate: id, fingerprint: leaf.fingerprint, notAfter: leaf.notAfter, ...renewal, dropped },
  });
  const revision = await publish(scope, await accountEntries(scope, [accountId]), {
    summary: `${renewal ? "renewed a profile of" : "issued a profile to"} ${account.name}`,
    subject: { kind: "account", id: accountId },
  });
  return assembleIssued(scope, leaf, account, revision, input);
}

/**
 * @param input.renews the device's certificate that this one is to take the place of, once it has connected
 * @throws AppError when the request is unfit, or the device has no tunnel of its own
 */
export async function issueDeviceCertificate(
  scope: TenantScope,
  input: { deviceId: string; csr: string; renews?: string; isForOldClient?: boolean },
): Promise<IssuedProfile> {
  const { deviceId } = input;
  requireKnownClient(input);
  const device = await requireDialling(scope, deviceId);
  const renewal = input.renews ? await beginRenewal(scope, { deviceId }, input.renews) : null;
  const { leaf, id, dropped } = await issueTo(scope, { deviceId }, input.csr, renewal?.renews);
  await audit(scope, {
    action: "certificates.issue",
    subject: { kind: "device", id: deviceId, name: device.name },
    details: { certificate: id, fingerprint: leaf.fingerprint, notAfter: leaf.notAfter, ...renewal, dropped },
  });
  const revision = await publish(scope, await deviceEntries(scope, [deviceId]), {
    summary: `${renewal ? "renewed a profile of" : "issued a profile to"} device ${device.name}`,
    subject: { kind: "device", id: deviceId },
  });
  return assembleIssued(scope, leaf, device, revision, input);
}

/** A connection that stands by it is cut. @throws not_found where the device has no such certificate in force */
export async function revokeDeviceCertificate(
  scope: TenantScope,
  { deviceId, certificateId }: { deviceId: string; certificateId: string },
): Promise<{ revision: number }> {
  const { tx, tenantId } = scope;
  const device = await requireDialling(scope, deviceId);
  const { count } = await tx.certificate.updateMany({
    where: { tenantId, deviceId, id: certificateId, revokedAt: null },
    data: { revokedAt: new Date() },
  });
  if (count === 0) throw notFound("certificate");
  const subject = { kind: "device", id: deviceId };
  await audit(scope, {
    action: "certificates.revoke",
    subject: { ...subject, name: device.name },
    details: { certificate: certificateId },
  });
  const revision = await publish(scope, await deviceEntries(scope, [deviceId]), {
    summary: `revoked a certificate of device ${device.name}`,
    subject,
  });
  return { revision };
}

export interface DeviceCertificate {
  id: string;
  serial: string;
  createdAt: Date;
  notAfter: Date;
  revokedAt: Date | null;
  /** The certificate that it renews, which works until this one was seen to connect. */
  replaces: string | null;
}

/** Newest first. */
export async function listDeviceCertificates(
  { tx, tenantId }: TenantScope,
  deviceId: string,
): Promise<DeviceCertificate[]> {
  return tx.certificate.findMany({
    where: { tenantId, deviceId },
    select: { id: true, serial: true, createdAt: true, notAfter: true, revokedAt: true, replaces: true },
    orderBy: { createdAt: "desc" },
  });
}

async function issueTo(scope: TenantScope, holder: Holder, csr: string, replaces?: string) {
  const { tx, tenantId } = scope;
  const [kind, id] = "accountId" in holder ? ["account", holder.accountId] : ["device", holder.deviceId];
  const leaf = await signLeaf(scope, "client", {
    commonName: id,
    publicKey: await readSigningRequest(csr, id),
    usages: ["clientAuth"],
    names: [{ type: "url", value: `urn:drawbridge:tenant:${tenantId}:${kind}:${id}` }],
    lifetimeMs: year,
  });
  const { serial, fingerprint, notBefore, notAfter } = leaf;
  const created = await tx.certificate.create({
    data: { tenantId, ...holder, serial, fingerprint, notBefore, notAfter, replaces },
  });
  return { leaf, id: created.id, dropped: await dropOldest(scope, holder) };
}

async function assembleIssued(
  scope: TenantScope,
  leaf: Leaf,
  holder: { id: string; name: string },
  revision: number,
  { isForOldClient = false }: { isForOldClient?: boolean },
): Promise<IssuedProfile> {
  const { tx, tenantId } = scope;
  const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { name: true } });
  return {
    fileName: profileFileName(tenant.name, holder.name, isForOldClient),
    certificate: leaf.pem,
    ca: await authorityCertificate(scope, "gateway"),
    tlsCryptV2Key: createClientKey(await tlsCryptV2Key(scope), holder.id),
    tlsCryptKey: isForOldClient ? await tlsCryptKey(scope) : null,
    remotes: await listRemotes(scope, isForOldClient),
    networks: (await tx.network.findMany({ where: { tenantId }, orderBy: { cidr: "asc" } })).map(({ cidr }) => cidr),
    notAfter: leaf.notAfter,
    revision,
  };
}

/** Those that these renew, and that have connected, work no longer. Called when somebody connects. */
export const noteConnected = (fingerprints: readonly string[]) => retireRenewed(fingerprints);

/** Makes what is missing of the platform's authorities and keys, and renews what is about to run out. */
export const ensureAuthorities = () => makeAuthorities();

/** When the platform's own certificates end: the authorities' by their purpose, and the control plane's. */
export async function authorityEnds(scope: Pick<Scope, "tx">): Promise<{ name: string; notAfter: Date }[]> {
  const authorities = await scope.tx.authority.findMany({ select: { purpose: true, notAfter: true } });
  const { certificate } = await controlPlaneIdentity(scope);
  return [
    ...authorities.map(({ purpose, notAfter }) => ({ name: purpose, notAfter })),
    { name: "control-plane", notAfter: new Date(new X509Certificate(certificate).validTo) },
  ];
}

/** A gateway's certificate: it serves under its own name, and by it dials other gateways; of the control plane it has no power. */
export async function issueGatewayCertificate(
  scope: Scope,
  gatewayId: string,
  csr: string,
  lifetimeMs = gatewayLifetimeMs,
): Promise<Leaf> {
  const commonName = `gateway.${gatewayId}`;
  return signLeaf(scope, "gateway", {
    commonName,
    publicKey: await readSigningRequest(csr, commonName),
    usages: ["serverAuth", "clientAuth"],
    names: [{ type: "dns", value: commonName }],
    lifetimeMs,
  });
}

/** What the control plane needs to call gateways. */
export async function gatewayTrust(scope: Pick<Scope, "tx">): Promise<{ gatewayCa: string; identity: Identity }> {
  const [gatewayCa, identity] = await Promise.all([
    authorityCertificate(scope, "gateway"),
    controlPlaneIdentity(scope),
  ]);
  return { gatewayCa, identity };
}

/** What a gateway needs to tell clients of ours from others, and those that it or another gateway let in before. */
export async function clientTrust(
  scope: Pick<Scope, "tx">,
): Promise<Pick<GatewayConfig, "clientCa" | "tlsCryptV2Key" | "oldClients" | "authTokenSecret">> {
  const port = env.OLD_CLIENTS_PORT;
  const [clientCa, key, secret, oldClients] = await Promise.all([
    authorityCertificate(scope, "client"),
    tlsCryptV2Key(scope),
    authTokenSecret(scope),
    port === undefined ? {} : tlsCryptKey(scope).then((shared) => ({ oldClients: { port, tlsCryptKey: shared } })),
  ]);
  return { clientCa, tlsCryptV2Key: key, authTokenSecret: secret, ...oldClients };
}

/** Holds the account's row, so that two at once cannot both pass the limit. */
async function requireMayHold({ tx, tenantId }: TenantScope, accountId: string): Promise<void> {
  const [account] = await tx.$queryRaw<
    { state: string; revoked_reason: string | null; must_change_password: boolean }[]
  >`
    SELECT state, revoked_reason, must_change_password FROM accounts
    WHERE tenant_id = ${tenantId}::uuid AND id = ${accountId}::uuid FOR UPDATE`;
  if (!account) throw notFound("account");
  if (account.state !== "active") {
    const reason = account.revoked_reason ? `: ${account.revoked_reason}` : "";
    throw new AppError("forbidden", `Your access was revoked${reason}. Ask your administrator.`);
  }
  if (account.must_change_password)
    throw new AppError("forbidden", "Change your temporary password first.", { field: "password" });
}

/** Holds the device's row, as `requireMayHold` the account's. */
async function requireDialling({ tx, tenantId }: TenantScope, deviceId: string): Promise<{ id: string; name: string }> {
  const [device] = await tx.$queryRaw<{ id: string; name: string; attachment: string }[]>`
    SELECT id, name, attachment::text FROM devices WHERE tenant_id = ${tenantId}::uuid AND id = ${deviceId}::uuid FOR UPDATE`;
  if (!device) throw notFound("device");
  if (device.attachment !== "openvpn")
    throw invalid("deviceId", `${device.name} is reached by its network, so it needs no certificate.`);
  return device;
}

/** @returns fingerprints that are accepted no longer */
async function dropOldest({ tx, tenantId }: TenantScope, holder: Holder): Promise<string[]> {
  const active = await tx.certificate.findMany({
    where: { tenantId, ...holder, revokedAt: null, notAfter: { gt: new Date() } },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
  });
  // One that is being renewed works on beside its renewal, and takes no place of another.
  const renewed = new Set(active.map(({ replaces }) => replaces));
  const surplus = active.filter(({ id }) => !renewed.has(id)).slice(maxCertificates);
  await tx.certificate.updateMany({
    where: { tenantId, id: { in: surplus.map(({ id }) => id) } },
    data: { revokedAt: new Date() },
  });
  return surplus.map(({ fingerprint }) => fingerprint);
}

async function listRemotes({ tx, tenantId }: TenantScope, areOld: boolean): Promise<Remote[]> {
  const [tenant, gateways] = await Promise.all([
    tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { homeRegionId: true } }),
    tx.gateway.findMany({ where: { enrolledAt: { not: null } }, include: { region: true }, orderBy: { name: "asc" } }),
  ]);
  const isAway = (regionId: string) => Number(regionId !== tenant.homeRegionId);
  return gateways
    .flatMap((gateway) =>
      (areOld ? oldDoors() : doorsOf(gateway)).map(({ protocol, port }) => ({
        remote: { host: gateway.publicHost, port, protocol, gatewayName: gateway.name, region: gateway.region.name },
        rank: Number(protocol === "tcp") * 2 + isAway(gateway.regionId),
      })),
    )
    .sort((a, b) => a.rank - b.rank)
    .map(({ remote }) => remote);
}

const oldDoors = (): FrontConfig[] =>
  (["udp", "tcp"] as const).map((protocol) => ({ protocol, port: env.OLD_CLIENTS_PORT! }));

/** @throws invalid where the operator lets no old clients in */
function requireKnownClient({ isForOldClient }: { isForOldClient?: boolean }): void {
  if (isForOldClient && env.OLD_CLIENTS_PORT === undefined)
    throw invalid("isForOldClient", "Profiles for OpenVPN 2.4 are not offered here. Use OpenVPN 2.5 or newer.");
}

/** Where clients reach a gateway: at the fronts of a protocol, or where it has none at each process's own port. */
function doorsOf(gateway: { fronts: unknown; processes: unknown }): FrontConfig[] {
  const fronts = gateway.fronts as FrontConfig[];
  const processes = gateway.processes as ProcessConfig[];
  return (["udp", "tcp"] as const).flatMap((protocol) => {
    const own = fronts.filter((front) => front.protocol === protocol);
    return own.length > 0 ? own : processes.filter((process) => process.protocol === protocol);
  });
}
