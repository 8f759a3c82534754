/** Whatever a person who may call a procedure sends to it: answered, or refused with words; never a failure of ours. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { accountPrincipal, callAs, createTenantWithAdmin } from "@/e2e/support/principals";
import { useOwnDatabase } from "@/e2e/support/test-database";
import { ensureAuthorities } from "../certificates/authority";
import { closeDatabase } from "../core/db";
import { closeQueues } from "../core/queue";
import type { Principal } from "./principal";
import { appRouter } from "./root";
import type { Meta } from "./trpc";

type Described = { type: string; meta?: Meta; inputs: z.ZodType[] };
type Json = Record<string, unknown>;

const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: Described }>)
  .map(([path, { _def }]) => ({ path, ..._def }))
  // A subscription stays open.
  .filter(({ type }) => type !== "subscription");

let dropDatabase: () => Promise<void>;
let principals: Record<"tenant" | "staff" | "portal", Principal>;
/** Of things that are there, so that what is asked for is found. */
let known: string[];
let tenantId: string;

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  await ensureAuthorities();
  const ours = await createTenantWithAdmin();
  tenantId = ours.tenantId;
  const admin = callAs(ours.admin);
  const { group } = await admin.devices.createGroup({ tenantId, name: "Cranes" });
  const device = await admin.devices.create({ tenantId, name: "Crane", address: "10.0.0.10", groupIds: [group.id] });
  const account = await admin.accounts.create({ tenantId, name: "Dana", email: "dana@hostile.test" });
  const portal = await accountPrincipal(tenantId, account.account.id);
  principals = { tenant: ours.admin, staff: ours.staff, portal };
  known = [tenantId, group.id, device.device.id, account.account.id];
}, 120_000);
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

const nasty = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom<unknown[]>(
    ...["", " ", "\0", "a\0b", "\ud800", "%", "_", "\\", "'; --", "x".repeat(10_000), "__proto__", "NaN"],
    ...[
      -1,
      0.5,
      1e21,
      2 ** 31,
      2 ** 53,
      "9999-12-31T23:59:59Z",
      "0000-01-01T00:00:00Z",
      "10.0.0.0/99",
      "255.255.255.255",
    ],
    ...[null, true, [], {}],
  ),
);

/** Something that fits the schema, as far as its JSON form says. */
function fitting(schema: Json, depth = 0): fc.Arbitrary<unknown> {
  const options = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (options) return fc.oneof(...options.map((one) => fitting(one, depth)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...(schema.enum as unknown[]));
  if (schema.format === "uuid") return fc.oneof(fc.constantFrom(...known), fc.uuid());
  if (schema.format === "email") return fc.emailAddress();
  switch (schema.type) {
    case "object": {
      const required = new Set(schema.required as string[] | undefined);
      const entries = Object.entries((schema.properties ?? {}) as Record<string, Json>).map(
        ([name, inner]) => [name, name === "tenantId" ? fc.constant(tenantId) : fitting(inner, depth + 1)] as const,
      );
      const names = entries.map(([name]) => name).filter((name) => required.has(name));
      return fc.record(Object.fromEntries(entries), { requiredKeys: names });
    }
    case "array":
      return fc.array(fitting((schema.items ?? {}) as Json, depth + 1), { maxLength: 3 });
    case "integer":
    case "number":
      return fc.integer({
        min: Math.max(Number(schema.minimum ?? 0), -1e6),
        max: Math.min(Number(schema.maximum ?? 1e6), 1e6),
      });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "string":
      return fc.oneof(
        fc.string({ maxLength: 30 }),
        fc.string({ unit: "binary", maxLength: 30 }),
        fc.constantFrom("10.0.0.7", "10.0.0.0/24", "Crane", "a\0b", "\ud800", "2026-11-25T10:00:00.000Z"),
      );
    default:
      return nasty;
  }
}

function hostile({ inputs }: Described): fc.Arbitrary<unknown> {
  const schemas = inputs.map((input) => z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as Json);
  const whole = schemas.reduce<Json>(
    (all, one) => ({
      type: "object",
      properties: { ...(all.properties as Json), ...(one.properties as Json) },
      required: [...((all.required as string[]) ?? []), ...((one.required as string[]) ?? [])],
    }),
    {},
  );
  const right = fitting(whole);
  const wrong = fc.tuple(right, fc.nat(20), nasty).map(([input, at, value]) => {
    const changed = { ...(input as Json) };
    const names = Object.keys(changed).filter((name) => name !== "tenantId");
    if (names.length > 0) changed[names[at % names.length]!] = value;
    return changed;
  });
  return fc.oneof(right, wrong, nasty);
}

/** What ends the principal's own being here would leave nothing to ask. */
const spared = ["signIn.signOut", "signIn.changePassword", "tenants.suspend", "tenants.delete"];

test("no input whatever makes a procedure fail", { timeout: 900_000 }, async () => {
  const failures = new Map<string, string>();
  for (const procedure of procedures) {
    const { path } = procedure;
    if (spared.includes(path)) continue;
    const whose = path.startsWith("portal.") ? "portal" : "tenant";
    for (const principal of [principals[whose], principals.staff]) {
      const caller = path.split(".").reduce<unknown>((at, part) => (at as Json)[part], callAs(principal)) as (
        input: unknown,
      ) => Promise<unknown>;
      for (const input of fc.sample(hostile(procedure), { numRuns: 12 })) {
        try {
          await caller(input);
        } catch (error) {
          const { code, cause } = error as { code?: string; cause?: unknown };
          if (code !== "INTERNAL_SERVER_ERROR" && code !== undefined) continue;
          failures.set(path, `${JSON.stringify(input)?.slice(0, 300)}: ${String(cause ?? error).slice(0, 400)}`);
        }
      }
    }
  }
  expect(Object.fromEntries(failures)).toEqual({});
});
