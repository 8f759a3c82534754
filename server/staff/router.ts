import { router, staffProcedure } from "../trpc/trpc";
import { listStaffInput, staffInput } from "./schema";
import * as staff from "./staff";

export const staffRouter = router({
  list: staffProcedure("staff:read")
    .input(listStaffInput)
    .query(({ ctx, input }) => staff.listStaff(ctx.scope, input)),
  disable: staffProcedure("staff:write")
    .input(staffInput)
    .mutation(({ ctx, input }) => staff.disableStaff(ctx.scope, input.userId)),
  enable: staffProcedure("staff:write")
    .input(staffInput)
    .mutation(({ ctx, input }) => staff.enableStaff(ctx.scope, input.userId)),
  sendLink: staffProcedure("staff:write")
    .input(staffInput)
    .mutation(({ ctx, input }) => staff.sendStaffLink(ctx.scope, input.userId)),
});
