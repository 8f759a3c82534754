import { z } from "zod";
import { listInput } from "../core/listing";
import { policyRule } from "../core/policy-rule";
import { descriptionField, nameField } from "../core/text";

export const policyInput = z.object({ policyId: z.uuid() });
export const listPoliciesInput = listInput(["name", "createdAt"]);
export const createPolicyInput = z.object({
  name: nameField,
  description: descriptionField,
  isEnabled: z.boolean().default(true),
  rules: z
    .array(policyRule)
    .min(1, "Give at least one rule: a policy without one opens nothing.")
    .max(50, "Use at most 50 rules."),
  accountIds: z.array(z.uuid()).max(100_000).default([]),
  groupIds: z.array(z.uuid()).max(1_000).default([]),
});
export const updatePolicyInput = createPolicyInput.extend({ policyId: z.uuid() });
