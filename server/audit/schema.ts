import { z } from "zod";
import { filterOf, listInput } from "../core/listing";

const filters = {
  order: z.enum(["asc", "desc"]).default("desc"),
  action: filterOf(z.string().max(100)),
  subjectKind: filterOf(z.string().max(100)),
  /** Entries of one thing. */
  subjectId: z.string().max(100).optional(),
};

export const listAuditInput = listInput(["sequence"]).extend(filters);
/** The operator's own chain, or a tenant's. */
export const platformAuditInput = listAuditInput.extend({ ofTenant: z.uuid().optional() });
export const exportAuditInput = z.object({ after: z.number().int().min(0).default(0) });
