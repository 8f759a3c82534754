import { router, signedInProcedure, staffProcedure, tenantProcedure } from "../trpc/trpc";
import * as administer from "./administer";
import { tenantBySlug } from "./by-slug";
import { getTenant, listTenants } from "./list";
import { tenantOverview } from "./overview";
import {
  createTenantInput,
  inviteToTenantInput,
  listTenantsInput,
  setNetworksInput,
  setSecondSessionInput,
  setUplinkInput,
  slugInput,
  suspendTenantInput,
  tenantIdInput,
  updateTenantInput,
} from "./schema";
import { getSecondSession, setSecondSession } from "./second-session";

export const tenantsRouter = router({
  bySlug: signedInProcedure
    .input(slugInput)
    .query(({ ctx, input }) => tenantBySlug(ctx.scope, ctx.principal, input.slug)),
  overview: tenantProcedure("overview:read").query(({ ctx }) => tenantOverview(ctx.scope)),
  secondSession: tenantProcedure("settings:read").query(({ ctx }) => getSecondSession(ctx.scope)),
  setSecondSession: tenantProcedure("settings:write")
    .input(setSecondSessionInput)
    .mutation(({ ctx, input }) => setSecondSession(ctx.scope, input)),

  list: staffProcedure("tenants:read")
    .input(listTenantsInput)
    .query(({ ctx, input }) => listTenants(ctx.scope, input)),
  get: staffProcedure("tenants:read")
    .input(tenantIdInput)
    .query(({ ctx, input }) => getTenant(ctx.scope, input.tenantId)),
  create: staffProcedure("tenants:write")
    .input(createTenantInput)
    .mutation(({ ctx, input }) => administer.createTenant(ctx.scope, input)),
  update: staffProcedure("tenants:write")
    .input(updateTenantInput)
    .mutation(({ ctx, input }) => administer.updateTenant(ctx.scope, input)),
  suspend: staffProcedure("tenants:write")
    .input(suspendTenantInput)
    .mutation(({ ctx, input }) => administer.suspendTenant(ctx.scope, input)),
  resume: staffProcedure("tenants:write")
    .input(tenantIdInput)
    .mutation(({ ctx, input }) => administer.resumeTenant(ctx.scope, input.tenantId)),
  delete: staffProcedure("tenants:write")
    .input(tenantIdInput)
    .mutation(({ ctx, input }) => administer.deleteTenant(ctx.scope, input.tenantId)),
  setNetworks: staffProcedure("tenants:write")
    .input(setNetworksInput)
    .mutation(({ ctx, input }) => administer.setNetworks(ctx.scope, input)),
  setUplink: staffProcedure("gateways:write")
    .input(setUplinkInput)
    .mutation(({ ctx, input }) => administer.setUplink(ctx.scope, input)),
  invite: staffProcedure("tenants:write")
    .input(inviteToTenantInput)
    .mutation(({ ctx, input }) => administer.inviteToTenant(ctx.scope, input)),
});
