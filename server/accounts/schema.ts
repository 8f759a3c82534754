import { z } from "zod";
import { holdFields } from "../core/hold";
import { emailField, filterOf, listInput, nameField, reasonField } from "../core/listing";

const policyIds = z.array(z.uuid()).max(200, "An account may have at most 200 policies.").default([]);

export const accountInput = z.object({ accountId: z.uuid() });
export const listAccountsInput = listInput(["name", "email", "createdAt"]).extend({
  state: filterOf(z.enum(["active", "revoked"])),
  policyId: filterOf(z.uuid()),
});
export const createAccountInput = z.object({ name: nameField, email: emailField, policyIds });
const kbps = z
  .number("Give a rate in kbit/s.")
  .int("Use whole kbit/s.")
  .min(64, "Use at least 64 kbit/s.")
  .max(10_000_000, "Use at most 10 Gbit/s.");
export const updateAccountInput = z.object({
  accountId: z.uuid(),
  name: nameField,
  policyIds,
  /** The most that one session may carry, in kbit/s as seen from the client. Null: as fast as it goes; left out: as it is. */
  rate: z.object({ down: kbps, up: kbps }).nullish(),
});
export const holdAccountInput = holdFields.extend({ accountId: z.uuid() });
export const revokeAccountInput = z.object({ accountId: z.uuid(), reason: reasonField });
