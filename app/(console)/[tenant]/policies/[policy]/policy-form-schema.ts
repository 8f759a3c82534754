import { z } from "zod";
import { nameField } from "@/server/core/text";
import { parsePorts, protocols } from "../rules";

/** The form's own shape: ports as they are typed. The server's schema checks what becomes of it. */
export const policyFormSchema = z.object({
  name: nameField,
  description: z.string().trim().max(500, "Use at most 500 characters."),
  isEnabled: z.boolean(),
  accountIds: z.array(z.string()),
  groupIds: z.array(z.string()),
  lines: z
    .array(
      z.object({ protocol: z.enum(protocols), ports: z.string() }).superRefine(({ protocol, ports }, issue) => {
        if (protocol === "icmp") return;
        const parsed = parsePorts(ports);
        if ("problem" in parsed) issue.addIssue({ code: "custom", path: ["ports"], message: parsed.problem });
      }),
    )
    .min(1, "Name at least one protocol."),
});

export type PolicyFormValues = z.infer<typeof policyFormSchema>;
