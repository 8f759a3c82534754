import { router, staffProcedure, tenantProcedure } from "../trpc/trpc";
import { exportAudit, listAudit } from "./audit";
import { exportAuditInput, listAuditInput, platformAuditInput } from "./schema";

export const auditRouter = router({
  list: tenantProcedure("audit:read")
    .input(listAuditInput)
    .query(({ ctx, input }) => listAudit(ctx.scope, input)),
  export: tenantProcedure("audit:read")
    .input(exportAuditInput)
    .query(({ ctx, input }) => exportAudit(ctx.scope, input.after)),
  platform: staffProcedure("tenants:read")
    .input(platformAuditInput)
    .query(({ ctx, input: { ofTenant, ...input } }) => listAudit({ tx: ctx.scope.tx, tenantId: ofTenant }, input)),
});
