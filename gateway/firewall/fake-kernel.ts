import { type Delta, emptyRuleset, type Line, type Ruleset } from "./ruleset";

/**
 * A kernel that holds a ruleset, refuses what the real one refuses (deleting what is not there or is still referred to),
 * and judges a packet as base.ts and the compiled chains do. For tests.
 */
export class FakeKernel {
  readonly ruleset: Ruleset = emptyRuleset();

  /** The phases of `printDelta`, in its order. */
  apply(delta: Delta): void {
    const { people, sets, chains } = this.ruleset;
    for (const name of delta.newSets) {
      must(!sets.has(name), `set ${name} is there`);
      sets.set(name, new Set());
    }
    for (const name of delta.newChains) {
      must(!chains.has(name), `chain ${name} is there`);
      chains.set(name, []);
    }
    for (const [set, keys] of delta.removed)
      for (const key of keys)
        must(set === "people" ? people.delete(key) : sets.get(set)?.delete(key) === true, `${key} is not in ${set}`);
    for (const name of [...delta.chains.keys(), ...delta.deadChains]) {
      must(chains.has(name), `no chain ${name} to flush`);
      chains.set(name, []);
    }
    for (const [name, lines] of delta.chains) {
      for (const line of lines) must(line.kind === "jump" ? chains.has(line.chain) : sets.has(line.group), "dangling");
      chains.set(name, lines);
    }
    for (const [set, keys] of delta.added)
      for (const key of keys) {
        if (set !== "people") {
          must(sets.has(set) && !sets.get(set)!.has(key), `${key} is in ${set}`);
          sets.get(set)!.add(key);
          continue;
        }
        const [address, chain] = key.split(" : jump ") as [string, string];
        must(!people.has(address) && chains.has(chain), `${key} is there or jumps nowhere`);
        people.set(address, chain);
      }
    const lines = () => [...chains.values()].flat();
    for (const name of delta.deadChains) {
      const isUsed = [...people.values()].includes(name) || lines().some((l) => l.kind === "jump" && l.chain === name);
      must(!isUsed && chains.delete(name), `chain ${name} is in use`);
    }
    for (const name of delta.deadSets)
      must(!lines().some((l) => l.kind !== "jump" && l.group === name) && sets.delete(name), `set ${name} is in use`);
  }

  /** The first packet of a flow, from a tunnel out by the interface `via`: an uplink, or another tunnel. */
  isAccepted(packet: Packet): boolean {
    const isByOwnUplink =
      packet.via.startsWith("db-") ||
      [...this.ruleset.sets.get("uplinks")!].some((key) => key.startsWith(`"${packet.via}" . `));
    const chain = this.ruleset.people.get(packet.from);
    return isByOwnUplink && chain !== undefined && this.#walk(chain, packet);
  }

  #walk(chain: string, packet: Packet): boolean {
    return this.ruleset.chains.get(chain)!.some((line) => {
      if (line.kind === "jump") return this.#walk(line.chain, packet);
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
}

function isMatch(line: Exclude<Line, { kind: "jump" }>, { protocol, port }: Packet): boolean {
  if (line.kind === "icmp") return protocol === "icmp";
  if (line.protocol !== protocol) return false;
  return line.ranges === null || line.ranges.some(([from, to]) => port! >= from && port! <= to);
}

function must(isTrue: boolean, message: string): void {
  if (!isTrue) throw new Error(`the kernel would refuse: ${message}`);
}
