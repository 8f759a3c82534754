/** What the API takes. Unknown fields of an entry are kept, for the digest counts them: a newer control plane may send more. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { type Cidr, doOverlap, isInside, parseAddress, parseCidr } from "../protocol/addresses";
import type {
  DisconnectRequest,
  EnrolGrant,
  EnrolRequest,
  FrontConfig,
  GatewayConfig,
  Locations,
  Push,
  RenewalGrant,
} from "../protocol/api";
import { ApiError } from "./errors";

const id = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be a UUID in lower case");
const text = (most: number) =>
  z
    .string()
    .max(most, `must have at most ${most} characters`)
    .regex(/^\P{Cc}*$/u, "must not contain control characters");
const address = z.string().superRefine(refused(parseAddress));
const cidr = z.string().superRefine(refused(parseCidr));
const interfaceName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}$/, "must be the name of a network interface")
  .refine((name) => !/^d[bl]-/.test(name), "must not be one of the tunnels");
const port = z.number().int().min(1, "must be at least 1").max(65535, "must be at most 65535").nullable();

const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a label of DNS");
const moment = z.iso.datetime({ message: "must be a time in UTC, ISO 8601" });
const hold = z.looseObject({ until: moment, reason: text(500) }).nullable();
const kbps = z.number().int().min(1, "must be at least 1 kbit/s").max(100_000_000, "must be at most 100 Gbit/s");
const fingerprints = z.array(z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hex")).max(100);

const tenant = z.looseObject({
  number: z.number().int().min(1).max(2_000_000_000),
  name: text(200),
  label,
  state: z.enum(["active", "suspended"]),
  secondSession: z.enum(["replace", "refuse"]),
  blocks: z.array(cidr).max(64),
});
const network = z.looseObject({ cidr });
const uplink = z.looseObject({ interface: interfaceName, nextHop: address.nullable() });
const account = z.looseObject({
  name: text(200),
  state: z.enum(["active", "revoked"]),
  reason: text(500).nullable(),
  address,
  passwordHash: z
    .string()
    .max(500)
    .regex(/^\$argon2id\$[\x21-\x7e]*$/, "must be an argon2id hash")
    .nullable(),
  mustChangePassword: z.boolean(),
  fingerprints,
  policies: z.array(id).max(1_000),
  hold,
  rate: z.looseObject({ down: kbps, up: kbps }).nullable(),
});
const device = z.looseObject({
  name: text(200),
  label,
  attachment: z.enum(["routed", "openvpn"]),
  address,
  fingerprints,
  hold,
  groups: z.array(id).max(1_000),
});
const rule = z
  .looseObject({ protocol: z.enum(["tcp", "udp", "icmp"]), from: port, to: port })
  .refine(({ from, to }) => (from === null) === (to === null), { path: ["to"], message: "must be null where from is" })
  .refine(({ from, to }) => from === null || to === null || from <= to, {
    path: ["to"],
    message: "must not be less than from",
  })
  .refine(({ protocol, from }) => protocol !== "icmp" || from === null, {
    path: ["from"],
    message: "must be null: icmp has no ports",
  });
const policy = z.looseObject({
  name: text(200),
  isEnabled: z.boolean(),
  groups: z.array(id).max(1_000),
  rules: z.array(rule).max(1_000),
});
const grant = z.looseObject({
  account: id,
  groups: z.array(id).max(1_000),
  rules: z.array(rule).max(1_000),
  until: moment,
});

const entry = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("tenant"), id, value: tenant.nullable() }),
  z.object({ kind: z.literal("network"), id, value: network.nullable() }),
  z.object({ kind: z.literal("uplink"), id, value: uplink.nullable() }),
  z.object({ kind: z.literal("account"), id, value: account.nullable() }),
  z.object({ kind: z.literal("device"), id, value: device.nullable() }),
  z.object({ kind: z.literal("policy"), id, value: policy.nullable() }),
  z.object({ kind: z.literal("grant"), id, value: grant.nullable() }),
]);

const revision = z.number().int().min(0);
export const pushSchema: z.ZodType<Push> = z
  .object({ from: revision.nullable(), to: revision.min(1), entries: z.array(entry) })
  .refine(({ from, to }) => from === null || from < to, { path: ["to"], message: "must be greater than from" });

/**
 * Stable addresses are cut from the platform's range, and no tenant's network may lie in it.
 * @param platformRange the configuration's, null while there is none yet
 * @throws ApiError 400 that names the field
 */
export function checkRange({ entries }: Push, platformRange: string | null): void {
  if (platformRange === null) return;
  const range = parseCidr(platformRange);
  const refuse = (field: string, message: string) => {
    throw new ApiError(400, "invalid", `${field} ${message} the platform's range ${platformRange}`);
  };
  for (const [n, { kind, value }] of entries.entries()) {
    if (kind === "network" && value && doOverlap(parseCidr(value.cidr), range))
      refuse(`entries[${n}].value.cidr:`, "must not overlap");
    if (kind !== "tenant") continue;
    for (const [b, block] of (value?.blocks ?? []).entries())
      if (!contains(range, parseCidr(block))) refuse(`entries[${n}].value.blocks[${b}]:`, "must lie in");
  }
}

