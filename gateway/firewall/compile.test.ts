import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../protocol/decide";
import {
  type AccountValue,
  type DeviceValue,
  type Entry,
  emptyDocument,
  type Hold,
  type PolicyRule,
  putEntry,
  type RateLimit,
  type TenantDocument,
} from "../protocol/document";
import type { EntryChange } from "../state/entry-change";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { Compiler, policyName } from "./compile";
import { counterName, ruleOfCounter } from "./compile-rules";
import { FakeKernel } from "./fake-kernel";
import { mergeRanges, printDelta, splitRanges } from "./ruleset";

const gatewayId = "00000000-0000-4000-8000-0000000000ff";
const tenantId = "00000000-0000-4000-8000-000000000001";
const id = (kind: number, n: number) => `00000000-0000-4000-8${kind}00-00000000000${n}`;
const accountIds = [0, 1, 2, 3].map((n) => id(1, n));
const deviceIds = [0, 1, 2, 3].map((n) => id(2, n));
const groupIds = [0, 1, 2].map((n) => id(3, n));
const policyIds = [0, 1, 2].map((n) => id(4, n));
const grantIds = [0, 1, 2].map((n) => id(6, n));
const moments = [1, 2, 3, 4].map((hour) => Date.UTC(2026, 5, 1, hour));
const moment = fc.constantFrom(...moments).map((ms) => new Date(ms).toISOString());
const rate = fc.option(fc.constantFrom({ down: 1000, up: 500 }, { down: 1000, up: 1000 }), { freq: 1 });
const hold = fc.option(fc.record({ until: moment, reason: fc.constant("put off") }), { freq: 1 });
const ports = [1, 21, 22, 23, 80, 85, 443, 65535];

const rule: fc.Arbitrary<PolicyRule> = fc.oneof(
  fc
    .record({
      protocol: fc.constantFrom("tcp" as const, "udp" as const),
      span: fc.option(fc.tuple(fc.constantFrom(...ports), fc.constantFrom(...ports))),
    })
    .map(({ protocol, span }) => ({
      protocol,
      from: span && Math.min(...span),
      to: span && Math.max(...span),
    })),
  fc.constant({ protocol: "icmp" as const, from: null, to: null }),
);

