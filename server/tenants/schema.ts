import { z } from "zod";
import { type Cidr, doOverlap, parseCidr } from "@/gateway/protocol/addresses";
import { filterOf, listInput, memberRole } from "../core/listing";
import { addressField, cleanText, emailField, explainAddress, nameField, reasonField } from "../core/text";

/** First parts of the app's own addresses, so that no tenant takes one for its slug. */
export const reservedSlugs = [
  "api",
  "change-password",
  "forgotten-password",
  "icon",
  "invitation",
  "portal",
  "set-password",
  "sign-in",
  "staff",
  "where-to",
];

export const slugField = z
  .string()
  .trim()
  .toLowerCase()
  .min(2, "Use at least 2 characters.")
  .max(40, "Use at most 40 characters.")
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "Use lower-case letters, digits and single hyphens between them.")
  .refine((slug) => !reservedSlugs.includes(slug), "This address is the platform's own. Choose another.");

/** Networks that no tenant can have behind a gateway. */
const unroutable = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"].map(
  (cidr) => [cidr, parseCidr(cidr)] as const,
);

const noNetwork = "Give an IPv4 network, such as 10.0.0.0/24.";

const cidrField = z
  .string()
  .overwrite(cleanText)
  .superRefine((text, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    let cidr: Cidr;
    try {
      cidr = parseCidr(text);
    } catch (error) {
      const [address = "", prefix] = text.split("/");
      if (prefix === undefined) return refuse(noNetwork);
      return refuse(explainAddress(address, noNetwork) ?? `${noNetwork} ${(error as Error).message}.`);
    }
    const clash = unroutable.find(([, reserved]) => doOverlap(reserved, cidr));
    if (clash) refuse(`${text} overlaps ${clash[0]}, which no network can use.`);
  });

const networks = z
  .array(z.object({ name: nameField, cidr: cidrField }))
  .max(200, "Use at most 200 networks.")
  .superRefine((list, context) => {
    // Malformed ones have an issue of their own; this still runs beside it.
    const ranges = list.map(({ cidr }) => findCidr(cidr));
    for (const [index, { cidr }] of list.entries()) {
      const earlier = list.find((_, other) => other < index && doClash(ranges[other], ranges[index]));
      if (earlier)
        context.addIssue({
          code: "custom",
          path: [index, "cidr"],
          message: `${cidr} overlaps ${earlier.cidr} (${earlier.name}). Networks of a tenant must not overlap.`,
        });
    }
  });

function findCidr(text: string): Cidr | undefined {
  try {
    return parseCidr(text);
  } catch {
    return undefined;
  }
}

const doClash = (a: Cidr | undefined, b: Cidr | undefined) => a !== undefined && b !== undefined && doOverlap(a, b);

export const slugInput = z.object({ slug: z.string().max(100) });
export const listTenantsInput = listInput(["name", "createdAt"]).extend({
  state: filterOf(z.enum(["active", "suspended", "deleted"])),
});
export const tenantIdInput = z.object({ tenantId: z.uuid() });
export const suspendTenantInput = tenantIdInput.extend({ reason: reasonField });
export const createTenantInput = z.object({
  name: nameField,
  slug: slugField,
  planId: z.uuid("Choose a plan."),
  homeRegionId: z.uuid().nullable().default(null),
  networks,
  admin: z.object({ email: emailField, name: nameField.optional() }),
});
export const setSecondSessionInput = z.object({ secondSession: z.enum(["replace", "refuse"]) });
export const updateTenantInput = z.object({
  tenantId: z.uuid(),
  name: nameField,
  planId: z.uuid("Choose a plan."),
  homeRegionId: z.uuid().nullable().default(null),
  /** The tenant's own choice, which staff may make for it; left out, it stays. */
  secondSession: setSecondSessionInput.shape.secondSession.optional(),
});
export const setNetworksInput = z.object({ tenantId: z.uuid(), networks });
export const setUplinkInput = z.object({
  tenantId: z.uuid(),
  gatewayId: z.uuid(),
  interface: z
    .string()
    .trim()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/,
      "Give an interface of the gateway: at most 15 letters, digits, dots and hyphens.",
    ),
  /** Null where the network is on the link itself. */
  nextHop: addressField.nullable().default(null),
});
export const inviteToTenantInput = z.object({ tenantId: z.uuid(), email: emailField, role: memberRole });
