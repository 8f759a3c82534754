import { z } from "zod";
import { portalProcedure, router } from "../trpc/trpc";
import { issueCertificate } from "./certificates";
import { maxRequestBytes } from "./signing-request";

export const certificatesRouter = router({
  issue: portalProcedure
    .input(z.object({ csr: z.string().max(maxRequestBytes, "The signing request is over 8 kB.") }))
    .mutation(({ ctx, input }) => issueCertificate(ctx.scope, { accountId: ctx.principal.accountId, csr: input.csr })),
});
