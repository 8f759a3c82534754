/** What becomes of an account's second connection: the tenant chooses. */
import type { z } from "zod";
import { audit } from "../core/audit";
import { lockTenant, type TenantScope } from "../core/db";
import type { SecondSession } from "../core/prisma/client";
import { publish } from "../revisions/revisions";
import type { setSecondSessionInput } from "./schema";
import { tenantEntry } from "./tenants";

export async function getSecondSession({ tx, tenantId }: TenantScope): Promise<{ secondSession: SecondSession }> {
  const { secondSession } = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
  return { secondSession };
}

/** Sessions that are live stay as they are; it holds for the next that begins. */
export async function setSecondSession(
  scope: TenantScope,
  { secondSession }: z.infer<typeof setSecondSessionInput>,
): Promise<{ revision: number }> {
  const { tx, tenantId } = scope;
  await lockTenant(scope);
  const before = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
  await tx.tenant.update({ where: { id: tenantId }, data: { secondSession } });
  await audit(scope, {
    action: "tenants.setSecondSession",
    subject: { kind: "tenant", id: tenantId, name: before.name },
    details: { before: { secondSession: before.secondSession }, after: { secondSession } },
  });
  const summary = secondSession === "refuse" ? "second sessions are refused" : "second sessions take the first's place";
  const revision = await publish(scope, [await tenantEntry(scope)], {
    summary,
    subject: { kind: "tenant", id: tenantId },
  });
  return { revision };
}
