/** Seeded people's and devices' profiles, made as a browser would make them: the key here, a certificate from the server. */
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assembleProfile, type ProfileParts } from "../app/_profile/profile";
import { createSigningRequest } from "../app/_profile/signing-request";
import { asAccount, asMember } from "../prisma/seed/callers";
import { inTransaction, system } from "../server/core/db";

/** @returns the profile's path; undefined where there is no such account, or it may not connect */
export async function ensureProfile(
  { slug, email }: { slug: string; email: string },
  folder: string,
): Promise<string | undefined> {
  const tenant = await findTenant(slug);
  const account =
    tenant &&
    (await inTransaction(system, { tenantId: tenant.id }, ({ tx }) =>
      tx.account.findFirst({ where: { tenantId: tenant.id, email, state: "active", mustChangePassword: false } }),
    ));
  if (!account) return undefined;
  const { id: accountId, name } = account;
  const person = asAccount({ tenantId: tenant.id, accountId, email, name });
  return ensureFile(folder, { tenantName: tenant.name, accountName: name, email, accountId }, (csr) =>
    person.certificates.issue({ csr }),
  );
}

/** @returns the profile's path; undefined where there is no such device on a tunnel of its own */
export async function ensureDeviceProfile(
  { slug, name }: { slug: string; name: string },
  folder: string,
): Promise<string | undefined> {
  const tenant = await findTenant(slug);
  if (!tenant) return undefined;
  const tenantId = tenant.id;
  const [device, admin] = await inTransaction(system, { tenantId }, ({ tx }) =>
    Promise.all([
      tx.device.findFirst({ where: { tenantId, name, attachment: "openvpn" } }),
      tx.member.findFirst({ where: { tenantId, role: "admin" }, include: { user: true } }),
    ]),
  );
  if (!device || !admin) return undefined;
  const { userId, user } = admin;
  const about = { tenantName: tenant.name, accountName: name, email: null, accountId: device.id };
  return ensureFile(folder, about, (csr) =>
    asMember({ userId, email: user.email, name: user.name }).certificates.issueToDevice({
      tenantId,
      deviceId: device.id,
      csr,
    }),
  );
}

/** By id: a database made anew has others. */
async function ensureFile(
  folder: string,
  about: Pick<ProfileParts, "tenantName" | "accountName" | "email" | "accountId">,
  issue: (csr: string) => Promise<Pick<ProfileParts, "remotes" | "ca" | "certificate" | "tlsCryptV2Key">>,
): Promise<string> {
  const path = join(folder, `${about.accountId}.ovpn`);
  if (existsSync(path)) return path;
  const { request, privateKey } = await createSigningRequest(about.accountId);
  const { remotes, ca, certificate, tlsCryptV2Key } = await issue(request);
  const profile = assembleProfile({
    ...about,
    at: new Date(),
    remotes,
    ca,
    certificate,
    privateKey,
    tlsCryptV2Key,
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, profile, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return path;
}

const findTenant = (slug: string) =>
  inTransaction(system, { isStaff: true }, ({ tx }) =>
    tx.tenant.findFirst({ where: { slug, state: "active" }, select: { id: true, name: true } }),
  );
