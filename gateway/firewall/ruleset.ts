/**
 * The part of the kernel's ruleset that follows the documents, as data: what the compiler wants, what a change does,
 * and how either is written for nft. The part that never changes is in base.ts.
 */

/**
 * `people`: a stable address to its combination's chain, which the kernel has by a number of the compiler's. `grantees`:
 * to the chain of what was granted to it.
 */
export interface Ruleset {
  people: Map<string, string>;
  grantees: Map<string, string>;
  /** To the chain of an address's ceiling; by number, as `people`. */
  rates: Map<string, string>;
  /** Elements by set name: device groups' addresses, and the fixed sets of base.ts. */
  sets: Map<string, Set<string>>;
  /** Elements that lapse by themselves, with their ends in milliseconds since 1970: holds and grants. */
  timed: Map<string, Map<string, number>>;
  /** Sets that the kernel fills by itself, to count by address. */
  meters: Set<string>;
  /** What each rule of a policy accepts, both ways, is counted by a counter of the rule's name. */
  counters: Set<string>;
  chains: Map<string, readonly Line[]>;
}

/**
 * One line of a chain. `ranges` are sorted and disjoint; null is every port. `counters` are one for each of them, or where
 * every port is one range, one; empty where nothing is counted.
 */
export type Line =
  | { kind: "jump"; chain: string }
  /** As long as the person's address is in the set. */
  | { kind: "while"; set: string; chain: string }
  /** Drops what is over. */
  | { kind: "ceiling"; direction: "original" | "reply"; meter: string; kbps: number }
  | {
      kind: "ports";
      group: string;
      protocol: "tcp" | "udp";
      ranges: readonly Range[] | null;
      counters: readonly string[];
    }
  | { kind: "icmp"; group: string; counters: readonly string[] };

export type Range = readonly [from: number, to: number];

export const table = "inet drawbridge";

export function emptyRuleset(): Ruleset {
  return {
    people: new Map(),
    grantees: new Map(),
    rates: new Map(),
    sets: new Map([
      ["uplinks", new Set()],
      ["uplink_names", new Set()],
      ["tenants", new Set()],
    ]),
    timed: new Map([
      ["held", new Map()],
      ["held_devices", new Map()],
    ]),
    meters: new Set(),
    counters: new Set(),
    chains: new Map(),
  };
}

/** What to do to a ruleset, phase by phase in the order in which `printDelta` writes them: one transaction. */
export interface Delta {
  newSets: string[];
  newTimedSets: string[];
  newMeters: string[];
  newCounters: string[];
  newChains: string[];
  /** Elements to take away, by the name of their set or map. */
  removed: Map<string, string[]>;
  /** As `removed`, of elements that may have lapsed already. */
  removedTimed: Map<string, string[]>;
  /** Chains to write anew: flushed, then filled. A dead chain is flushed too, so that nothing refers to what dies. */
  chains: Map<string, readonly Line[]>;
  added: Map<string, string[]>;
  addedTimed: Map<string, [element: string, until: number][]>;
  deadChains: string[];
  deadSets: string[];
  deadCounters: string[];
}

export function emptyDelta(): Delta {
  return {
    newSets: [],
    newTimedSets: [],
    newMeters: [],
    newCounters: [],
    newChains: [],
    removed: new Map(),
    removedTimed: new Map(),
    chains: new Map(),
    added: new Map(),
    addedTimed: new Map(),
    deadChains: [],
    deadSets: [],
    deadCounters: [],
  };
}

/**
 * nft commands, one a line. Elements are packed so that a whole tenant costs a handful of lines. The kernel counts a
 * timed element's life from `now` by its own clock; one that is over by then is not written.
 */
export function printDelta(delta: Delta, now: number): string[] {
  const out: string[] = [];
  for (const name of delta.newSets) out.push(`add set ${table} ${name} { type ipv4_addr; }`);
  for (const name of delta.newTimedSets) out.push(`add set ${table} ${name} { type ipv4_addr; flags timeout; }`);
  for (const name of delta.newMeters)
    out.push(`add set ${table} ${name} { type ipv4_addr; size 131072; flags dynamic; timeout 1m; }`);
  for (const name of delta.newCounters) out.push(`add counter ${table} ${name}`);
  for (const name of delta.newChains) out.push(`add chain ${table} ${name}`);
  for (const [set, keys] of delta.removed) out.push(...elements("delete", set, keys));
  for (const [set, keys] of delta.removedTimed) {
    // To delete what has lapsed fails the transaction; what was added in it is there.
    out.push(...elements("add", set, keys.map((key) => `${key} timeout 1s`)), ...elements("delete", set, keys)); // biome-ignore format: one line
  }
  for (const name of delta.chains.keys()) out.push(`flush chain ${table} ${name}`);
  for (const name of delta.deadChains) out.push(`flush chain ${table} ${name}`);
  for (const [name, lines] of delta.chains) {
    for (const text of new Set(lines.flatMap(printLine))) out.push(`add rule ${table} ${name} ${text}`);
  }
  for (const [set, keys] of delta.added) out.push(...elements("add", set, keys));
  for (const [set, pairs] of delta.addedTimed) {
    const alive = pairs.filter(([, until]) => until > now);
    out.push(...elements("add", set, alive.map(([key, until]) => `${key} timeout ${printDuration(until - now)}`))); // biome-ignore format: one line
  }
  for (const name of delta.deadChains) out.push(`delete chain ${table} ${name}`);
  for (const name of delta.deadSets) out.push(`delete set ${table} ${name}`);
  for (const name of delta.deadCounters) out.push(`delete counter ${table} ${name}`);
  return out;
}

