import { router, tenantProcedure } from "../trpc/trpc";
import * as grants from "./grants";
import { createGrantInput, grantInput, listGrantsInput } from "./schema";

export const grantsRouter = router({
  list: tenantProcedure("grants:read")
    .input(listGrantsInput)
    .query(({ ctx, input }) => grants.listGrants(ctx.scope, input)),
  create: tenantProcedure("grants:write")
    .input(createGrantInput)
    .mutation(({ ctx, input }) => grants.createGrant(ctx.scope, input)),
  end: tenantProcedure("grants:write")
    .input(grantInput)
    .mutation(({ ctx, input }) => grants.endGrant(ctx.scope, input.grantId)),
});
