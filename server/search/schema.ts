import { z } from "zod";
import { searchField } from "../core/text";

export const searchInput = z.object({
  query: searchField,
  /** In this tenant only; left out: in every one that the caller may look into. */
  tenantId: z.uuid().optional(),
});
