import { z } from "zod";
import { listInput } from "../core/listing";
import { reasonField } from "../core/text";

const columns = ["connectedAt", "accountName", "received", "sent", "receivedRate", "sentRate"] as const;

/** Newest first, unless asked otherwise. */
const newestFirst = { order: z.enum(["asc", "desc"]).default("desc") };

export const listSessionsInput = listInput(columns).extend({
  ...newestFirst,
  live: z.boolean().optional(),
  accountId: z.uuid().optional(),
  deviceId: z.uuid().optional(),
});
export const listLiveInput = listInput([...columns, "tenantName"]).extend({
  ...newestFirst,
  tenantId: z.uuid().optional(),
  gatewayId: z.uuid().optional(),
  regionId: z.uuid().optional(),
});
/** `connectedAt` names the partition. */
export const oneSessionInput = z.object({ sessionId: z.uuid(), connectedAt: z.date() });
export const disconnectInput = z.object({
  sessionId: z.uuid(),
  reason: reasonField,
});
export const listRefusalsInput = listInput(["at"]).extend({ ...newestFirst, accountId: z.uuid().optional() });
export const listHeldInput = listInput(["until", "name"]).extend({ tenantId: z.uuid().optional() });
export const listLiveRefusalsInput = listRefusalsInput.extend({
  tenantId: z.uuid().optional(),
  gatewayId: z.uuid().optional(),
});
export const listRefusedPacketsInput = listInput(["lastAt", "packets"]).extend({
  ...newestFirst,
  /** Who sent. */
  accountId: z.uuid().optional(),
  /** The device that it was for. */
  targetId: z.uuid().optional(),
});
export const listLiveRefusedPacketsInput = listRefusedPacketsInput.extend({
  tenantId: z.uuid().optional(),
  gatewayId: z.uuid().optional(),
});
