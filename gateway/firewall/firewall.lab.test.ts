import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type AccountValue, type Entry, emptyDocument, putEntry, type TenantDocument } from "../protocol/document";
import { findEntry } from "../state/apply-entry";
import type { EntryChange } from "../state/entry-change";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { createIpRunner } from "./command-pipe";
import { Compiler } from "./compile";
import { createFirewall } from "./firewall";
import { createNft } from "./nft";
import { Routes, readRouting } from "./routes";
import type { Ruleset } from "./ruleset";

const namespace = `dbfw${process.pid}`;
const inside = ["ip", "netns", "exec", namespace];
const gatewayId = "00000000-0000-4000-8000-0000000000ff";
const id = (kind: number, n: number) => `00000000-0000-4000-8${kind}00-${String(n).padStart(12, "0")}`;
const range = "100.64.0.0/10";

async function sh(...command: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command[0]!, command.slice(1), { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

let documents: Map<string, TenantDocument>;
const nft = createNft(inside);
const ip = createIpRunner(inside);
const routes = new Routes(gatewayId, ip, () => readRouting(inside));
const firewall = createFirewall({ gatewayId, nft, routes, documents: () => documents.values() });

beforeAll(async () => {
  await sh("ip", "netns", "add", namespace);
  await sh(...inside, "ip", "link", "set", "lo", "up");
  for (const name of ["up-1", "up-2"]) await addLink(name);
});
afterEach(() => firewall.clear());
afterAll(async () => {
  nft.close();
  await sh("ip", "netns", "del", namespace);
});

async function addLink(name: string): Promise<void> {
  await sh(...inside, "ip", "link", "add", name, "type", "veth", "peer", "name", `${name}p`);
  await sh(...inside, "ip", "addr", "add", `172.31.${name.at(-1)}.1/30`, "dev", name);
  for (const end of [name, `${name}p`]) await sh(...inside, "ip", "link", "set", end, "up");
}

function put(tenantId: string, entries: Entry[]): [TenantDocument, EntryChange[]] {
  const document = documents.get(tenantId) ?? emptyDocument(tenantId);
  documents.set(tenantId, document);
  const changes = entries.map((entry) => {
    const before = findEntry(document, entry.kind, entry.id);
    putEntry(document, entry);
    return { kind: entry.kind, id: entry.id, before, after: entry.value } as EntryChange;
  });
  return [document, changes];
}

const push = (tenantId: string, entries: Entry[]) => firewall.change(...put(tenantId, entries), () => {});

function tenant(number: number, change: { state?: "active" | "suspended" } = {}): Entry[] {
  const block = `100.${64 + number}.0.0/16`;
  return [
    {
      kind: "tenant",
      id: id(0, number),
      value: { ...plainTenant, number, name: "t", state: "active", blocks: [block], ...change },
    },
    { kind: "network", id: id(5, number), value: { cidr: "10.0.0.0/24" } },
    { kind: "uplink", id: gatewayId, value: { interface: `up-${number}`, nextHop: `172.31.${number}.2` } },
  ];
}

function account(tenantNumber: number, n: number, policies: number[], state: AccountValue["state"] = "active"): Entry {
  const value: AccountValue = {
    ...plainAccount,
    name: `account ${n}`,
    state,
    reason: null,
    address: `100.${64 + tenantNumber}.${n >> 8}.${n & 255}`,
    passwordHash: null,
    mustChangePassword: false,
    fingerprints: [],
    policies: policies.map((policy) => id(4, policy)),
  };
  return { kind: "account", id: id(1, n), value };
}

const device = (n: number, groups: number[]): Entry => ({
  kind: "device",
  id: id(2, n),
  value: { ...plainDevice, name: `device ${n}`, address: `10.0.0.${n}`, groups: groups.map((group) => id(3, group)) },
});

const policy = (n: number, groups: number[], isEnabled = true): Entry => ({
  kind: "policy",
  id: id(4, n),
  value: {
    name: `policy ${n}`,
    isEnabled,
    groups: groups.map((group) => id(3, group)),
    rules: [
      { protocol: "tcp", from: 22, to: 22 },
      { protocol: "tcp", from: 20, to: 30 },
      { protocol: "udp", from: null, to: null },
      { protocol: "icmp", from: null, to: null },
    ],
  },
});

const fromNow = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

const grant = (n: number, accountNumber: number, seconds: number): Entry => ({
  kind: "grant",
  id: id(6, n),
  value: {
    account: id(1, accountNumber),
    groups: [id(3, 1), id(3, n)],
    rules: [{ protocol: "tcp", from: 443, to: 443 }],
    until: fromNow(seconds),
  },
});

function held(entry: Entry, seconds: number): Entry {
  return { ...entry, value: { ...entry.value, hold: { until: fromNow(seconds), reason: "put off" } } } as Entry;
}

function slowed(entry: Entry, kbps: number): Entry {
  return { ...entry, value: { ...entry.value, rate: { down: kbps, up: kbps } } } as Entry;
}

const isMeter = (name: string) => name.startsWith("l_");
/** The kernel alone writes them. */
const own = [
  "dns_askers",
  "refused",
  "refused_senders",
  "crowded",
  "udp_knockers",
  "tcp_knockers",
  "answered",
  "learning",
];
const isFixed = (name: string) =>
  [
    "tunnel_names",
    "icmp_errors",
    "person_flows",
    "tenant_flows",
    "own_interfaces",
    "uplink_ports",
    "uplinks_knocking",
  ].includes(name);

/** What the kernel has, as far as it follows the documents. */
async function readKernel() {
  const { nftables } = JSON.parse(await sh(...inside, "nft", "-j", "list", "table", "inet", "drawbridge")) as {
    // biome-ignore lint/suspicious/noExplicitAny: nft's own shape
    nftables: any[];
  };
  const of = (kind: string) => nftables.flatMap((item) => (item[kind] ? [item[kind]] : []));
  const fixed = [
    "judge",
    "forward",
    "prerouting",
    "homeward",
    "input",
    "dns",
    "doors",
    "fronts",
    "refuse",
    "crowd",
    "begin",
    "uplinked",
    "names",
    "strays",
    "answers",
    "stray_answers",
  ];
  // biome-ignore lint/suspicious/noExplicitAny: nft's own shape
  const map = (wanted: string): any[] => of("map").find(({ name }) => name === wanted)?.elem ?? [];
  const chainOf = new Map(
    [...map("combinations"), ...map("ceilings")].map(([number, to]) => [number, to.jump.target as string]),
  );
  return {
    people: new Map(map("people").map(([address, number]) => [address, chainOf.get(number)])),
    rates: new Map(map("rates").map(([address, number]) => [address, chainOf.get(number)])),
    grantees: new Map(map("grantees").map(([address, to]) => [address, to.jump.target as string])),
    sets: new Map(
      [...of("set"), ...of("map").filter(({ name }) => name === "tenants")]
        .filter(({ name, flags = [] }) => !flags.includes("timeout") && !isFixed(name))
        .map(({ name, elem = [] }) => [name, elem.map((one: unknown) => JSON.stringify(one)).sort()]),
    ),
    meters: of("set").flatMap(({ name }) => (isMeter(name) ? [name as string] : [])),
    /** Seconds to go, rounded up. */
    timed: new Map(
      of("set")
        .filter(({ name, flags = [] }) => flags.includes("timeout") && !isMeter(name) && !own.includes(name))
        // biome-ignore lint/suspicious/noExplicitAny: nft's own shape
        .map(({ name, elem = [] }) => [name, elem.map((one: any) => one.elem.expires + 1)]),
    ),
    counters: of("counter").map(({ name }) => name as string),
    chains: new Map(
      of("chain")
        .map(({ name }) => name as string)
        .filter((name) => !fixed.includes(name))
        .map((name) => [name, of("rule").filter(({ chain }) => chain === name).length]),
    ),
  };
}

async function expectKernel(): Promise<void> {
  const compiler = new Compiler(gatewayId);
  for (const document of documents.values()) compiler.add(document);
  const { people, grantees, rates, meters, counters, timed, sets, chains }: Ruleset = compiler.ruleset;
  const kernel = await readKernel();
  expect(new Map([...kernel.people].sort())).toEqual(new Map([...people].sort()));
  expect(new Map([...kernel.grantees].sort())).toEqual(new Map([...grantees].sort()));
  expect(new Map([...kernel.rates].sort())).toEqual(new Map([...rates].sort()));
  expect(kernel.counters.sort()).toEqual([...counters].sort());
  expect(kernel.meters.sort()).toEqual([...meters].sort());
  expect([...kernel.timed.keys()].sort()).toEqual([...timed.keys()].sort());
  for (const [name, elements] of timed) {
    const left = [...elements.values()].map((until) => (until - Date.now()) / 1000).filter((seconds) => seconds > 0);
    const seconds = kernel.timed.get(name)!;
    expect(seconds, name).toHaveLength(left.length);
    for (const [n, one] of left.sort((a, b) => a - b).entries())
      expect(Math.abs(seconds.sort((a: number, b: number) => a - b)[n]! - one)).toBeLessThan(10);
  }
  expect([...kernel.chains.keys()].sort()).toEqual([...chains.keys()].sort());
  for (const [name, members] of sets) {
    if (name.startsWith("g_")) expect(kernel.sets.get(name)).toEqual([...members].map((m) => JSON.stringify(m)).sort());
    else expect(kernel.sets.get(name)).toHaveLength(members.size);
  }
  expect(kernel.sets.size).toBe(sets.size);
  for (const [name, lines] of chains) if (lines.length === 0) expect(kernel.chains.get(name)).toBe(0);
  expect(await firewall.verifyElements()).toEqual([]);
}

describe("the kernel", () => {
  it("takes every kind of change, and then holds what compiling from nothing gives", async () => {
    documents = new Map();
    await firewall.load(range);
    const steps: [number, Entry[]][] = [
      [1, [...tenant(1), device(10, [1]), device(11, [1, 2]), policy(1, [1]), account(1, 1, [1])]],
      [2, [...tenant(2), device(10, [1]), policy(1, [1]), account(2, 1, [1])]],
      [1, [account(1, 2, [1]), account(1, 3, [1, 2]), policy(2, [2])]],
      [1, [device(12, [2, 3]), { ...device(11, []), value: null } as Entry]],
      [1, [policy(2, [2, 3]), policy(1, [1], false)]],
      [1, [account(1, 1, [2]), account(1, 2, [], "active"), account(1, 3, [1, 2], "revoked")]],
      [1, [{ kind: "policy", id: id(4, 1), value: null }, account(1, 9, [1])]],
      [2, tenant(2, { state: "suspended" })],
      [2, tenant(2)],
      [1, [{ kind: "network", id: id(5, 1), value: { cidr: "10.1.0.0/16" } }]],
      [1, [grant(1, 2, 3600), grant(2, 2, 7200), grant(3, 3, 60)]],
      [1, [grant(1, 2, 30), grant(2, 1, 7200), account(1, 1, [])]],
      [1, [grant(1, 2, -5), grant(3, 3, 29 * 24 * 3600), held(account(1, 2, [2]), 600), held(device(10, [1]), 600)]],
      [1, [{ ...grant(2, 1, 0), value: null } as Entry, held(account(1, 2, [2]), 900), held(device(10, [1]), -60)]],
      [1, [{ ...grant(1, 1, 0), value: null } as Entry, account(1, 2, [2]), device(10, [1])]],
      [1, [{ ...account(1, 3, []), value: null } as Entry, held(device(10, [1]), 60)]],
      [1, [account(1, 3, []), slowed(account(1, 4, [1]), 1000), slowed(account(1, 5, []), 1000)]],
      [1, [slowed(account(1, 4, [2]), 500), slowed(account(1, 5, []), 500)]],
      [1, [account(1, 4, [])]],
      [1, [{ kind: "tenant", id: id(0, 1), value: null }]],
      [2, [{ kind: "uplink", id: gatewayId, value: null }]],
    ];
    for (const [number, entries] of steps) {
      await push(id(0, number), entries);
      await expectKernel();
    }
    await firewall.load(range);
    await expectKernel();
  });

  it("holds what the documents hold after a change that it refused", async () => {
    documents = new Map();
    await firewall.load(range);
    await push(id(0, 1), [...tenant(1), device(10, [1]), policy(1, [1]), account(1, 1, [1])]);
    // Somebody else took a chain's content away and put one in its place that is in the way.
    await sh(...inside, "nft", "delete", "element", "inet", "drawbridge", "people", "{ 100.65.0.1 }");
    const [document, changes] = put(id(0, 1), [account(1, 1, [1], "revoked"), account(1, 2, [1])]);
    const takeBack = () => {
      for (const { kind, id, before } of changes) putEntry(document, { kind, id, value: before } as Entry);
    };
    await expect(firewall.change(document, changes, takeBack)).rejects.toThrow(/nft refused the change/);
    await expectKernel();
    expect((await readKernel()).people.size).toBe(1);
  });

  it("gets its rules back when somebody flushed them", async () => {
    documents = new Map();
    await firewall.load(range);
    await push(id(0, 1), [...tenant(1), device(10, [1]), policy(1, [1]), account(1, 1, [1])]);
    expect(await firewall.verify()).toEqual([]);
    await sh(...inside, "nft", "flush", "ruleset");
    expect(await firewall.verify()).toEqual(["all of the rules"]);
    await expectKernel();
  });

  it("gets back each chain that somebody changed by hand, and is left alone while nobody does", async () => {
    documents = new Map();
    await firewall.load(range);
    await push(id(0, 1), [...tenant(1), device(10, [1]), policy(1, [1]), account(1, 1, [1]), grant(1, 1, 3600)]);
    await push(id(0, 1), [slowed(account(1, 4, [1]), 1000), held(account(1, 2, [1]), 600)]);
    const fronts = [{ protocol: "udp" as const, port: 1194 }];
    const processes = [20_001, 20_002].map((port) => ({ protocol: "udp" as const, port, isTaking: true }));
    await firewall.spread({ fronts, processes });
    const listed = async () => (await nft.list()).split("\n").sort();
    expect(await firewall.verify()).toEqual([]);
    const whole = await listed();

    const policyChain = `p_1_${id(4, 1).replaceAll("-", "")}`;
    const byHand = [
      ["insert rule inet drawbridge forward accept", "forward"],
      [`insert rule inet drawbridge ${policyChain} accept`, policyChain],
      ["flush chain inet drawbridge judge", "judge"],
      ["add chain inet drawbridge forward { policy accept; }", "forward"],
      ["add chain inet drawbridge another { type filter hook forward priority 1; }", "another"],
      ["flush chain inet drawbridge doors; add rule inet drawbridge doors accept", "doors"],
    ] as const;
    for (const [command, chain] of byHand) {
      await sh(...inside, "nft", command);
      expect(await firewall.verify(), command).toEqual([`the rules in ${chain}`]);
      expect(await listed()).toEqual(whole);
      expect(await firewall.verify()).toEqual([]);
    }
    // Right behind a change of ours too, before anybody has looked how nft prints that.
    await push(id(0, 1), [policy(1, [1, 2])]);
    await sh(...inside, "nft", `insert rule inet drawbridge ${policyChain} accept`);
    expect(await firewall.verify()).toEqual([`the rules in ${policyChain}`]);
    await expectKernel();
  });

  it("gets back what somebody put into sets by hand, or took out of them", async () => {
    documents = new Map();
    await firewall.load(range);
    await push(id(0, 1), [...tenant(1), device(10, [1]), policy(1, [1]), policy(2, [1]), account(1, 1, [1])]);
    await push(id(0, 1), [account(1, 3, [2]), grant(1, 1, 3600), slowed(account(1, 4, [1]), 1000)]);
    await push(id(0, 1), [held(account(1, 2, [1]), 600), held(device(10, [1]), 600)]);
    await expectKernel();
    for (const [command, set] of [
      ["flush set uplinks", "uplinks"],
      ['add element uplink_names { "eth0" }', "uplink_names"],
      ["delete element people { 100.65.0.1 }", "people"],
      ["delete element people { 100.65.0.3 }; add element people { 100.65.0.3 : 1 }", "people"],
      ["add element people { 100.66.0.9 : 1 }", "people"],
      ["flush map rates", "rates"],
      ["flush map tenants", "tenants"],
      ["delete element held { 100.65.0.2 }", "held"],
      ["flush set held_devices", "held_devices"],
      ["flush map grantees", "grantees"],
      [`add element g_1_${id(3, 1).replaceAll("-", "")} { 10.0.0.99 }`, `g_1_${id(3, 1).replaceAll("-", "")}`],
    ] as const) {
      await sh(...inside, "nft", command.replace(/(set|map|element) /g, "$1 inet drawbridge "));
      expect(await firewall.verify()).toEqual([]);
      expect(await firewall.verifyElements(), command).toEqual([`what is in ${set}`]);
      await expectKernel();
    }
  });

  it("is not taken for changed where a change of ours comes between", async () => {
    documents = new Map();
    await firewall.load(range);
    await push(id(0, 1), [...tenant(1), device(10, [1])]);
    for (let n = 1; n <= 20; n++) {
      const changing = push(id(0, 1), [policy(n, [1]), account(1, n, [n])]);
      const [rules, elements] = await Promise.all([firewall.verify(), firewall.verifyElements()]);
      expect([...rules, ...elements]).toEqual([]);
      await changing;
    }
    await expectKernel();
  });

  it("changes one account among 10,000 by a kept process in milliseconds", async () => {
    documents = new Map();
    await firewall.load(range);
    const many = Array.from({ length: 10_000 }, (_, n) => account(1, n + 1, [1 + (n % 20)]));
    await push(id(0, 1), [
      ...tenant(1),
      device(10, [1]),
      ...Array.from({ length: 20 }, (_, n) => policy(n + 1, [1])),
      ...many,
    ]);
    const took: number[] = [];
    for (let n = 1; n <= 40; n++) {
      const started = performance.now();
      await push(id(0, 1), [account(1, n, [1], n % 2 === 0 ? "active" : "revoked")]);
      took.push(performance.now() - started);
    }
    const median = took.sort((a, b) => a - b)[20]!;
    expect(median).toBeLessThan(50);
    await expectKernel();
  });
});

describe("the routes", () => {
  const table = () => sh(...inside, "ip", "route", "show", "table", "1001");

  it("lead each tenant's blocks to a table of its own, which ends there", async () => {
    documents = new Map();
    await firewall.load(range);
    await push(id(0, 1), tenant(1));
    await push(id(0, 2), tenant(2));
    expect((await table()).split("\n").map((line) => line.trim()).sort()).toEqual(["", "10.0.0.0/24 via 172.31.1.2 dev up-1", "blackhole 100.64.0.0/10", "unreachable default"]); // biome-ignore format: one line
    const rules = await sh(...inside, "ip", "rule");
    expect(rules).toMatch(/1000:\tfrom all to 100\.64\.0\.0\/10 fwmark 0xdb00000\/0xfff00000 lookup main/);
    expect(rules).toMatch(/1001:\tfrom 100\.66\.0\.0\/16 fwmark 0xdb00000\/0xfff00000 lookup 1002/);
    await push(id(0, 1), tenant(1, { state: "suspended" }));
    expect(await sh(...inside, "ip", "rule")).not.toContain("lookup 1001");
    expect(await table().catch(() => "")).toBe("");
  });

  it("come back with an interface that was gone, and complain until then", async () => {
    documents = new Map();
    await firewall.load(range);
    await sh(...inside, "ip", "link", "del", "up-1");
    await push(id(0, 1), tenant(1));
    expect(routes.complaints()).toEqual(['Cannot find device "up-1"']);
    expect(await table()).toBe("unreachable default \nblackhole 100.64.0.0/10 \n");
    await addLink("up-1");
    await routes.verify();
    expect(routes.complaints()).toEqual([]);
    expect(await table()).toContain("10.0.0.0/24 via 172.31.1.2 dev up-1");
  });

  it("are put back where somebody took them away or changed them", async () => {
    documents = new Map();
    await firewall.load(range);
    await push(id(0, 1), tenant(1));
    expect(await firewall.verify()).toEqual([]);
    const state = async () => [await table(), await sh(...inside, "ip", "rule")];
    const before = await state();
    const rule = "pref 1001 from 100.65.0.0/16 fwmark 0xdb00000/0xfff00000 lookup 1001";
    const byHand = [
      [`rule del ${rule}`, `the routing rule "${rule}"`],
      ["rule del pref 1002", 'the routing rule "pref 1002 not iif lo blackhole"'],
      ["route flush table 1001", "the route to 10.0.0.0/24 in table 1001"],
      ["route replace 10.0.0.0/24 dev up-2 table 1001", "the route to 10.0.0.0/24 in table 1001"],
      ["route add 10.9.0.0/24 dev up-2 table 1001", "a route to 10.9.0.0/24 more in table 1001"],
    ] as const;
    for (const [command, what] of byHand) {
      await sh(...inside, "ip", ...command.split(" "));
      expect(await firewall.verify(), command).toContain(what);
      expect(await state()).toEqual(before);
    }
    expect(await firewall.verify()).toEqual([]);
  });

  it("leave no trace when all is taken down", async () => {
    documents = new Map();
    await firewall.load(range);
    await push(id(0, 1), tenant(1));
    await firewall.clear();
    expect(await sh(...inside, "ip", "rule")).not.toMatch(/100[012]:/);
    expect(await sh(...inside, "nft", "list", "ruleset")).toBe("");
  });
});
