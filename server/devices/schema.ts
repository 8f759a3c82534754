import { z } from "zod";
import { parseAddress } from "@/gateway/protocol/addresses";
import { listInput, nameField } from "../core/listing";

export const addressField = z
  .string()
  .trim()
  .refine((text) => {
    try {
      parseAddress(text);
      return true;
    } catch {
      return false;
    }
  }, "Give an IPv4 address, such as 10.0.0.10.");

const description = z.string().trim().max(500, "Use at most 500 characters.").default("");

export const listDevicesInput = listInput(["name", "address", "createdAt"]).extend({ groupId: z.uuid().optional() });
export const createDeviceInput = z.object({
  name: nameField,
  address: addressField,
  description,
  groupIds: z.array(z.uuid()).max(200).default([]),
});
export const updateDeviceInput = createDeviceInput.extend({ deviceId: z.uuid() });

export const listGroupsInput = listInput(["name", "createdAt"]);
export const createGroupInput = z.object({
  name: nameField,
  description,
  deviceIds: z.array(z.uuid()).max(100_000).default([]),
});
export const updateGroupInput = createGroupInput.extend({ groupId: z.uuid() });
