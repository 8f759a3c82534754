import { z } from "zod";
import { parseAddress } from "@/gateway/protocol/addresses";
import { holdFields } from "../core/hold";
import { listInput, nameField } from "../core/listing";
import { showFilter } from "../core/showing";

export const noAddress = "Give an IPv4 address, such as 10.0.0.10.";
export const addressField = z.string().trim().refine(isAddress, noAddress);

function isAddress(text: string): boolean {
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}

const description = z.string().trim().max(500, "Use at most 500 characters.").default("");

export const listDevicesInput = listInput(["name", "address", "createdAt"]).extend({
  /** "none": those that no group holds, so that nobody reaches them. */
  groupId: z.union([z.uuid(), z.literal("none")]).optional(),
  attachment: z.enum(["routed", "openvpn"]).optional(),
  show: showFilter,
});
const deviceFields = z.object({
  name: nameField,
  /** Of a routed device; one on openvpn is given its own. */
  address: z
    .string()
    .trim()
    .refine((text) => text === "" || isAddress(text), noAddress)
    .default(""),
  description,
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
  description,
  deviceIds: z.array(z.uuid()).max(100_000).default([]),
});
export const updateGroupInput = createGroupInput.extend({ groupId: z.uuid() });
