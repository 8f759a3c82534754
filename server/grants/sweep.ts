/**
 * Takes what has lapsed, grants and holds, out of the tenants' documents. Nobody waits for it: by then the gateways have
 * let it lapse by themselves, so the revision that this makes changes nothing that they enforce.
 */
import { lapseAccountHolds } from "../accounts/accounts";
import { inTenant, inTransaction, lockTenant, system } from "../core/db";
import type { Log } from "../core/log";
import { lapseDeviceHolds } from "../devices/devices";
import { publish } from "../revisions/revisions";
import { lapseGrants } from "./grants";

export const sweepGrantsEveryMs = 60_000;

export async function sweepGrants(log: Log, now = new Date()): Promise<void> {
  const tenants = await inTransaction(
    system,
    { isWorker: true },
    ({ tx }) =>
      tx.$queryRaw<{ tenant_id: string }[]>`
      SELECT tenant_id FROM grants WHERE ended_at IS NULL AND until <= ${now}
      UNION SELECT tenant_id FROM accounts WHERE held_until <= ${now}
      UNION SELECT tenant_id FROM devices WHERE held_until <= ${now}`,
  );
  for (const { tenant_id: tenantId } of tenants) {
    const lapsed = await inTenant(system, tenantId, async (scope) => {
      await lockTenant(scope);
      const entries = [
        ...(await lapseGrants(scope, now)),
        ...(await lapseAccountHolds(scope, now)),
        ...(await lapseDeviceHolds(scope, now)),
      ];
      if (entries.length > 0)
        await publish(scope, entries, {
          summary: "tidied away what had lapsed",
          subject: { kind: "tenant", id: tenantId },
        });
      return entries.length;
    });
    log.info({ tenantId, lapsed }, "took out what had lapsed");
  }
}
