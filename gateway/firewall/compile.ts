/**
 * Documents → ruleset. Pure: no clock, no kernel. Guarantees, held by compile.test.ts:
 *
 * - what `decide` allows is what the rules accept, for every account, device and port;
 * - deltas applied one after another give what compiling from nothing gives;
 * - the work of a delta follows the change (an account, a device, a policy), not the tenant. A change of the tenant's
 *   own entry or of its networks goes through that tenant once.
 *
 * How: every entry contributes to counts kept by the kernel's names (holders of an address, users of a combination,
 * members of a group). A change takes the old contribution out, puts the new one in and notes the names it touched; then
 * each of those is compared with what the kernel has.
 *
 * One chain per distinct policy, one per distinct combination of policies (shared by every account that has it), one set
 * per device group: the size follows accounts + devices + policies, never their product.
 */
import { createHash } from "node:crypto";
import { type Cidr, isInside, parseAddress, parseCidr } from "../protocol/addresses";
import {
  type AccountValue,
  type DeviceValue,
  type Entry,
  type PolicyValue,
  putEntry,
  type RateLimit,
  type TenantDocument,
} from "../protocol/document";
import type { AccountId, GatewayId, GroupId, PolicyId } from "../protocol/ids";
import type { EntryChange } from "../state/entry-change";
import { ceilingName, compileCeiling, metersOf } from "./ceilings";
import { compileGrantee, type Grantee, GrantIndex } from "./compile-grants";
import { compileLines, countersOf } from "./compile-rules";
import { type Delta, emptyDelta, emptyRuleset, type Line, type Ruleset } from "./ruleset";

export class Compiler {
  /** What the kernel has once every delta handed out was applied. */
  readonly ruleset: Ruleset = emptyRuleset();

