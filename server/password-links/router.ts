import { publicProcedure, router, tenantProcedure } from "../trpc/trpc";
import { openLink, requestLinks, sendLinkTo, setPassword } from "./password-links";
import { openLinkInput, requestLinksInput, sendLinkInput, setPasswordInput } from "./schema";

const bearer = "whoever holds the link reads the person's mail; its signature is 256 bits";

export const passwordLinksRouter = router({
  request: publicProcedure("whoever has forgotten their password cannot sign in; nothing is told of whose email it is")
    .input(requestLinksInput)
    .mutation(({ ctx, input }) => requestLinks(input.email, ctx.address)),
  sendToAccount: tenantProcedure("accounts:write")
    .input(sendLinkInput)
    .mutation(({ ctx, input }) => sendLinkTo(ctx.scope, input.accountId)),
  open: publicProcedure(bearer)
    .input(openLinkInput)
    .query(({ input }) => openLink(input.token)),
  set: publicProcedure(bearer)
    .input(setPasswordInput)
    .mutation(async ({ ctx, input }) => {
      const { email, holderId } = await setPassword(input);
      await ctx.rememberBrowser?.(holderId);
      return { email };
    }),
});
