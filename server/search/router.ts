import { router, signedInProcedure } from "../trpc/trpc";
import { searchInput } from "./schema";
import { search } from "./search";

export const searchRouter = router({
  find: signedInProcedure.input(searchInput).query(({ ctx, input }) => search(ctx.scope, ctx.principal, input)),
});
