import { router, tenantProcedure } from "../trpc/trpc";
import * as policies from "./policies";
import { createPolicyInput, listPoliciesInput, policyInput, updatePolicyInput } from "./schema";

export const policiesRouter = router({
  list: tenantProcedure("policies:read")
    .input(listPoliciesInput)
    .query(({ ctx, input }) => policies.listPolicies(ctx.scope, input)),
  get: tenantProcedure("policies:read")
    .input(policyInput)
    .query(({ ctx, input }) => policies.getPolicy(ctx.scope, input.policyId)),
  create: tenantProcedure("policies:write")
    .input(createPolicyInput)
    .mutation(({ ctx, input }) => policies.createPolicy(ctx.scope, input)),
  update: tenantProcedure("policies:write")
    .input(updatePolicyInput)
    .mutation(({ ctx, input }) => policies.updatePolicy(ctx.scope, input)),
  delete: tenantProcedure("policies:write")
    .input(policyInput)
    .mutation(({ ctx, input }) => policies.deletePolicy(ctx.scope, input.policyId)),
});
