/** Blocking: an account blocked for a while, on all gateways. See core/hold.ts. */
import type { z } from "zod";
import { audit } from "../core/audit";
import type { TenantScope } from "../core/db";
import { AppError, notFound } from "../core/errors";
import { currentHold, holdColumns, noHold } from "../core/hold";
import { publishAccounts } from "./accounts";
import type { holdAccountInput } from "./schema";

/** A hold that stands is replaced. */
export async function holdAccount(
  scope: TenantScope,
  { accountId, ...input }: z.infer<typeof holdAccountInput>,
): Promise<{ until: Date; revision: number }> {
  const account = await getAccount(scope, accountId);
  if (account.state === "revoked") throw new AppError("conflict", `${account.name}'s access is revoked already.`);
  const hold = holdColumns(input);
  await scope.tx.account.update({ where: keyOf(scope, accountId), data: hold });
  await audit(scope, {
    action: "accounts.hold",
    subject: { kind: "account", id: accountId, name: account.name },
    details: { reason: input.reason, until: hold.heldUntil },
  });
  const revision = await publishAccounts(scope, [accountId], `blocked ${account.name}`);
  return { until: hold.heldUntil, revision };
}

export async function letAccountIn(scope: TenantScope, accountId: string): Promise<{ revision: number }> {
  const account = await getAccount(scope, accountId);
  if (!currentHold(account)) throw new AppError("conflict", `${account.name} is not blocked.`);
  await scope.tx.account.update({ where: keyOf(scope, accountId), data: noHold });
  await audit(scope, {
    action: "accounts.let_in",
    subject: { kind: "account", id: accountId, name: account.name },
    details: { reason: account.holdReason, until: account.heldUntil },
  });
  return { revision: await publishAccounts(scope, [accountId], `unblocked ${account.name}`) };
}

const keyOf = ({ tenantId }: TenantScope, id: string) => ({ tenantId_id: { tenantId, id } });

async function getAccount(scope: TenantScope, id: string) {
  const account = await scope.tx.account.findUnique({ where: keyOf(scope, id) });
  if (!account) throw notFound("account");
  return account;
}
