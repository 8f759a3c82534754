import { z } from "zod";
import { minutesField } from "../core/hold";
import { filterOf, listInput } from "../core/listing";
import { policyRule } from "../core/policy-rule";
import { reasonField } from "../core/text";

export const grantStates = ["active", "lapsed", "ended"] as const;

export const grantInput = z.object({ grantId: z.uuid() });
export const listGrantsInput = listInput(["until", "createdAt"]).extend({
  state: filterOf(z.enum(grantStates)),
  order: z.enum(["asc", "desc"]).default("desc"),
});
export const createGrantInput = z.object({
  accountId: z.uuid("Choose the account that it is for."),
  groupIds: z
    .array(z.uuid())
    .min(1, "Choose at least one group: without one it opens nothing.")
    .max(100, "Use at most 100 groups."),
  rules: z
    .array(policyRule)
    .min(1, "Give at least one rule: without one it opens nothing.")
    .max(50, "Use at most 50 rules."),
  minutes: minutesField,
  reason: reasonField,
});