function elements(verb: "add" | "delete", set: string, keys: string[]): string[] {
  const out: string[] = [];
  for (let i = 0; i < keys.length; i += 1000)
    out.push(`${verb} element ${table} ${set} { ${keys.slice(i, i + 1000).join(", ")} }`);
  return out;
}

/** Which elements these commands write: each set's name, and behind it the element. */
export function elementsIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, set, all] = elementCommand.exec(line) ?? [];
    return (all?.split(", ") ?? []).map((one) => `${set} ${elementKey(one)}`);
  });
}

const elementCommand = new RegExp(`^(?:add|delete) element ${table} (\\S+) \\{ (.*) \\}$`);

/** What an element is found by: `"up-1" . 100.64.16.0/20`, `100.64.16.1/32 : 1` and `100.64.16.1 timeout 9s` without what follows, and as nft prints it. */
export const elementKey = (element: string) =>
  element
    .split(/ : | timeout /)[0]!
    .replaceAll('"', "")
    .replaceAll("/32", "");

/** nft reads no number of milliseconds above 2^31. */
function printDuration(milliseconds: number): string {
  return `${Math.floor(milliseconds / 1000)}s${Math.ceil(milliseconds % 1000)}ms`;
}

/**
 * Every packet is judged, not only a flow's first: nothing accepts `established` wholesale, so a flow stops with its
 * permission. The reply's line is the mirror of the original's.
 */
export function printLine(line: Line): string[] {
  if (line.kind === "jump") return [`jump ${line.chain}`];
  if (line.kind === "while") return [`ct original ip saddr @${line.set} jump ${line.chain}`];
  if (line.kind === "ceiling") return [printCeiling(line)];
  if (line.kind === "icmp") {
    const accept = printAccept(line.counters[0]);
    return [
      `ct direction original ip daddr @${line.group} icmp type echo-request ${accept}`,
      `ct direction reply ip saddr @${line.group} icmp type echo-reply ${accept}`,
      ...printErrors(line.group),
    ];
  }
  return [
    `ct direction original ip daddr @${line.group} ${printPorts(line, "dport")}`,
    `ct direction reply ip saddr @${line.group} ${printPorts(line, "sport")}`,
    ...printErrors(line.group),
  ];
}

/**
 * Counters of several rules are looked up in the same step in which the port is: the map leads from a port to its rule's
 * counter, and a port that is not in it does not match. So counting each rule makes no packet's way longer.
 */
function printPorts({ protocol, ranges, counters }: Extract<Line, { kind: "ports" }>, side: "dport" | "sport"): string {
  if (!ranges) return `meta l4proto ${protocol} ${printAccept(counters[0])}`;
  const ports = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  if (new Set(counters).size <= 1) return `${protocol} ${side} { ${ports.join(", ")} } ${printAccept(counters[0])}`;
  return `counter name ${protocol} ${side} map { ${ports.map((port, n) => `${port} : "${counters[n]}"`).join(", ")} } accept`;
}

const printAccept = (counter: string | undefined) => (counter ? `counter name ${counter} accept` : "accept");

/**
 * Path MTU and "unreachable" about a flow that was let through, on their way to who began it, or a stranger could tell of
 * somebody else's flow: from behind the uplink they may come from a router on the way, which nobody but the tenant's own
 * site can send to the tenant's people (base.ts); by a tunnel only from a device of the flow's group. Not counted.
 */
function printErrors(group: string): string[] {
  const error = `ct state related ct direction reply ct original ip daddr @${group}`;
  return [
    `${error} iifname != @tunnel_names icmp type @icmp_errors accept`,
    `${error} ip saddr @${group} icmp type @icmp_errors accept`,
  ];
}

/** Sorted and disjoint, with whose each is: a port is the first range's that holds it, as `decide` takes the first rule. */
export function splitRanges(ranges: readonly Range[]): { range: Range; owner: number }[] {
  const edges = [...new Set(ranges.flatMap(([from, to]) => [from, to + 1]))].sort((a, b) => a - b);
  const split: { range: [number, number]; owner: number }[] = [];
  for (const [n, from] of edges.entries()) {
    const owner = ranges.findIndex((range) => range[0] <= from && from <= range[1]);
    if (owner === -1) continue;
    const to = edges[n + 1]! - 1;
    const last = split.at(-1);
    if (last?.owner === owner && last.range[1] === from - 1) last.range[1] = to;
    else split.push({ range: [from, to], owner });
  }
  return split;
}

/** Sorted, overlapping and touching ranges joined: nft refuses an anonymous set whose intervals overlap. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** The kernel forwards segments that were put together: with less, one of those would never pass. */
const leastBurstBytes = 70_000;
const burstSeconds = 0.2;

function printCeiling({ direction, meter, kbps }: Extract<Line, { kind: "ceiling" }>): string {
  const bytesPerSecond = kbps * 125;
  const burst = Math.max(leastBurstBytes, Math.round(bytesPerSecond * burstSeconds));
  const limit = `limit rate over ${bytesPerSecond} bytes/second burst ${burst} bytes`;
  return `ct direction ${direction} update @${meter} { ct original ip saddr ${limit} } drop`;
}
