import { z } from "zod";
import { listInput, nameField } from "../core/listing";

const port = z
  .number()
  .int("Ports are whole numbers.")
  .min(1, "Ports go from 1 to 65535.")
  .max(65535, "Ports go from 1 to 65535.")
  .nullable();

export const policyRule = z
  .object({ protocol: z.enum(["tcp", "udp", "icmp"]), from: port.default(null), to: port.default(null) })
  .superRefine(({ protocol, from, to }, context) => {
    const refuse = (field: "from" | "to", message: string) =>
      context.addIssue({ code: "custom", path: [field], message });
    if (protocol === "icmp" && (from !== null || to !== null)) refuse("from", "ICMP has no ports. Leave them empty.");
    else if (from === null && to !== null)
      refuse("from", "Give the first port too, or leave both empty for every port.");
    else if (from !== null && to === null) refuse("to", "Give the last port too, or leave both empty for every port.");
    else if (from !== null && to !== null && from > to)
      refuse("to", `The last port (${to}) is lower than the first (${from}).`);
  });

export const policyInput = z.object({ policyId: z.uuid() });
export const listPoliciesInput = listInput(["name", "createdAt"]);
export const createPolicyInput = z.object({
  name: nameField,
  description: z.string().trim().max(500, "Use at most 500 characters.").default(""),
  isEnabled: z.boolean().default(true),
  rules: z
    .array(policyRule)
    .min(1, "Give at least one rule: a policy without one opens nothing.")
    .max(50, "Use at most 50 rules."),
  accountIds: z.array(z.uuid()).max(100_000).default([]),
  groupIds: z.array(z.uuid()).max(1_000).default([]),
});
export const updatePolicyInput = createPolicyInput.extend({ policyId: z.uuid() });
