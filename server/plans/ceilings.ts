/**
 * A plan's ceiling is changed with the plan, at once; the tenants that have the plan are given it afterwards, each in a
 * transaction of its own, however many they are. A tenant remembers which ceiling its document has, so those that are
 * behind are found in the database: whatever is lost or killed in between, the next look goes on from there.
 */
import { entriesUnderPlan } from "../accounts/accounts";
import { inTenant, inTransaction, lockTenant, system, type TenantScope } from "../core/db";
import type { Log } from "../core/log";
import { publish } from "../revisions/revisions";

/** How often it is looked whether a tenant was left behind. */
export const publishCeilingsEveryMs = 60_000;
const tenantsAtOnce = 500;

/**
 * Gives every tenant that is behind its plan's ceiling. Idempotent. One that fails holds nobody else up.
 * @throws once all were tried, where one failed
 */
export async function publishCeilings(log: Log, signal?: AbortSignal): Promise<void> {
  let after = "00000000-0000-0000-0000-000000000000";
  let failures = 0;
  for (;;) {
    const tenantIds = await findBehind(after);
    if (tenantIds.length === 0) break;
    for (const tenantId of tenantIds) {
      if (signal?.aborted) return;
      try {
        await inTenant(system, tenantId, publishCeiling);
      } catch (error) {
        failures += 1;
        log.error({ err: error, tenantId }, "could not give it its plan's ceiling");
      }
    }
    after = tenantIds.at(-1)!;
  }
  if (failures > 0) throw new Error(`${failures} tenants are without their plan's ceiling still`);
}

async function findBehind(after: string): Promise<string[]> {
  const behind = await inTransaction(
    system,
    { isWorker: true },
    ({ tx }) =>
      tx.$queryRaw<{ id: string }[]>`
      SELECT t.id FROM tenants t JOIN plans p ON p.id = t.plan_id
      WHERE t.state <> 'deleted' AND t.id > ${after}::uuid
        AND (t.ceiling_down, t.ceiling_up) IS DISTINCT FROM (p.max_down, p.max_up)
      ORDER BY t.id LIMIT ${tenantsAtOnce}`,
  );
  return behind.map(({ id }) => id);
}

async function publishCeiling(scope: TenantScope): Promise<void> {
  const { tx, tenantId } = scope;
  await lockTenant(scope);
  const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, include: { plan: true } });
  const { plan, ceilingDown, ceilingUp, state } = tenant;
  // Somebody else was here meanwhile.
  if (state === "deleted" || (ceilingDown === plan.maxDown && ceilingUp === plan.maxUp)) return;
  const entries = await entriesUnderPlan(scope);
  if (entries.length === 0) return;
  const summary = `changed the speed limit of plan ${plan.name}`;
  await publish(scope, entries, { summary, subject: { kind: "tenant", id: tenantId } });
}