  /** Chains that active accounts (and devices on tunnels, none) want for an address. Two holders: nobody gets it, for nobody knows whose it is. */
  readonly #holders = new Map<string, string | string[]>();
  readonly #granteeHolders = new Map<string, string | string[]>();
  readonly #rateHolders = new Map<string, string | string[]>();
  readonly #ceilings = new Map<string, { lines: readonly Line[]; users: number }>();
  readonly #grantIds = new GrantIndex();
  /** What was contributed for accounts' grants, by tenant number and account. */
  readonly #grantees = new Map<number, Map<AccountId, Grantee>>();
  readonly #grantLines = new Map<string, readonly Line[]>();
  /** Every end that is wanted for a timed element; the latest counts. */
  readonly #timed = new Map<string, Map<string, number[]>>();
  readonly #combinations = new Map<string, { policies: string[]; users: number }>();
  readonly #policyUses = new Map<string, number>();
  readonly #policyLines = new Map<string, readonly Line[]>();
  readonly #sets = new Map<string, { members: Map<string, number>; references: number }>([
    ["uplinks", { members: new Map(), references: 1 }],
    ["uplink_names", { members: new Map(), references: 1 }],
    ["tenants", { members: new Map(), references: 1 }],
  ]);
  readonly #names = new Map<string, string>();
  /** Of each combination that the kernel has. None is given twice, so that an old one never leads to another chain. */
  readonly #numbers = new Map<string, number>();
  #lastNumber = 0;
  #touched = new Touched();

  constructor(private readonly gatewayId: GatewayId) {}

  /** A tenant that is not in the ruleset yet. */
  add(document: TenantDocument): Delta {
    this.#grantIds.add(document);
    this.#contributeAll(document, 1);
    return this.#settle();
  }

  /** `document` already holds the changes. */
  change(document: TenantDocument, changes: readonly EntryChange[]): Delta {
    const grantees = this.#grantIds.change(document.tenantId, changes);
    if (changes.some(({ kind }) => kind === "tenant" || kind === "network")) {
      this.#contributeAll(withoutChanges(document, changes), -1);
      this.#contributeAll(document, 1);
      return this.#settle();
    }
    const tenant = findActiveTenant(document);
    if (!tenant) return emptyDelta();
    for (const change of changes) {
      for (const [value, sign] of [[change.before, -1] as const, [change.after, 1] as const]) {
        if (value && change.kind !== "grant") this.#contribute(tenant, { ...change, value } as Contribution, sign);
      }
    }
    // First all out, then all in: a grant may go from one account to another.
    for (const accountId of grantees) this.#setGrantee(tenant, accountId, null);
    for (const accountId of grantees) this.#setGrantee(tenant, accountId, this.#compileGrantee(document, accountId));
    return this.#settle();
  }

  #contributeAll(document: TenantDocument, sign: Sign): void {
    const tenant = findActiveTenant(document);
    if (!tenant) return;
    for (const block of tenant.blocks) this.#countMember("tenants", `${block} : ${tenant.number}`, sign);
    for (const kind of ["policy", "device", "account", "uplink"] as const) {
      const values = {
        policy: document.policies,
        device: document.devices,
        account: document.accounts,
        uplink: document.uplinks,
      }[kind];
      for (const [id, value] of values) this.#contribute(tenant, { kind, id, value } as Contribution, sign);
    }
    if (sign < 0) for (const id of this.#grantees.get(tenant.number)?.keys() ?? []) this.#setGrantee(tenant, id, null);
    else
      for (const id of this.#grantIds.accounts(document.tenantId))
        this.#setGrantee(tenant, id, this.#compileGrantee(document, id));
  }

  #contribute(tenant: ActiveTenant, entry: Contribution, sign: Sign): void {
    if (entry.kind === "account") this.#contributeAccount(tenant, entry.value, sign);
    else if (entry.kind === "device") this.#contributeDevice(tenant, entry.value, sign);
    else if (entry.kind === "policy") this.#contributePolicy(tenant, entry.id, entry.value, sign);
    else if (entry.id === this.gatewayId) {
      this.#countMember("uplink_names", `"${entry.value.interface}"`, sign);
      for (const block of tenant.blocks) this.#countMember("uplinks", `"${entry.value.interface}" . ${block}`, sign);
    }
  }

  #contributeAccount(tenant: ActiveTenant, account: AccountValue, sign: Sign): void {
    // An address of somebody else's block would be routed, and judged, as somebody else.
    if (!isInsideAny(account.address, tenant.blockRanges)) return;
    if (account.hold) this.#countTimed("held", account.address, Date.parse(account.hold.until), sign);
    if (account.state !== "active") return;
    if (account.rate) this.#contributeRate(account.address, account.rate, sign);
    if (account.policies.length === 0) return;
    const name = this.#nameCombination(tenant.number, account.policies);
    this.#touched.people.add(account.address);
    countHolder(this.#holders, account.address, name, sign);

    const combination = this.#combinations.get(name) ?? {
      policies: [...new Set(account.policies)].map((id) => policyName(tenant.number, id)),
      users: 0,
    };
    const wasUsed = combination.users > 0;
    combination.users += sign;
    if (wasUsed === combination.users > 0) return;
    this.#touched.chains.add(name);
    if (combination.users > 0) this.#combinations.set(name, combination);
    else this.#combinations.delete(name);
    for (const policy of combination.policies) {
      this.#touched.chains.add(policy);
      count(this.#policyUses, policy, sign);
    }
  }

  #contributeRate(address: string, rate: RateLimit, sign: Sign): void {
    const name = ceilingName(rate);
    this.#touched.rates.add(address);
    countHolder(this.#rateHolders, address, name, sign);
    const ceiling = this.#ceilings.get(name) ?? { lines: compileCeiling(rate), users: 0 };
    this.#ceilings.set(name, ceiling);
    ceiling.users += sign;
    this.#touched.chains.add(name);
    if (ceiling.users === 0) this.#ceilings.delete(name);
  }

  /** Few combinations, many accounts: each is hashed once. */
  #nameCombination(tenant: number, policies: readonly PolicyId[]): string {
    const key = `${tenant} ${policies.join(" ")}`;
    let name = this.#names.get(key);
    if (!name) {
      if (this.#names.size >= 10_000) this.#names.clear();
      name = combinationName(tenant, policies);
      this.#names.set(key, name);
    }
    return name;
  }

  #contributeDevice(tenant: ActiveTenant, device: DeviceValue, sign: Sign): void {
    const hasTunnel = device.attachment === "openvpn";
    if (!isInsideAny(device.address, hasTunnel ? tenant.blockRanges : tenant.networks)) return;
    if (hasTunnel) {
      // It begins nothing, so it wants no chain; but an account that claims its address is not given one either.
      this.#touched.people.add(device.address);
      countHolder(this.#holders, device.address, noChain, sign);
    }
    for (const block of device.hold ? tenant.blocks : [])
      this.#countTimed("held_devices", `${block} . ${device.address}`, Date.parse(device.hold!.until), sign);
    for (const group of new Set(device.groups))
      this.#countMember(groupName(tenant.number, group), device.address, sign);
  }

  #contributePolicy(tenant: ActiveTenant, id: PolicyId, policy: PolicyValue, sign: Sign): void {
    if (!policy.isEnabled) return;
    const name = policyName(tenant.number, id);
    const groups = [...new Set(policy.groups)].map((group) => groupName(tenant.number, group));
    this.#touched.chains.add(name);
    if (sign > 0) this.#policyLines.set(name, compileLines(groups, policy.rules, name));
    else this.#policyLines.delete(name);
    this.#countReferences(groups, sign);
  }

  #compileGrantee(document: TenantDocument, accountId: AccountId): Grantee | null {
    return compileGrantee(document, accountId, this.#grantIds.of(document.tenantId, accountId));
  }

  /** Takes out exactly what was put in, whatever the documents say by now: a grantee comes of two kinds of entries. */
  #setGrantee({ number, blockRanges }: ActiveTenant, accountId: AccountId, wanted: Grantee | null): void {
    const grantees = this.#grantees.get(number) ?? new Map<AccountId, Grantee>();
    this.#grantees.set(number, grantees);
    const present = grantees.get(accountId);
    if (present) this.#contributeGrantee(number, present, -1);
    grantees.delete(accountId);
    if (!wanted || !isInsideAny(wanted.address, blockRanges)) return;
    this.#contributeGrantee(number, wanted, 1);
    grantees.set(accountId, wanted);
  }

  #contributeGrantee(tenant: number, { address, chain, grants }: Grantee, sign: Sign): void {
    this.#touched.grantees.add(address);
    countHolder(this.#granteeHolders, address, chain, sign);
    const jumps = grants.map(({ set, chain }): Line => ({ kind: "while", set, chain }));
    this.#setGrantLines(chain, jumps, sign);
    for (const { set, chain, value, until } of grants) {
      const groups = [...new Set(value.groups)].map((group) => groupName(tenant, group));
      this.#setGrantLines(chain, compileLines(groups, value.rules), sign);
      this.#countTimed(set, address, until, sign);
      this.#countReferences(groups, sign);
    }
  }

  #setGrantLines(chain: string, lines: Line[], sign: Sign): void {
    this.#touched.chains.add(chain);
    if (sign > 0) this.#grantLines.set(chain, lines);
    else this.#grantLines.delete(chain);
  }

  #countReferences(groups: string[], sign: Sign): void {
    for (const group of groups) {
      this.#touched.sets.add(group);
      this.#getSet(group).references += sign;
      this.#dropIfUnused(group);
    }
  }

  #countTimed(set: string, element: string, until: number, sign: Sign): void {
    this.#touched.timedMember(set, element);
    const elements = this.#timed.get(set) ?? new Map<string, number[]>();
    this.#timed.set(set, elements);
    const ends = elements.get(element) ?? [];
    if (sign > 0) ends.push(until);
    else ends.splice(ends.indexOf(until), 1);
    if (ends.length > 0) elements.set(element, ends);
    else elements.delete(element);
    if (elements.size === 0) this.#timed.delete(set);
  }

  #countMember(name: string, member: string, sign: Sign): void {
    this.#touched.sets.add(name);
    this.#touched.member(name, member);
    count(this.#getSet(name).members, member, sign);
    this.#dropIfUnused(name);
  }

  #getSet(name: string) {
    let set = this.#sets.get(name);
    if (!set) {
      set = { members: new Map(), references: 0 };
      this.#sets.set(name, set);
    }
    return set;
  }

  #dropIfUnused(name: string): void {
    const set = this.#sets.get(name)!;
    if (set.references === 0 && set.members.size === 0) this.#sets.delete(name);
  }

  /** Compares the wanted form of what was touched with what the kernel has, and moves `ruleset` there. */
  #settle(): Delta {
    const touched = this.#touched;
    this.#touched = new Touched();
    const delta = emptyDelta();
    for (const address of touched.people) this.#settlePerson(delta, "people", this.#holders, address);
    for (const address of touched.grantees) this.#settlePerson(delta, "grantees", this.#granteeHolders, address);
    for (const address of touched.rates) this.#settlePerson(delta, "rates", this.#rateHolders, address);
    for (const [name, elements] of touched.timed) this.#settleTimed(delta, name, elements);
    for (const name of touched.sets) this.#settleSet(delta, name, touched.members.get(name) ?? []);
    for (const name of touched.chains) this.#settleChain(delta, name);
    return delta;
  }

  #settlePerson(delta: Delta, map: "people" | "grantees" | "rates", holding: Holders, address: string): void {
    const elements = this.ruleset[map];
    const holders = holding.get(address);
    const wanted = typeof holders === "string" && holders !== noChain ? holders : undefined;
    const present = elements.get(address);
    if (present === wanted) return;
    if (present) push(delta.removed, map, address);
    if (wanted)
      push(delta.added, map, `${address} : ${map === "grantees" ? `jump ${wanted}` : this.#numberOf(wanted)}`);
    if (wanted) elements.set(address, wanted);
    else elements.delete(address);
  }

  #settleTimed(delta: Delta, name: string, touched: Iterable<string>): void {
    const { timed } = this.ruleset;
    const wanted = this.#timed.get(name);
    const isFixed = name === "held" || name === "held_devices";
    if (!wanted && !isFixed) {
      if (timed.delete(name)) delta.deadSets.push(name);
      return;
    }
    let elements = timed.get(name);
    if (!elements) {
      elements = new Map();
      timed.set(name, elements);
      delta.newTimedSets.push(name);
    }
    for (const element of touched) {
      const ends = wanted?.get(element);
      const until = ends && Math.max(...ends);
      const present = elements.get(element);
      if (until === present) continue;
      if (present !== undefined) push(delta.removedTimed, name, element);
      if (until !== undefined) push(delta.addedTimed, name, [element, until]);
      if (until === undefined) elements.delete(element);
      else elements.set(element, until);
    }
  }

  #settleSet(delta: Delta, name: string, members: Iterable<string>): void {
    const { sets } = this.ruleset;
    const wanted = this.#sets.get(name)?.members;
    const present = sets.get(name);
    if (!wanted) {
      if (!present) return;
      sets.delete(name);
      delta.deadSets.push(name);
      return;
    }
    if (!present) {
      sets.set(name, new Set(wanted.keys()));
      delta.newSets.push(name);
      for (const member of wanted.keys()) push(delta.added, name, member);
      return;
    }
    for (const member of members) {
      if (wanted.has(member) && !present.has(member)) {
        present.add(member);
        push(delta.added, name, member);
      } else if (!wanted.has(member) && present.delete(member)) push(delta.removed, name, member);
    }
  }

  #settleChain(delta: Delta, name: string): void {
    const { chains } = this.ruleset;
    const present = chains.get(name);
    const wanted = this.#wantedChain(name);
    const isCeiling = name.startsWith("l_");
    if (!wanted) {
      if (!present) return;
      chains.delete(name);
      delta.deadChains.push(name);
      this.#settleCounters(delta, present, []);
      if (isCeiling) for (const meter of metersOf(name)) this.#dropMeter(delta, meter);
      if (!this.#numbers.has(name)) return;
      push(delta.removed, isCeiling ? "ceilings" : "combinations", `${this.#numberOf(name)}`);
      this.#numbers.delete(name);
      return;
    }
    if (!present && (isCeiling || this.#combinations.has(name)))
      push(delta.added, isCeiling ? "ceilings" : "combinations", `${this.#numberOf(name)} : jump ${name}`);
    if (!present && isCeiling) for (const meter of metersOf(name)) this.#addMeter(delta, meter);
    if (present && JSON.stringify(present) === JSON.stringify(wanted)) return;
    if (!present) delta.newChains.push(name);
    this.#settleCounters(delta, present ?? [], wanted);
    delta.chains.set(name, wanted);
    chains.set(name, wanted);
  }

  /** A rule that stays keeps its counter, and what that counted. */
  #settleCounters(delta: Delta, present: readonly Line[], wanted: readonly Line[]): void {
    const { counters } = this.ruleset;
    const [had, wants] = [countersOf(present), countersOf(wanted)];
    for (const name of wants) if (!had.has(name)) delta.newCounters.push(name);
    for (const name of had) if (!wants.has(name)) delta.deadCounters.push(name);
    for (const name of had) counters.delete(name);
    for (const name of wants) counters.add(name);
  }

  #addMeter(delta: Delta, meter: string): void {
    this.ruleset.meters.add(meter);
    delta.newMeters.push(meter);
  }

  #dropMeter(delta: Delta, meter: string): void {
    this.ruleset.meters.delete(meter);
    delta.deadSets.push(meter);
  }

  #numberOf(combination: string): number {
    let number = this.#numbers.get(combination);
    if (number === undefined) {
      number = ++this.#lastNumber;
      this.#numbers.set(combination, number);
    }
    return number;
  }

  /** A combination lives while an account has it; a policy's chain while a combination jumps to it, empty or not. */
  #wantedChain(name: string): readonly Line[] | undefined {
    const ceiling = this.#ceilings.get(name);
    if (ceiling) return ceiling.lines;
    const granted = this.#grantLines.get(name);
    if (granted) return granted;
    const combination = this.#combinations.get(name);
    if (combination) return combination.policies.map((chain) => ({ kind: "jump", chain }));
    return this.#policyUses.has(name) ? (this.#policyLines.get(name) ?? []) : undefined;
  }
}

