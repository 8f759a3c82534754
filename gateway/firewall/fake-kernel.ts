import { isInside, parseAddress, parseCidr } from "../protocol/addresses";
import { type Delta, emptyRuleset, type Line, type Ruleset } from "./ruleset";

/**
 * A kernel that holds a ruleset, refuses what the real one refuses (deleting what is not there or is still referred to),
 * and judges a packet as base.ts and the compiled chains do. For tests.
 */
export class FakeKernel {
  readonly ruleset: Ruleset = emptyRuleset();
  /** The maps as they are, by number; `ruleset.people` is what they come to. */
  readonly #people = new Map<string, string>();
  readonly #combinations = new Map<string, string>();
  readonly #rates = new Map<string, string>();
  readonly #ceilings = new Map<string, string>();

  /** The phases of `printDelta`, in its order. */
  apply(delta: Delta): void {
    const { people, grantees, rates, sets, timed, meters, counters, chains } = this.ruleset;
    for (const name of delta.newSets) {
      must(!sets.has(name), `set ${name} is there`);
      sets.set(name, new Set());
    }
    for (const name of delta.newTimedSets) {
      must(!timed.has(name), `set ${name} is there`);
      timed.set(name, new Map());
    }
    for (const name of delta.newMeters) {
      must(!meters.has(name), `set ${name} is there`);
      meters.add(name);
    }
    for (const name of delta.newCounters) {
      must(!counters.has(name), `counter ${name} is there`);
      counters.add(name);
    }
    for (const name of delta.newChains) {
      must(!chains.has(name), `chain ${name} is there`);
      chains.set(name, []);
    }
    for (const [set, keys] of delta.removed)
      for (const key of keys)
        must((this.#mapOf(set) ?? sets.get(set))?.delete(key) === true, `${key} is not in ${set}`);
    for (const [set, keys] of delta.removedTimed)
      for (const key of keys) must(timed.get(set)?.delete(key) === true, `${key} is not in ${set}`);
    for (const name of [...delta.chains.keys(), ...delta.deadChains]) {
      must(chains.has(name), `no chain ${name} to flush`);
      chains.set(name, []);
    }
    for (const [name, lines] of delta.chains) {
      for (const line of lines) must(isAnchored(line), "dangling");
      chains.set(name, lines);
    }
    for (const [set, keys] of delta.added)
      for (const key of keys) {
        const map = this.#mapOf(set);
        if (!map) {
          must(sets.has(set) && !sets.get(set)!.has(key), `${key} is in ${set}`);
          sets.get(set)!.add(key);
          continue;
        }
        const [from, to] = key.split(/ : (?:jump )?/) as [string, string];
        must(!map.has(from), `${from} is in ${set}`);
        map.set(from, to);
      }
    for (const [set, pairs] of delta.addedTimed)
      for (const [key, until] of pairs) {
        must(timed.get(set)?.has(key) === false, `${key} is in ${set}`);
        timed.get(set)!.set(key, until);
      }
    for (const chain of [...this.#combinations.values(), ...this.#ceilings.values(), ...grantees.values()])
      must(chains.has(chain), `no chain ${chain} to jump to`);
    people.clear();
    for (const [address, number] of this.#people) {
      const chain = this.#combinations.get(number);
      if (chain) people.set(address, chain);
    }
    rates.clear();
    for (const [address, number] of this.#rates) rates.set(address, this.#ceilings.get(number)!);
    const lines = () => [...chains.values()].flat();
    for (const name of delta.deadChains) {
      const targets = [...this.#combinations.values(), ...this.#ceilings.values(), ...grantees.values()];
      const isUsed = targets.includes(name) || lines().some((line) => "chain" in line && line.chain === name);
      must(!isUsed && chains.delete(name), `chain ${name} is in use`);
    }
    for (const name of delta.deadSets)
      must(
        !lines().some((line) => isUsing(line, name)) &&
          (sets.delete(name) || timed.delete(name) || meters.delete(name)),
        `set ${name}`,
      );

    for (const name of delta.deadCounters)
      must(
        !lines().some((line) => "counters" in line && line.counters.includes(name)) && counters.delete(name),
        `counter ${name}`,
      );

    function isAnchored(line: Line): boolean {
      if ("counters" in line && !line.counters.every((name) => counters.has(name))) return false;
      if ("chain" in line && !chains.has(line.chain)) return false;
      if (line.kind === "ceiling") return meters.has(line.meter);
      return line.kind === "jump" || (line.kind === "while" ? timed.has(line.set) : sets.has(line.group));
    }
  }

  #mapOf(name: string): Map<string, string> | undefined {
    const { grantees } = this.ruleset;
    const numbered = { people: this.#people, combinations: this.#combinations };
    return { ...numbered, rates: this.#rates, ceilings: this.#ceilings, grantees }[name];
  }

  /** The first packet of a flow, from a tunnel out by the interface `via`: an uplink, or another tunnel. */
  isAccepted(packet: Packet): boolean {
    const { sets, people, grantees } = this.ruleset;
    const isByOwnUplink =
      packet.via.startsWith("db-") || [...sets.get("uplinks")!].some((key) => key.startsWith(`"${packet.via}" . `));
    if (!isByOwnUplink || this.#isIn("held", packet.from, packet.at) || this.#isDeviceHeld(packet)) return false;
    return [people.get(packet.from), grantees.get(packet.from)].some(
      (chain) => chain !== undefined && this.#walk(chain, packet),
    );
  }

  #isIn(set: string, element: string, at: number): boolean {
    return (this.ruleset.timed.get(set)?.get(element) ?? 0) > at;
  }

  #isDeviceHeld({ from, to, at }: Packet): boolean {
    return [...this.ruleset.timed.get("held_devices")!].some(([key, until]) => {
      const [block, address] = key.split(" . ") as [string, string];
      return until > at && address === to && isInside(parseAddress(from), parseCidr(block));
    });
  }

  #walk(chain: string, packet: Packet): boolean {
    return this.ruleset.chains.get(chain)!.some((line) => {
      if (line.kind === "ceiling") return false;
      if (line.kind === "jump") return this.#walk(line.chain, packet);
      if (line.kind === "while") return this.#isIn(line.set, packet.from, packet.at) && this.#walk(line.chain, packet);
      return this.ruleset.sets.get(line.group)!.has(packet.to) && isMatch(line, packet);
    });
  }
}

export interface Packet {
  from: string;
  to: string;
  protocol: "tcp" | "udp" | "icmp";
  port: number | null;
  via: string;
  /** Milliseconds since 1970. */
  at: number;
}

function isUsing(line: Line, set: string): boolean {
  if (line.kind === "ceiling") return line.meter === set;
  return line.kind === "while" ? line.set === set : line.kind !== "jump" && line.group === set;
}

function isMatch(line: Extract<Line, { group: string }>, { protocol, port }: Packet): boolean {
  if (line.kind === "icmp") return protocol === "icmp";
  if (line.protocol !== protocol) return false;
  return line.ranges === null || line.ranges.some(([from, to]) => port! >= from && port! <= to);
}

function must(isTrue: boolean, message: string): void {
  if (!isTrue) throw new Error(`the kernel would refuse: ${message}`);
}
