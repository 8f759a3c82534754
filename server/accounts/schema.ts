import { z } from "zod";
import { holdFields } from "../core/hold";
import { filterOf, listInput } from "../core/listing";
import { rateField } from "../core/rate";
import { showFilter } from "../core/show-filter";
import { emailField, nameField, reasonField } from "../core/text";

const policyIds = z.array(z.uuid()).max(200, "An account may have at most 200 policies.").default([]);

export const accountInput = z.object({ accountId: z.uuid() });
export const listAccountsInput = listInput(["name", "email", "createdAt"]).extend({
  state: filterOf(z.enum(["active", "revoked"])),
  policyId: filterOf(z.uuid()),
  show: showFilter,
});
export const createAccountInput = z.object({ name: nameField, email: emailField, policyIds });
export const updateAccountInput = z.object({
  accountId: z.uuid(),
  name: nameField,
  /** Left out: as it is. Address, policies, password and profile stay as they are in any case. */
  email: emailField.optional(),
  policyIds,
  /** The most that one session may carry, in kbit/s as seen from the client. Null: the plan's, or as fast as it goes; left out: as it is. */
  rate: rateField.nullish(),
});
export const holdAccountInput = holdFields.extend({ accountId: z.uuid() });
export const revokeAccountInput = z.object({ accountId: z.uuid(), reason: reasonField });