/** What a device on a tunnel of its own wants for its address. */
const noChain = "";

type Sign = 1 | -1;
type Contribution = {
  [K in EntryChange["kind"]]: { kind: K; id: string; value: NonNullable<Extract<EntryChange, { kind: K }>["after"]> };
}[Exclude<EntryChange["kind"], "tenant" | "network" | "grant">];

interface ActiveTenant {
  number: number;
  blocks: string[];
  blockRanges: Cidr[];
  networks: Cidr[];
}

function findActiveTenant({ tenant, networks }: TenantDocument): ActiveTenant | null {
  if (tenant?.state !== "active") return null;
  return {
    number: tenant.number,
    blocks: tenant.blocks,
    blockRanges: tenant.blocks.map(parseCidr),
    networks: [...networks.values()].map(({ cidr }) => parseCidr(cidr)),
  };
}

/** The document as it was before the changes. */
function withoutChanges(document: TenantDocument, changes: readonly EntryChange[]): TenantDocument {
  const before: TenantDocument = {
    ...document,
    networks: new Map(document.networks),
    uplinks: new Map(document.uplinks),
    accounts: new Map(document.accounts),
    devices: new Map(document.devices),
    policies: new Map(document.policies),
    grants: new Map(document.grants),
  };
  for (const { kind, id, before: value } of changes) putEntry(before, { kind, id, value } as Entry);
  return before;
}

