import { router, tenantProcedure } from "../trpc/trpc";
import * as accounts from "./accounts";
import { holdAccount, letAccountIn } from "./hold";
import { getAccount, listAccounts } from "./list";
import { reachOf } from "./reach";
import {
  accountInput,
  createAccountInput,
  holdAccountInput,
  listAccountsInput,
  revokeAccountInput,
  updateAccountInput,
} from "./schema";

export const accountsRouter = router({
  list: tenantProcedure("accounts:read")
    .input(listAccountsInput)
    .query(({ ctx, input }) => listAccounts(ctx.scope, input)),
  get: tenantProcedure("accounts:read")
    .input(accountInput)
    .query(({ ctx, input }) => getAccount(ctx.scope, input.accountId)),
  reach: tenantProcedure("accounts:read")
    .input(accountInput)
    .query(({ ctx, input }) => reachOf(ctx.scope, input.accountId)),
  create: tenantProcedure("accounts:write")
    .input(createAccountInput)
    .mutation(({ ctx, input }) => accounts.createAccount(ctx.scope, input)),
  update: tenantProcedure("accounts:write")
    .input(updateAccountInput)
    .mutation(({ ctx, input }) => accounts.updateAccount(ctx.scope, input)),
  hold: tenantProcedure("holds:write")
    .input(holdAccountInput)
    .mutation(({ ctx, input }) => holdAccount(ctx.scope, input)),
  letIn: tenantProcedure("holds:write")
    .input(accountInput)
    .mutation(({ ctx, input }) => letAccountIn(ctx.scope, input.accountId)),
  revoke: tenantProcedure("accounts:write")
    .input(revokeAccountInput)
    .mutation(({ ctx, input }) => accounts.revokeAccount(ctx.scope, input)),
  restore: tenantProcedure("accounts:write")
    .input(accountInput)
    .mutation(({ ctx, input }) => accounts.restoreAccount(ctx.scope, input.accountId)),
  resetPassword: tenantProcedure("accounts:write")
    .input(accountInput)
    .mutation(({ ctx, input }) => accounts.resetPassword(ctx.scope, input.accountId)),
  delete: tenantProcedure("accounts:write")
    .input(accountInput)
    .mutation(({ ctx, input }) => accounts.deleteAccount(ctx.scope, input.accountId)),
});
