/** Whatever body is sent to the API: taken, or refused with 400 and the field. And what is taken compiles. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Compiler } from "../firewall/compile";
import { printDelta } from "../firewall/ruleset";
import { type Entry, emptyDocument, putEntry } from "../protocol/document";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { ApiError } from "./errors";
import {
  configSchema,
  disconnectSchema,
  enrolGrantSchema,
  enrolRequestSchema,
  eventsQuerySchema,
  locationsSchema,
  parse,
  pushSchema,
  renewalGrantSchema,
} from "./schemas";

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const entries: Entry[] = [
  { kind: "tenant", id: id(1), value: { ...plainTenant, blocks: ["100.64.16.0/20"] } },
  { kind: "network", id: id(2), value: { cidr: "10.0.0.0/24" } },
  { kind: "uplink", id: id(9), value: { interface: "up-1", nextHop: "172.31.1.2" } },
  { kind: "account", id: id(3), value: { ...plainAccount, policies: [id(5)] } },
  { kind: "device", id: id(4), value: { ...plainDevice, groups: [id(6)] } },
  {
    ...{ kind: "policy", id: id(5) },
    value: { name: "p", isEnabled: true, groups: [id(6)], rules: [{ protocol: "tcp", from: 80, to: 80 }] },
  },
];

const nasty = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    " ",
    "10.0.0.0/24\n",
    "10.0.0.0/99",
    "up-1; flush ruleset",
    '"',
    "}",
    "constructor",
    "__proto__",
    -1,
    0,
    65_536,
    1e21,
    2 ** 53,
  ),
);
/** A body that is right but for a few places. */
const nearly = (body: object) =>
  fc.array(fc.tuple(fc.nat(500), nasty, fc.boolean()), { minLength: 1, maxLength: 3 }).map((edits) => {
    const changed = structuredClone(body);
    for (const [at, value, isGone] of edits) {
      const places = placesOf(changed);
      const [holder, key] = places[at % places.length]!;
      if (isGone) delete holder[key];
      else holder[key] = value;
    }
    return changed;
  });

function placesOf(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [value as Record<string, unknown>, key] as [Record<string, unknown>, string],
    ...placesOf(inner),
  ]);
}

/** A second alone; the machine may be busy. */
const patience = { timeout: 60_000 };

it(
  "a push that is nearly right is refused with its field, or taken, and then compiles to whole lines",
  patience,
  () => {
    let taken = 0;
    fc.assert(
      fc.property(nearly({ from: null, to: 3, entries }), (body) => {
        const push = take(() => parse(pushSchema, body));
        if (!push) return;
        taken += 1;
        const document = emptyDocument(id(1));
        for (const entry of push.entries) putEntry(document, entry);
        const lines = printDelta(new Compiler(id(9)).add(document), Date.now());
        for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(lines.join("\n")).not.toContain("flush ruleset");
      }),
      { numRuns: 400 },
    );
    expect(taken).toBeGreaterThan(0);
  },
);

it("no body whatever is answered otherwise than by a value or 400", patience, () => {
  const schemas = [
    ...[pushSchema, configSchema, locationsSchema, disconnectSchema, eventsQuerySchema],
    ...[enrolGrantSchema, enrolRequestSchema, renewalGrantSchema],
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...schemas),
      fc.oneof(fc.jsonValue(), nearly({ reason: "x", nonce: "0", version: 1 })),
      (schema, body) => {
        take(() => parse(schema as typeof disconnectSchema, body));
      },
    ),
    { numRuns: 400 },
  );
});

function take<T>(parsing: () => T): T | undefined {
  try {
    return parsing();
  } catch (error) {
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 400, code: "invalid" });
    return undefined;
  }
}
