import { z } from "zod";
import { router, tenantProcedure } from "../trpc/trpc";
import * as devices from "./devices";
import { holdDevice, letDeviceIn } from "./hold";
import {
  createDeviceInput,
  createGroupInput,
  holdDeviceInput,
  listDevicesInput,
  listGroupsInput,
  oneDeviceInput,
  updateDeviceInput,
  updateGroupInput,
} from "./schema";

export const devicesRouter = router({
  list: tenantProcedure("devices:read")
    .input(listDevicesInput)
    .query(({ ctx, input }) => devices.listDevices(ctx.scope, input)),
  get: tenantProcedure("devices:read")
    .input(oneDeviceInput)
    .query(({ ctx, input }) => devices.getDevice(ctx.scope, input.deviceId)),
  create: tenantProcedure("devices:write")
    .input(createDeviceInput)
    .mutation(({ ctx, input }) => devices.createDevice(ctx.scope, input)),
  update: tenantProcedure("devices:write")
    .input(updateDeviceInput)
    .mutation(({ ctx, input }) => devices.updateDevice(ctx.scope, input)),
  delete: tenantProcedure("devices:write")
    .input(oneDeviceInput)
    .mutation(({ ctx, input }) => devices.deleteDevice(ctx.scope, input.deviceId)),
  hold: tenantProcedure("holds:write")
    .input(holdDeviceInput)
    .mutation(({ ctx, input }) => holdDevice(ctx.scope, input)),
  letIn: tenantProcedure("holds:write")
    .input(z.object({ deviceId: z.uuid() }))
    .mutation(({ ctx, input }) => letDeviceIn(ctx.scope, input.deviceId)),

  listGroups: tenantProcedure("devices:read")
    .input(listGroupsInput)
    .query(({ ctx, input }) => devices.listGroups(ctx.scope, input)),
  getGroup: tenantProcedure("devices:read")
    .input(z.object({ groupId: z.uuid() }))
    .query(({ ctx, input }) => devices.getGroup(ctx.scope, input.groupId)),
  createGroup: tenantProcedure("devices:write")
    .input(createGroupInput)
    .mutation(({ ctx, input }) => devices.createGroup(ctx.scope, input)),
  updateGroup: tenantProcedure("devices:write")
    .input(updateGroupInput)
    .mutation(({ ctx, input }) => devices.updateGroup(ctx.scope, input)),
  deleteGroup: tenantProcedure("devices:write")
    .input(z.object({ groupId: z.uuid() }))
    .mutation(({ ctx, input }) => devices.deleteGroup(ctx.scope, input.groupId)),
});
