import { z } from "zod";
import { filterOf, listInput } from "../core/listing";
import { rateField } from "../core/rate";
import { descriptionField, nameField } from "../core/text";

const count = (most: number) =>
  z.number().int("Use a whole number.").min(1, "Use at least 1.").max(most, `Use at most ${most}.`);

export const listPlansInput = listInput(["name", "monthlyPrice", "createdAt"]).extend({
  isOffered: filterOf(z.boolean()),
});
export const planInput = z.object({ planId: z.uuid() });
export const createPlanInput = z.object({
  name: nameField,
  description: descriptionField,
  maxAccounts: count(1_000_000),
  maxDevices: count(1_000_000),
  /** In the currency's minor unit. */
  monthlyPrice: z.number().int("Use a whole number.").min(0, "A price is not negative.").max(1_000_000_000),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "Use a currency's three letters, such as EUR.")
    .default("EUR"),
  /** The ceiling of each account that has none of its own. Null: as fast as it goes; left out: as it is. */
  ceiling: rateField.nullish(),
});
export const updatePlanInput = createPlanInput.extend({ planId: z.uuid() });
