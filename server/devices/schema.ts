import { z } from "zod";
import { holdFields } from "../core/hold";
import { listInput } from "../core/listing";
import { showFilter } from "../core/show-filter";
import { descriptionField, nameField, noAddress, optionalAddressField } from "../core/text";

export const listDevicesInput = listInput(["name", "address", "createdAt"]).extend({
  /** "none": those that no group holds, so that nobody reaches them. */
  groupId: z.union([z.uuid(), z.literal("none")]).optional(),
  attachment: z.enum(["routed", "openvpn"]).optional(),
  show: showFilter,
});
const deviceFields = z.object({
  name: nameField,
  /** Of a routed device; one on openvpn is given its own. */
  address: optionalAddressField.default(""),
  description: descriptionField,
  groupIds: z.array(z.uuid()).max(200).default([]),
});
export const createDeviceInput = deviceFields
  .extend({ attachment: z.enum(["routed", "openvpn"]).default("routed") })
  .refine(({ attachment, address }) => attachment === "openvpn" || address !== "", {
    path: ["address"],
    message: noAddress,
  });
export const updateDeviceInput = deviceFields.extend({ deviceId: z.uuid() });
export const oneDeviceInput = z.object({ deviceId: z.uuid() });
export const holdDeviceInput = holdFields.extend({ deviceId: z.uuid() });

export const listGroupsInput = listInput(["name", "createdAt"]);
export const createGroupInput = z.object({
  name: nameField,
  description: descriptionField,
  deviceIds: z.array(z.uuid()).max(100_000).default([]),
});
export const updateGroupInput = createGroupInput.extend({ groupId: z.uuid() });
