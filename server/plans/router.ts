import { router, staffProcedure } from "../trpc/trpc";
import * as plans from "./plans";
import { createPlanInput, listPlansInput, planInput, updatePlanInput } from "./schema";

export const plansRouter = router({
  list: staffProcedure("plans:read")
    .input(listPlansInput)
    .query(({ ctx, input }) => plans.listPlans(ctx.scope, input)),
  create: staffProcedure("plans:write")
    .input(createPlanInput)
    .mutation(({ ctx, input }) => plans.createPlan(ctx.scope, input)),
  update: staffProcedure("plans:write")
    .input(updatePlanInput)
    .mutation(({ ctx, input }) => plans.updatePlan(ctx.scope, input)),
  withdraw: staffProcedure("plans:write")
    .input(planInput)
    .mutation(({ ctx, input }) => plans.withdrawPlan(ctx.scope, input.planId)),
});
