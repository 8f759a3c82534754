/**
 * Mail before a certificate ends: to whom an account belongs, and of a device's to the tenant's admins. Each is told once of
 * each certificate; one that nobody uses, or that was renewed already, is left in peace.
 */
import { audit } from "../core/audit";
import { inTenant, inTransaction, system, type TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, notFound } from "../core/errors";
import { nameInMail, sendMail } from "../mail/mail";
import { findAdmins } from "../members/members";

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
        AND EXISTS (SELECT FROM sessions s WHERE s.tenant_id = c.tenant_id AND s.fingerprint = c.fingerprint
          AND (s.account_id = c.account_id OR s.device_id = c.device_id)
          AND (s.connected_at > ${usedSince}::timestamptz OR s.disconnected_at IS NULL))
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
  if (!certificate?.accountId) throw notFound("certificate");
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
  const { account, device, notAfter, id } = await tx.certificate.findUniqueOrThrow({
    where: { tenantId_id: { tenantId, id: certificateId } },
    include: { account: true, device: true },
  });
  if (account && account.state !== "active") return false;
  const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
  const date = notAfter.toLocaleDateString("en-GB", { timeZone: "UTC", dateStyle: "long" });
  if (account) await sendMail(scope, mailToOwner(account, nameInMail(tenant.name), date));
  else for (const admin of await findAdmins(scope)) await sendMail(scope, mailToAdmin(admin, device!, tenant, date));
  const holder = (account ?? device)!;
  await audit(scope, {
    action: "certificates.remind",
    subject: { kind: account ? "account" : "device", id: holder.id, name: holder.name },
    details: { certificate: id, notAfter },
  });
  return true;
}

interface Recipient {
  name: string;
  email: string;
}

const mailToOwner = ({ name, email }: Recipient, tenantName: string, date: string) => ({
  to: email,
  subject: `Your VPN profile for ${tenantName} ends on ${date}`,
  text: `Hello ${nameInMail(name)},

the VPN profile with which you connect to ${tenantName} works until ${date}.

Sign in to the portal and choose Renew beside it:
${env.APP_URL}/portal

You get a new file for your VPN client, with the same address and the same rights. The old one goes on working until the new one has connected.
`,
});

const mailToAdmin = (
  { name, email }: Recipient,
  device: { id: string; name: string },
  tenant: { name: string; slug: string },
  date: string,
) => ({
  to: email,
  subject: `The VPN profile of ${nameInMail(device.name)} ends on ${date}`,
  text: `Hello ${nameInMail(name)},

the VPN profile with which ${nameInMail(device.name)} of ${nameInMail(tenant.name)} dials in works until ${date}.

Open the device and choose Renew beside its certificate:
${env.APP_URL}/${tenant.slug}/devices?panel=${device.id}

You get a new file to put on the device, with the same address and the same groups. The old one goes on working until the new one has connected.
`,
});