const contains = (range: Cidr, { base, size }: Cidr) => base >= range.base && base + size <= range.base + range.size;

const process = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,11}$/, "must be 1 to 12 of a-z, 0-9 and -, not beginning with -"),
  protocol: z.enum(["udp", "tcp"]),
  port: z.number().int().min(1).max(65535),
});

const front = z.object({ protocol: z.enum(["udp", "tcp"]), port: z.number().int().min(1).max(65535) });

export const configSchema: z.ZodType<GatewayConfig> = z
  .object({
    version: z.number().int().min(1),
    range: cidr,
    rangeAddress: address,
    processes: z
      .array(process)
      .max(64)
      .refine((all) => isUnique(all.map(({ name }) => name)), "must not repeat a name")
      .refine((all) => isUnique(all.map(({ protocol, port }) => `${protocol} ${port}`)), "must not repeat a port"),
    pathMtu: z.number().int().min(576).max(1500).optional(),
    fronts: z
      .array(front)
      .max(16)
      .refine((all) => isUnique(all.map(({ protocol, port }) => `${protocol} ${port}`)), "must not repeat a port")
      .optional(),
    draining: z.array(z.string().max(12)).max(64).optional(),
    isInMaintenance: z.boolean().optional(),
    drainPerSecond: z.number().min(0.1).max(1_000).optional(),
    authTokenSecret: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "must be 32 bytes in lower-case hex")
      .optional(),
    zone: z
      .string()
      .max(100)
      .regex(/^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/, "must be a name in DNS")
      .optional(),
    links: z
      .array(
        z.object({
          peer: id,
          host: z
            .string()
            .regex(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/, "must be a host's name or address")
            .nullable(),
          port: z.number().int().min(1).max(65535),
          fingerprints: fingerprints.min(1).max(10).optional(),
        }),
      )
      .max(250)
      .refine((all) => isUnique(all.map(({ peer }) => peer)), "must not repeat a peer")
      .optional(),
    clientCa: z.string().refine(isCertificate, "must be a certificate in PEM"),
    tlsCryptV2Key: z
      .string()
      .regex(
        /^-----BEGIN OpenVPN tls-crypt-v2 server key-----\n[\sA-Za-z0-9+/=]+-----END OpenVPN tls-crypt-v2 server key-----\s*$/,
        {
          message: "must be an OpenVPN tls-crypt-v2 server key in PEM",
        },
      ),
    oldClients: z
      .object({
        port: z.number().int().min(1).max(65535),
        tlsCryptKey: z
          .string()
          .regex(
            /^-----BEGIN OpenVPN Static key V1-----\n([0-9a-f]{32}\n){16}-----END OpenVPN Static key V1-----\n$/,
            "must be an OpenVPN static key of 2048 bits",
          ),
      })
      .optional(),
  })
  .refine(({ range, rangeAddress }) => isInside(parseAddress(rangeAddress), parseCidr(range)), {
    path: ["rangeAddress"],
    message: "must lie in range",
    when: ({ issues }) => issues.length === 0,
  })
  .refine(
    ({ processes, fronts }) => !fronts?.some((front) => processes.some((process) => isSamePort(front, process))),
    {
      path: ["fronts"],
      message: "must not be a process's own port",
      when: ({ issues }) => issues.length === 0,
    },
  )
  .refine(
    ({ processes, fronts = [], oldClients }) =>
      ![...processes, ...fronts].some(({ port }) => port === oldClients?.port),
    {
      path: ["oldClients", "port"],
      message: "must not be a front's or a process's port",
      when: ({ issues }) => issues.length === 0,
    },
  );

const isSamePort = (a: FrontConfig, b: FrontConfig) => a.protocol === b.protocol && a.port === b.port;

export const locationsSchema: z.ZodType<Locations> = z.object({
  version: z.number().int().min(1),
  peers: z.array(z.object({ peer: id, addresses: z.array(address).max(1_000_000) })).max(250),
});

export const disconnectSchema: z.ZodType<DisconnectRequest> = z.object({
  reason: text(200).min(1),
  code: z.enum(["kicked", "replaced", "refused"]).optional(),
});
export const enrolRequestSchema: z.ZodType<EnrolRequest> = z.object({ nonce: z.string().regex(/^[0-9a-f]{64}$/) });
export const enrolGrantSchema: z.ZodType<EnrolGrant> = z.object({
  certificate: z.string().max(20_000),
  gatewayCa: z.string().max(20_000),
  proof: z.string().regex(/^[0-9a-f]{64}$/),
});
export const renewalGrantSchema: z.ZodType<RenewalGrant> = z.object({ certificate: z.string().max(20_000) });
export const eventsQuerySchema = z.object({
  epoch: z.string().default(""),
  after: z.coerce.number().int().min(0).default(0),
  committed: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  waitMs: z.coerce.number().int().min(0).max(30_000).default(0),
});

/** @throws ApiError 400 that names the field, e.g. `entries[3].value.rules[0].to must be at most 65535`. */
export function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue!.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  throw new ApiError(400, "invalid", `${path.replace(/^\./, "") || "the body"}: ${issue!.message}`);
}

function refused(parser: (text: string) => unknown) {
  return (value: string, context: z.RefinementCtx) => {
    try {
      parser(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
  };
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}
