import { z } from "zod";
import { listInput, nameField } from "../core/listing";

const port = z.number().int().min(1, "A port is 1 to 65535.").max(65_535, "A port is 1 to 65535.");

const host = z
  .string()
  .trim()
  .regex(
    /^(?=.{1,253}$)[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/,
    "Give a host name or an IPv4 address, such as fra-1.example.net.",
  );

const processField = z.object({
  name: z
    .string()
    .trim()
    .regex(/^[a-z0-9-]{1,12}$/, "A process's name is 1 to 12 of a-z, 0-9 and -: it names a network interface."),
  protocol: z.enum(["udp", "tcp"]),
  port,
});

const processes = z
  .array(processField)
  .min(1, "Give at least one process.")
  .max(64, "A gateway runs at most 64 processes.")
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "Two processes have the same name.")
  .refine(
    (all) => new Set(all.map(({ protocol, port }) => `${protocol} ${port}`)).size === all.length,
    "Two processes listen on the same port.",
  );

export const listGatewaysInput = listInput(["name", "region", "createdAt"]).extend({ regionId: z.uuid().optional() });
export const createGatewayInput = z.object({
  name: nameField,
  regionId: z.uuid("Choose a region."),
  apiHost: host,
  apiPort: port,
  publicHost: host,
  processes,
});
export const updateGatewayInput = createGatewayInput.extend({ gatewayId: z.uuid() });
export const oneGatewayInput = z.object({ gatewayId: z.uuid() });

export const listAppliedInput = listInput(["tenantName", "enforcedAt", "behind"]).extend({
  gatewayId: z.uuid(),
  /** Only tenants that the gateway is behind on, has drifted from, or refused. */
  onlyBehind: z.boolean().default(false),
});

export const createRegionInput = z.object({
  code: z
    .string()
    .trim()
    .regex(/^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$/, "A code is up to 20 of a-z, 0-9 and -, such as eu-west-1."),
  name: nameField,
});
