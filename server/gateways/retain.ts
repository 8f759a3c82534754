/** Retention: telemetry is kept for TELEMETRY_DAYS and goes by whole months; what is small goes row by row. Idempotent. */
import { ensureAuthorities } from "../certificates/certificates";
import { database, inTenant, inTransaction, nilTenant, system } from "../core/db";
import { env } from "../core/env";
import type { Log } from "../core/log";
import { deleteOldSamples } from "./samples";

const day = 24 * 60 * 60_000;

/** Makes the partitions of this month and the next. */
export async function ensurePartitions(now = new Date()): Promise<void> {
  const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  await database()
    .$queryRaw`SELECT ensure_partitions(${now}::timestamptz)::text, ensure_partitions(${next}::timestamptz)::text`;
}

export async function retain(log: Log, now = new Date()): Promise<void> {
  await ensurePartitions(now);
  await ensureAuthorities();
  const before = new Date(now.getTime() - env.TELEMETRY_DAYS * day);
  const dropped = await database().$queryRaw<
    { name: string }[]
  >`SELECT drop_partitions(${before}::timestamptz) AS name`;
  const tenants = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.tenant.findMany({ select: { id: true } }),
  );
  let rows = 0;
  for (const tenantId of [...tenants.map(({ id }) => id), nilTenant]) {
    rows += await inTenant(system, tenantId, async ({ tx }) => {
      const [pushes, changes, uses, ruleUses, refused] = await Promise.all([
        tx.push.deleteMany({ where: { tenantId, enforcedAt: { lt: before } } }),
        tx.change.deleteMany({ where: { tenantId, at: { lt: before } } }),
        tx.policyUse.deleteMany({ where: { tenantId, day: { lt: before } } }),
        tx.policyRuleUse.deleteMany({ where: { tenantId, day: { lt: before } } }),
        tx.refusedPackets.deleteMany({ where: { tenantId, day: { lt: before } } }),
      ]);
      // What came with a clock far off lies in no month that is dropped.
      const strays = await Promise.all([
        tx.$executeRaw`DELETE FROM sessions_default WHERE connected_at < ${before}::timestamptz`,
        tx.$executeRaw`DELETE FROM traffic_samples_default WHERE at < ${before}::timestamptz`,
        tx.$executeRaw`DELETE FROM refusals_default WHERE at < ${before}::timestamptz`,
      ]);
      const small = [pushes, changes, uses, ruleUses, refused].map(({ count }) => count);
      return [...small, ...strays].reduce((sum, count) => sum + count, 0);
    });
  }
  const mails = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.deleteMany({ where: { createdAt: { lt: before } } }),
  );
  rows += await deleteOldSamples(now);
  log.info(
    { before, months: dropped.map(({ name }) => name), rows, mails: mails.count },
    "dropped what is older than is kept",
  );
}
