import { z } from "zod";

export const searchInput = z.object({
  query: z.string().trim().max(200).default(""),
  /** In this tenant only; left out: in every one that the caller may look into. */
  tenantId: z.uuid().optional(),
});
