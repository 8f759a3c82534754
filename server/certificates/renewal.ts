/**
 * A certificate that another renews works until the other has been seen to connect, so that a new profile which never
 * reaches its machine shuts nobody out. What is seen is the session ledger's to say: whatever is lost or killed in between,
 * the next look finds the same. Address, groups and policies are the account's, or the device's, and do not change.
 */
import { accountEntries } from "../accounts/accounts";
import { audit } from "../core/audit";
import { inTenant, inTransaction, lockTenant, system, type TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, notFound } from "../core/errors";
import { type Certificate, Prisma } from "../core/prisma/client";
import { deviceEntries } from "../devices/devices";
import { sendMail } from "../mail/mail";
import { publish } from "../revisions/revisions";

/**
 * The certificate that a new one is to take the place of, where that may be renewed. One that is itself a renewal and has
 * not connected yet is left out: the new one renews what it was to renew, and it works no longer.
 * @returns the id to be renewed, and fingerprints of the renewals that this one makes void
 * @throws AppError where it is not the holder's, or works no longer
 */
export async function beginRenewal(scope: TenantScope, holder: Holder, certificateId: string): Promise<Renewal> {
  const { tx, tenantId } = scope;
  const asked = await tx.certificate.findFirst({ where: { tenantId, ...holder, id: certificateId } });
  if (!asked) throw notFound("certificate");
  if (asked.revokedAt)
    throw new AppError("conflict", "That profile works no longer, so there is nothing to renew. Download a new one.");
  const isPending =
    asked.replaces !== null && !(await wasSeen(scope, asked)) && (await isActive(scope, asked.replaces));
  const renewed = isPending ? asked.replaces! : asked.id;
  const waiting = await tx.certificate.findMany({ where: { tenantId, replaces: renewed, revokedAt: null } });
  const unseen: Certificate[] = [];
  for (const certificate of waiting) if (!(await wasSeen(scope, certificate))) unseen.push(certificate);
  await tx.certificate.updateMany({
    where: { tenantId, id: { in: unseen.map(({ id }) => id) } },
    data: { revokedAt: new Date() },
  });
  return { renews: renewed, voided: unseen.map(({ fingerprint }) => fingerprint) };
}

/** Whose a certificate is. */
export type Holder = { accountId: string } | { deviceId: string };

interface Renewal {
  renews: string;
  voided: string[];
}

/**
 * Takes certificates out of use whose renewal has connected. Idempotent.
 * @param fingerprints of certificates that just connected; without them, of all that ever did
 * @returns how many
 */
export async function retireRenewed(fingerprints?: readonly string[]): Promise<number> {
  if (fingerprints?.length === 0) return 0;
  const found = await inTransaction(
    system,
    { isWorker: true },
    ({ tx }) =>
      tx.$queryRaw<{ tenantId: string; id: string }[]>`
      SELECT n.tenant_id AS "tenantId", n.id FROM certificates n
      JOIN certificates o ON o.tenant_id = n.tenant_id AND o.id = n.replaces AND o.revoked_at IS NULL
      WHERE n.revoked_at IS NULL ${fingerprints ? Prisma.sql`AND n.fingerprint = ANY(${fingerprints}::text[])` : Prisma.empty}
        AND EXISTS (SELECT FROM sessions s WHERE s.tenant_id = n.tenant_id AND s.fingerprint = n.fingerprint
          AND (s.account_id = n.account_id OR s.device_id = n.device_id))`,
  );
  let retired = 0;
  for (const { tenantId, id } of found)
    if (await inTenant(system, tenantId, (scope) => retire(scope, id))) retired += 1;
  return retired;
}

async function retire(scope: TenantScope, renewalId: string): Promise<boolean> {
  const { tx, tenantId } = scope;
  await lockTenant(scope);
  const renewal = await tx.certificate.findUnique({
    where: { tenantId_id: { tenantId, id: renewalId } },
    include: { account: true, device: true, replaced: true },
  });
  // Somebody else was here, or it was revoked meanwhile.
  if (!renewal?.replaced || renewal.revokedAt || renewal.replaced.revokedAt) return false;
  const { account, device, replaced } = renewal;
  await tx.certificate.update({
    where: { tenantId_id: { tenantId, id: replaced.id } },
    data: { revokedAt: new Date() },
  });
  const { id, name } = (account ?? device)!;
  const subject = { kind: account ? "account" : "device", id, name };
  await audit(scope, {
    action: "certificates.retire",
    subject,
    details: { certificate: replaced.id, fingerprint: replaced.fingerprint, renewedBy: renewal.id },
  });
  const summary = `retired the renewed profile of ${subject.name}`;
  const entries = await (account ? accountEntries(scope, [account.id]) : deviceEntries(scope, [device!.id]));
  await publish(scope, entries, { summary, subject });
  return true;
}

