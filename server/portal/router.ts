import { portalProcedure, revokedPortalProcedure, router } from "../trpc/trpc";
import { ownSessions, profile, reach } from "./portal";
import { ownSessionsInput } from "./schema";

export const portalRouter = router({
  profile: revokedPortalProcedure.query(({ ctx }) => profile(ctx.scope, ctx.principal.accountId)),
  sessions: portalProcedure
    .input(ownSessionsInput)
    .query(({ ctx, input }) => ownSessions(ctx.scope, ctx.principal.accountId, input)),
  reach: portalProcedure.query(({ ctx }) => reach(ctx.scope, ctx.principal.accountId)),
});
