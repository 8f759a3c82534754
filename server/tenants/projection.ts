import type { Entry } from "@/gateway/protocol/document";
import { accountEntries } from "../accounts/accounts";
import type { TenantScope } from "../core/db";
import { deviceEntries } from "../devices/devices";
import { grantEntries } from "../grants/grants";
import { policyEntries } from "../policies/policies";
import { networkEntries, tenantEntry, uplinkEntries } from "./tenants";

/**
 * The tenant's whole document, computed anew from the domains' tables. Each change publishes only what it touches; this is
 * what all changes together must have come to, and the test of them.
 */
export async function projectTenant(scope: TenantScope): Promise<Entry[]> {
  const { tx, tenantId } = scope;
  const ids = { where: { tenantId }, select: { id: true } } as const;
  const accounts = await tx.account.findMany(ids);
  const devices = await tx.device.findMany(ids);
  const entries = [
    await tenantEntry(scope),
    ...(await networkEntries(scope)),
    ...(await uplinkEntries(scope)),
    ...(await accountEntries(
      scope,
      accounts.map(({ id }) => id),
    )),
    ...(await deviceEntries(
      scope,
      devices.map(({ id }) => id),
    )),
    ...(await policyEntries(scope)),
    ...(await grantEntries(scope)),
  ];
  return entries.filter(({ value }) => value !== null);
}
