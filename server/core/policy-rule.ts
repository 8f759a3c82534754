import { z } from "zod";

const port = z
  .number()
  .int("Ports are whole numbers.")
  .min(1, "Ports go from 1 to 65535.")
  .max(65535, "Ports go from 1 to 65535.")
  .nullable();

/** One line of a policy or a grant. */
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