class Touched {
  readonly rates = new Set<string>();
  readonly people = new Set<string>();
  readonly grantees = new Set<string>();
  readonly timed = new Map<string, Set<string>>();
  readonly chains = new Set<string>();
  readonly sets = new Set<string>();
  readonly members = new Map<string, Set<string>>();

  member(set: string, member: string): void {
    addTo(this.members, set, member);
  }

  timedMember(set: string, element: string): void {
    addTo(this.timed, set, element);
  }
}

function addTo(sets: Map<string, Set<string>>, name: string, member: string): void {
  const members = sets.get(name);
  if (members) members.add(member);
  else sets.set(name, new Set([member]));
}

type Holders = Map<string, string | string[]>;

/** One holder, as nearly every address has, is kept as it is. */
function countHolder(holders: Holders, address: string, chain: string, sign: Sign): void {
  const present = holders.get(address);
  const all = present === undefined ? [] : typeof present === "string" ? [present] : [...present];
  if (sign > 0) all.push(chain);
  else all.splice(all.indexOf(chain), 1);
  if (all.length === 0) holders.delete(address);
  else holders.set(address, all.length === 1 ? all[0]! : all);
}

function count(counts: Map<string, number>, key: string, sign: Sign): void {
  const value = (counts.get(key) ?? 0) + sign;
  if (value > 0) counts.set(key, value);
  else counts.delete(key);
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function isInsideAny(address: string, ranges: readonly Cidr[]): boolean {
  const value = parseAddress(address);
  return ranges.some((range) => isInside(value, range));
}

export const groupName = (tenant: number, id: GroupId) => `g_${tenant}_${id.replaceAll("-", "")}`;
export const policyName = (tenant: number, id: PolicyId) => `p_${tenant}_${id.replaceAll("-", "")}`;

/** The ids arrive sorted, so that the same policies give the same name. */
export function combinationName(tenant: number, policies: readonly PolicyId[]): string {
  const hash = createHash("sha256").update(policies.join(" ")).digest("hex").slice(0, 32);
  return `c_${tenant}_${hash}`;
}
