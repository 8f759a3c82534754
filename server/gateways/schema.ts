import { z } from "zod";
import { listInput } from "../core/listing";
import { nameField } from "../core/text";

const port = z.number().int().min(1, "A port is 1 to 65535.").max(65_535, "A port is 1 to 65535.");

const protocolOf = z.enum(["udp", "tcp"]);

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
  protocol: protocolOf,
  port,
});

const fronts = z
  .array(z.object({ protocol: protocolOf, port }))
  .max(16, "A gateway has at most 16 ports.")
  .refine(
    (all) => new Set(all.map(({ protocol, port }) => `${protocol} ${port}`)).size === all.length,
    "Two of the ports are the same.",
  )
  .default([]);

const processes = z
  .array(processField)
  .max(64, "A gateway runs at most 64 processes.")
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "Two processes have the same name.")
  .refine(
    (all) => new Set(all.map(({ protocol, port }) => `${protocol} ${port}`)).size === all.length,
    "Two processes listen on the same port.",
  );

export const listGatewaysInput = listInput(["name", "region", "createdAt"]).extend({ regionId: z.uuid().optional() });
const gatewayFields = z.object({
  name: nameField,
  regionId: z.uuid("Choose a region."),
  apiHost: host,
  apiPort: port,
  publicHost: host,
  fronts,
  processes,
});

type Described = Pick<z.infer<typeof gatewayFields>, "fronts" | "processes">;
const isReached = ({ fronts, processes }: Described) => fronts.length > 0 || processes.length > 0;
const noWayIn = { path: ["processes"], message: "Give at least one port for clients, or one process." };
const isApart = ({ fronts, processes }: Described) =>
  !fronts.some((front) => processes.some(({ protocol, port }) => protocol === front.protocol && port === front.port));
const notApart = { path: ["fronts"], message: "A port for clients is also a process's own. Give the process another." };

export const createGatewayInput = gatewayFields.refine(isReached, noWayIn).refine(isApart, notApart);
export const updateGatewayInput = gatewayFields
  .extend({ gatewayId: z.uuid() })
  .refine(isReached, noWayIn)
  .refine(isApart, notApart);
const perSecond = z.number().int().min(1, "At least one a second.").max(1_000, "At most 1,000 a second.").default(5);
export const drainProcessInput = z.object({
  gatewayId: z.uuid(),
  process: z.string().max(12),
  isDraining: z.boolean(),
  perSecond,
});
export const setMaintenanceInput = z.object({ gatewayId: z.uuid(), isInMaintenance: z.boolean(), perSecond });
export const oneGatewayInput = z.object({ gatewayId: z.uuid() });

export const listSamplesInput = z.object({
  gatewayId: z.uuid(),
  hours: z.union([z.literal(1), z.literal(24), z.literal(168)]),
});

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
