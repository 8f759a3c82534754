import { z } from "zod";
import { notFound } from "../core/errors";
import { router, tenantProcedure } from "../trpc/trpc";
import { findReceipt } from "./revisions";

export const revisionsRouter = router({
  receipt: tenantProcedure("overview:read")
    .input(z.object({ revision: z.number().int().positive() }))
    .query(async ({ ctx, input }) => {
      const receipt = await findReceipt(ctx.scope, input.revision);
      if (!receipt) throw notFound("change");
      return receipt;
    }),
});
