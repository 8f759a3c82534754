/** A seeded person's profile, made as their browser would make it: the key here, a certificate for it from the server. */
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assembleProfile } from "../app/_profile/profile";
import { createSigningRequest } from "../app/_profile/signing-request";
import { asAccount } from "../prisma/seed/callers";
import { inTransaction, system } from "../server/core/db";

/** @returns the profile's path; undefined where there is no such account, or it may not connect */
export async function ensureProfile(
  { slug, email }: { slug: string; email: string },
  folder: string,
): Promise<string | undefined> {
  const found = await findAccount(slug, email);
  if (!found) return undefined;
  const { tenant, account } = found;
  // By account: a database made anew has others.
  const path = join(folder, `${account.id}.ovpn`);
  if (existsSync(path)) return path;
  const person = asAccount({ tenantId: tenant.id, accountId: account.id, email, name: account.name });
  const { request, privateKey } = await createSigningRequest(account.id);
  const issued = await person.certificates.issue({ csr: request });
  const profile = assembleProfile({
    tenantName: tenant.name,
    accountName: account.name,
    email,
    accountId: account.id,
    at: new Date(),
    remotes: issued.remotes,
    ca: issued.ca,
    certificate: issued.certificate,
    privateKey,
    tlsCryptV2Key: issued.tlsCryptV2Key,
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, profile, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return path;
}

async function findAccount(slug: string, email: string) {
  const tenant = await inTransaction(system, { isStaff: true }, ({ tx }) =>
    tx.tenant.findFirst({ where: { slug, state: "active" }, select: { id: true, name: true } }),
  );
  if (!tenant) return undefined;
  const account = await inTransaction(system, { tenantId: tenant.id }, ({ tx }) =>
    tx.account.findFirst({ where: { tenantId: tenant.id, email, state: "active", mustChangePassword: false } }),
  );
  return account ? { tenant, account } : undefined;
}