const day = 24 * 60 * 60_000;
export const remindBeforeMs = 14 * day;
/** One that nobody has connected with for so long is not missed. */
const inUseMs = 30 * day;
const remindersAtOnce = 500;

/** Tells by mail, once, whose profile is in use and about to end. @returns how many */
export async function remindOfEnds(now = new Date()): Promise<number> {
  const soon = new Date(now.getTime() + remindBeforeMs);
  const usedSince = new Date(now.getTime() - inUseMs);
  const found = await inTransaction(
    system,
    { isWorker: true },
    ({ tx }) =>
      tx.$queryRaw<{ tenantId: string; id: string }[]>`
      SELECT c.tenant_id AS "tenantId", c.id FROM certificates c JOIN tenants t ON t.id = c.tenant_id AND t.state = 'active'
      WHERE c.revoked_at IS NULL AND c.reminded_at IS NULL AND c.not_after > ${now}::timestamptz AND c.not_after < ${soon}::timestamptz
        AND NOT EXISTS (SELECT FROM certificates n WHERE n.tenant_id = c.tenant_id AND n.replaces = c.id AND n.revoked_at IS NULL)
        AND EXISTS (SELECT FROM sessions s WHERE s.tenant_id = c.tenant_id AND s.account_id = c.account_id
          AND s.fingerprint = c.fingerprint AND (s.connected_at > ${usedSince}::timestamptz OR s.disconnected_at IS NULL))
      ORDER BY c.not_after LIMIT ${remindersAtOnce}`,
  );
  let reminded = 0;
  for (const { tenantId, id } of found)
    if (await inTenant(system, tenantId, (scope) => remind(scope, id, now))) reminded += 1;
  return reminded;
}

const remindAgainMs = 60 * 60_000;

/** For an admin: tells the owner now. The key is made in the owner's browser, so nobody else can renew it. */
export async function askToRenew(scope: TenantScope, certificateId: string, now = new Date()): Promise<void> {
  const { tx, tenantId } = scope;
  const certificate = await tx.certificate.findUnique({ where: { tenantId_id: { tenantId, id: certificateId } } });
  if (!certificate) throw notFound("certificate");
  if (certificate.revokedAt) throw new AppError("conflict", "That profile works no longer.");
  if (certificate.remindedAt && now.getTime() - certificate.remindedAt.getTime() < remindAgainMs)
    throw new AppError("conflict", "They were told within the last hour.");
  await tx.certificate.update({ where: { tenantId_id: { tenantId, id: certificateId } }, data: { remindedAt: null } });
  if (!(await remind(scope, certificateId, now)))
    throw new AppError("conflict", "Their access is revoked, so there is nothing to renew.");
}

async function remind(scope: TenantScope, certificateId: string, now: Date): Promise<boolean> {
  const { tx, tenantId } = scope;
  // Claims it: two workers at once send one mail.
  const { count } = await tx.certificate.updateMany({
    where: { tenantId, id: certificateId, remindedAt: null, revokedAt: null },
    data: { remindedAt: now },
  });
  if (count === 0) return false;
  const { account, notAfter, id } = await tx.certificate.findUniqueOrThrow({
    where: { tenantId_id: { tenantId, id: certificateId } },
    include: { account: { include: { tenant: { select: { name: true } } } } },
  });
  if (account?.state !== "active") return false;
  const date = notAfter.toLocaleDateString("en-GB", { timeZone: "UTC", dateStyle: "long" });
  await sendMail(scope, {
    to: account.email,
    subject: `Your VPN profile for ${account.tenant.name} ends on ${date}`,
    text: `Hello ${account.name},

the VPN profile with which you connect to ${account.tenant.name} works until ${date}.

Sign in to the portal and choose Renew beside it:
${env.APP_URL}/portal

You get a new file for your VPN client, with the same address and the same rights. The old one goes on working until the new one has connected.
`,
  });
  await audit(scope, {
    action: "certificates.remind",
    subject: { kind: "account", id: account.id, name: account.name },
    details: { certificate: id, notAfter },
  });
  return true;
}

/** Whether somebody has connected with it, as the ledger has it. */
async function wasSeen({ tx, tenantId }: TenantScope, certificate: Certificate): Promise<boolean> {
  const { accountId, deviceId, fingerprint } = certificate;
  const where = { tenantId, accountId, deviceId, fingerprint };
  return (await tx.session.findFirst({ where, select: { id: true } })) !== null;
}

async function isActive({ tx, tenantId }: TenantScope, id: string): Promise<boolean> {
  return (await tx.certificate.count({ where: { tenantId, id, revokedAt: null } })) > 0;
}
