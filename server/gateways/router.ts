import { router, staffProcedure } from "../trpc/trpc";
import * as gateways from "./gateways";
import { drainProcess, setMaintenance } from "./maintenance";
import { createRegion, listRegions } from "./regions";
import {
  createGatewayInput,
  createRegionInput,
  drainProcessInput,
  listAppliedInput,
  listGatewaysInput,
  oneGatewayInput,
  setMaintenanceInput,
  updateGatewayInput,
} from "./schema";

export const gatewaysRouter = router({
  list: staffProcedure("gateways:read")
    .input(listGatewaysInput)
    .query(({ ctx, input }) => gateways.listGateways(ctx.scope, input)),
  get: staffProcedure("gateways:read")
    .input(oneGatewayInput)
    .query(({ ctx, input }) => gateways.getGateway(ctx.scope, input.gatewayId)),
  applied: staffProcedure("gateways:read")
    .input(listAppliedInput)
    .query(({ ctx, input }) => gateways.listApplied(ctx.scope, input)),
  create: staffProcedure("gateways:write")
    .input(createGatewayInput)
    .mutation(({ ctx, input }) => gateways.createGateway(ctx.scope, input)),
  update: staffProcedure("gateways:write")
    .input(updateGatewayInput)
    .mutation(({ ctx, input }) => gateways.updateGateway(ctx.scope, input)),
  drainProcess: staffProcedure("gateways:write")
    .input(drainProcessInput)
    .mutation(({ ctx, input }) => drainProcess(ctx.scope, input)),
  setMaintenance: staffProcedure("gateways:write")
    .input(setMaintenanceInput)
    .mutation(({ ctx, input }) => setMaintenance(ctx.scope, input)),
  renewToken: staffProcedure("gateways:write")
    .input(oneGatewayInput)
    .mutation(({ ctx, input }) => gateways.renewToken(ctx.scope, input.gatewayId)),
  retire: staffProcedure("gateways:write")
    .input(oneGatewayInput)
    .mutation(({ ctx, input }) => gateways.retireGateway(ctx.scope, input.gatewayId)),
  delete: staffProcedure("gateways:write")
    .input(oneGatewayInput)
    .mutation(({ ctx, input }) => gateways.deleteGateway(ctx.scope, input.gatewayId)),
});

export const regionsRouter = router({
  list: staffProcedure("gateways:read").query(({ ctx }) => listRegions(ctx.scope)),
  create: staffProcedure("gateways:write")
    .input(createRegionInput)
    .mutation(({ ctx, input }) => createRegion(ctx.scope, input)),
});
