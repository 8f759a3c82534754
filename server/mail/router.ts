import { router, staffProcedure } from "../trpc/trpc";
import { listMails, openMail } from "./mail";
import { listMailsInput, mailInput } from "./schema";

export const outboxRouter = router({
  list: staffProcedure("outbox:read")
    .input(listMailsInput)
    .query(({ ctx, input }) => listMails(ctx.scope, input)),
  open: staffProcedure("outbox:read")
    .input(mailInput)
    .mutation(({ ctx, input }) => openMail(ctx.scope, input.id)),
});
