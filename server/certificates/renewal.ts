/**
 * A certificate that another renews works until the other has been seen to connect, so that a new profile which never
 * reaches its machine shuts nobody out. What is seen is the session ledger's to say: whatever is lost or killed in between,
 * the next look finds the same. Address, groups and policies are the account's, or the device's, and do not change.
 */
import { accountEntries } from "../accounts/accounts";
import { audit } from "../core/audit";
import { inTenant, inTransaction, lockTenant, system, type TenantScope } from "../core/db";
import { AppError, notFound } from "../core/errors";
import { type Certificate, Prisma } from "../core/prisma/client";
import { deviceEntries } from "../devices/devices";
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

/** Whether somebody has connected with it, as the ledger has it. */
async function wasSeen({ tx, tenantId }: TenantScope, certificate: Certificate): Promise<boolean> {
  const { accountId, deviceId, fingerprint } = certificate;
  const where = { tenantId, accountId, deviceId, fingerprint };
  return (await tx.session.findFirst({ where, select: { id: true } })) !== null;
}

async function isActive({ tx, tenantId }: TenantScope, id: string): Promise<boolean> {
  return (await tx.certificate.count({ where: { tenantId, id, revokedAt: null } })) > 0;
}
