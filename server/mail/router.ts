import { router, staffProcedure } from "../trpc/trpc";
import { getMail, listMails } from "./mail";
import { listMailsInput, mailInput } from "./schema";

export const outboxRouter = router({
  list: staffProcedure("outbox:read")
    .input(listMailsInput)
    .query(({ ctx, input }) => listMails(ctx.scope, input)),
  get: staffProcedure("outbox:read")
    .input(mailInput)
    .query(({ ctx, input }) => getMail(ctx.scope, input.id)),
});