/** Accounts' and devices' addresses follow their ids: the control plane keeps them unique within a tenant. */
const entry: fc.Arbitrary<Entry> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.nat(3), fc.option(fc.record({ isActive: fc.boolean(), policies: fc.subarray(policyIds), hold, rate })))
      .map(([n, some]): Entry => ({ kind: "account", id: accountIds[n]!, value: some && account(n, some) })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.nat(3),
        fc.option(
          fc.record({
            attachment: fc.constantFrom("routed" as const, "openvpn" as const),
            isInside: fc.boolean(),
            groups: fc.subarray(groupIds),
            hold,
          }),
        ),
      )
      .map(([n, some]): Entry => ({ kind: "device", id: deviceIds[n]!, value: some && device(n, some) })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.nat(2),
        fc.option(
          fc.record({
            isEnabled: fc.boolean(),
            groups: fc.subarray(groupIds),
            rules: fc.array(rule, { maxLength: 4 }),
          }),
        ),
      )
      .map(([n, some]): Entry => ({ kind: "policy", id: policyIds[n]!, value: some && { name: "policy", ...some } })),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.nat(2),
        fc.option(
          fc.record({
            account: fc.constantFrom(...accountIds),
            groups: fc.subarray(groupIds),
            rules: fc.array(rule, { maxLength: 3 }),
            until: moment,
          }),
        ),
      )
      .map(([n, value]): Entry => ({ kind: "grant", id: grantIds[n]!, value })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom("10.0.0.0/24", "10.0.0.0/31", "10.9.0.0/16"), fc.boolean()).map(
      ([cidr, isThere]): Entry => ({
        kind: "network",
        id: id(5, cidr.length % 10),
        value: isThere ? { cidr } : null,
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.option(fc.constantFrom("active" as const, "suspended" as const)).map(
      (state): Entry => ({
        kind: "tenant",
        id: tenantId,
        value: state && { ...plainTenant, number: 7, name: "tenant", state, blocks: ["100.64.16.0/20"] },
      }),
    ),
  },
);

function account(
  n: number,
  {
    isActive,
    policies,
    ...more
  }: { isActive: boolean; policies: string[]; hold?: Hold | null; rate?: RateLimit | null },
): AccountValue {
  return {
    ...plainAccount,
    name: `account ${n}`,
    state: isActive ? "active" : "revoked",
    reason: null,
    address: `100.64.16.${n + 1}`,
    passwordHash: null,
    mustChangePassword: false,
    fingerprints: [],
    policies,
    ...more,
  };
}

function device(
  n: number,
  { attachment, isInside, ...rest }: Pick<DeviceValue, "attachment" | "groups" | "hold"> & { isInside: boolean },
): DeviceValue {
  const inside = attachment === "openvpn" ? `100.64.17.${n}` : `10.0.0.${n}`;
  // Outside its own tenant's blocks is inside another's.
  const outside = attachment === "openvpn" ? `100.64.32.${n}` : `192.168.0.${n}`;
  return { ...plainDevice, name: `device ${n}`, attachment, address: isInside ? inside : outside, ...rest };
}

const opening: Entry[] = [
  {
    kind: "tenant",
    id: tenantId,
    value: { ...plainTenant, number: 7, name: "tenant", state: "active", blocks: ["100.64.16.0/20"] },
  },
  { kind: "network", id: id(5, 0), value: { cidr: "10.0.0.0/24" } },
  { kind: "uplink", id: gatewayId, value: { interface: "up-7", nextHop: null } },
];

/** Puts entries into the document and says what that changed, as the documents' store does. */
function put(document: TenantDocument, entries: readonly Entry[]): EntryChange[] {
  const changes = new Map<string, EntryChange>();
  for (const entry of entries) {
    const map = {
      network: "networks",
      uplink: "uplinks",
      grant: "grants",
      account: "accounts",
      device: "devices",
      policy: "policies",
    } as const;
    const before = entry.kind === "tenant" ? document.tenant : (document[map[entry.kind]].get(entry.id) ?? null);
    const key = `${entry.kind} ${entry.id}`;
    const first = changes.get(key)?.before;
    changes.set(key, {
      kind: entry.kind,
      id: entry.id,
      before: first === undefined ? before : first,
      after: entry.value,
    } as EntryChange);
    putEntry(document, entry);
  }
  return [...changes.values()].filter(({ before, after }) => before !== after);
}

function compileFromNothing(document: TenantDocument): FakeKernel {
  const kernel = new FakeKernel();
  kernel.apply(new Compiler(gatewayId).add(document));
  return kernel;
}

describe("the compiler", () => {
  it("lets through what decide() allows at any moment, and nothing else", () => {
    const at = fc.constantFrom(...moments.flatMap((ms) => [ms - 1, ms, ms + 1]));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), at, (entries, at) => {
        const document = emptyDocument(tenantId);
        put(document, [...opening, ...entries]);
        const kernel = compileFromNothing(document);
        for (const accountId of accountIds)
          for (const deviceId of deviceIds)
            for (const [protocol, port] of [
              ["icmp", null] as const,
              ...ports.map((port) => ["tcp", port] as const),
              ...ports.map((port) => ["udp", port] as const),
            ]) {
              const person = document.accounts.get(accountId);
              const target = document.devices.get(deviceId);
              if (!person || !target) continue;
              const via = target.attachment === "openvpn" ? "db-udp" : "up-7";
              const packet = { from: person.address, to: target.address, protocol, port, via, at };
              const question = { accountId, deviceId, protocol, port };
              expect(kernel.isAccepted(packet), JSON.stringify(question)).toBe(
                decide(document, question, new Date(at)).allow,
              );
            }
      }),
      { numRuns: 150 },
    );
  });

  it("lets no device on a tunnel begin a flow, and nobody reach a person", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const document = emptyDocument(tenantId);
        put(document, [...opening, ...entries]);
        const kernel = compileFromNothing(document);
        const devices = [...document.devices.values()].map(({ address }) => address);
        const people = [...document.accounts.values()].map(({ address }) => address);
        for (const via of ["db-udp", "up-7"])
          for (const port of ports) {
            for (const from of devices)
              for (const to of [...devices, ...people])
                expect(kernel.isAccepted({ from, to, protocol: "tcp", port, via, at: moments[0]! })).toBe(false);
            for (const from of people)
              for (const to of people)
                expect(kernel.isAccepted({ from, to, protocol: "tcp", port, via, at: moments[0]! })).toBe(false);
          }
      }),
      { numRuns: 100 },
    );
  });

  it("gives an account no rule for the address of a device on a tunnel", () => {
    const document = emptyDocument(tenantId);
    const compiler = new Compiler(gatewayId);
    const value = account(0, { isActive: true, policies: [policyIds[0]!] });
    const twin: DeviceValue = { ...plainDevice, attachment: "openvpn", address: value.address };
    compiler.change(document, put(document, [...opening, { kind: "account", id: accountIds[0]!, value }]));
    compiler.change(document, put(document, [{ kind: "device", id: deviceIds[0]!, value: twin }]));
    expect(compiler.ruleset.people.size).toBe(0);
    compiler.change(document, put(document, [{ kind: "device", id: deviceIds[0]!, value: null }]));
    expect(compiler.ruleset.people.size).toBe(1);
  });

  it("reaches by deltas what compiling from nothing gives", () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry, { minLength: 1, maxLength: 5 }), { maxLength: 12 }), (pushes) => {
        const document = emptyDocument(tenantId);
        const compiler = new Compiler(gatewayId);
        const kernel = new FakeKernel();
        for (const entries of [opening, ...pushes]) {
          const changes = put(document, entries);
          kernel.apply(compiler.change(document, changes));
          expect(kernel.ruleset).toEqual(compileFromNothing(document).ruleset);
          expect(compiler.ruleset).toEqual(kernel.ruleset);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("writes for one more account one element, however large the tenant", () => {
    const document = emptyDocument(tenantId);
    put(document, opening);
    const value = { ...account(0, { isActive: true, policies: [policyIds[0]!] }) };
    for (let n = 0; n < 1000; n++)
      document.accounts.set(`account ${n}`, { ...value, address: `100.64.${16 + (n >> 8)}.${n & 255}` });
    const compiler = new Compiler(gatewayId);
    compiler.add(document);
    const changes = put(document, [
      { kind: "account", id: accountIds[1]!, value: { ...value, address: "100.64.31.1" } },
    ]);
    const lines = printDelta(compiler.change(document, changes), moments[0]!);
    expect(lines).toEqual([expect.stringMatching(/^add element inet drawbridge people \{ 100\.64\.31\.1 : 1 \}$/)]);
  });

  it("gives an address that two accounts claim to neither, and to the one that is left", () => {
    const document = emptyDocument(tenantId);
    const value = account(0, { isActive: true, policies: [policyIds[0]!] });
    const compiler = new Compiler(gatewayId);
    compiler.change(document, put(document, [...opening, { kind: "account", id: accountIds[0]!, value }]));
    expect(compiler.ruleset.people.size).toBe(1);
    compiler.change(document, put(document, [{ kind: "account", id: accountIds[1]!, value }]));
    expect(compiler.ruleset.people.size).toBe(0);
    compiler.change(document, put(document, [{ kind: "account", id: accountIds[0]!, value: null }]));
    expect(compiler.ruleset.people.size).toBe(1);
  });

  it("gives no rule to an account whose address lies outside its tenant's blocks", () => {
    const document = emptyDocument(tenantId);
    const value = { ...account(0, { isActive: true, policies: [policyIds[0]!] }), address: "100.64.32.1" };
    put(document, [...opening, { kind: "account", id: accountIds[0]!, value }]);
    expect(compileFromNothing(document).ruleset.people.size).toBe(0);
  });

  it("counts each rule by what it says, so that one that stays keeps its counter when others come and go", () => {
    const document = emptyDocument(tenantId);
    const value = account(0, { isActive: true, policies: [policyIds[0]!] });
    const compiler = new Compiler(gatewayId);
    const setRules = (...rules: PolicyRule[]) => {
      const policy = { name: "policy", isEnabled: true, groups: groupIds.slice(0, 1), rules };
      return compiler.change(document, put(document, [{ kind: "policy", id: policyIds[0]!, value: policy }]));
    };
    const [ssh, web, names, ping]: PolicyRule[] = [
      { protocol: "tcp", from: 22, to: 22 },
      { protocol: "tcp", from: 80, to: 443 },
      { protocol: "udp", from: null, to: null },
      { protocol: "icmp", from: null, to: null },
    ];
    const of = (rule: PolicyRule) => counterName(policyName(7, policyIds[0]!), rule);
    compiler.change(document, put(document, [...opening, { kind: "account", id: accountIds[0]!, value }]));
    expect(setRules(ssh!, web!).newCounters).toEqual([of(ssh!), of(web!)]);
    const delta = setRules(ping!, names!, web!);
    expect([delta.newCounters, delta.deadCounters]).toEqual([[of(names!), of(ping!)], [of(ssh!)]]); // biome-ignore format: one line
    expect(compiler.ruleset.counters).toEqual(new Set([web, names, ping].map((rule) => of(rule!))));
    for (const rule of [ssh, web, names, ping])
      expect(ruleOfCounter(of(rule!))).toEqual({ tenant: 7, policyId: policyIds[0], rule });
    expect(setRules().deadCounters).toHaveLength(3);
  });

  it("gives each port to the first range that holds it, and nothing to a port that none holds", () => {
    const port = fc.integer({ min: 0, max: 40 });
    const range = fc.tuple(port, port).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 6 }), (ranges) => {
        const split = splitRanges(ranges);
        for (let at = 0; at <= 41; at++) {
          const holding = split.filter(({ range: [from, to] }) => from <= at && at <= to);
          const owner = ranges.findIndex(([from, to]) => from <= at && at <= to);
          expect(holding.map((one) => one.owner)).toEqual(owner === -1 ? [] : [owner]);
        }
        for (const [n, { range }] of split.slice(1).entries()) expect(range[0]).toBeGreaterThan(split[n]!.range[1]);
      }),
    );
  });

  it("joins ranges that overlap or touch", () => {
    expect(mergeRanges([[80, 90], [22, 22], [85, 100], [101, 101], [23, 23]])).toEqual([[22, 23], [80, 101]]); // biome-ignore format: one line
  });
});
