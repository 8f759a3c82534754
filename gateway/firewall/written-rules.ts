/**
 * Whether what stands in our table's chains is what we wrote there. nft prints a rule in other words than it was written
 * in, and in others again when it is a newer nft. So of a chain that was just written its rules are counted, and how it
 * reads then is what it is held to until it is written again.
 */
import { table } from "./ruleset";

export class WrittenRules {
  /** Rules of each chain. */
  readonly #counts = new Map<string, number>();
  /** As nft prints them, of the chains that were looked at since they were written. */
  readonly #texts = new Map<string, string>();
  /** Written since a look began, so that what it reads may be older. */
  readonly #writtenMeanwhile = new Set<string>();

  /** @param lines nft commands that the kernel took, each of a line, or a table in braces */
  note(lines: readonly string[]): void {
    for (const line of lines.flatMap((one) => one.split("\n"))) {
      const [verb, kind, family, name, chain] = line.split(" ", 5);
      if (verb === "delete" && kind === "table") for (const each of [...this.#counts.keys()]) this.#drop(each);
      if (`${family} ${name}` !== table || chain === undefined) continue;
      if (kind === "rule" && verb === "add") this.#write(chain, this.#counts.get(chain)! + 1);
      if (kind === "chain" && verb === "add") this.#write(chain, this.#counts.get(chain) ?? 0);
      if (kind === "chain" && verb === "flush") this.#write(chain, 0);
      if (kind === "chain" && verb === "delete") this.#drop(chain);
    }
    for (const line of lines) {
      if (!line.startsWith(`table ${table} {`)) continue;
      for (const [chain, text] of chainsOf(line)) this.#write(chain, countRules(text));
    }
  }

  /** @returns the names of the chains that are not, or not as, we wrote them, and of those that somebody else put there */
  async findChanged(list: () => Promise<string>): Promise<string[]> {
    this.#writtenMeanwhile.clear();
    const chains = chainsOf(await list());
    return [...new Set([...this.#counts.keys(), ...chains.keys()])]
      .filter((chain) => !this.#writtenMeanwhile.has(chain))
      .filter((chain) => !this.#isAsWritten(chain, chains.get(chain)));
  }

  #isAsWritten(chain: string, text: string | undefined): boolean {
    if (text === undefined) return false;
    const known = this.#texts.get(chain);
    if (known !== undefined) return text === known;
    if (countRules(text) !== this.#counts.get(chain)) return false;
    this.#texts.set(chain, text);
    return true;
  }

  #write(chain: string, count: number): void {
    this.#counts.set(chain, count);
    this.#texts.delete(chain);
    this.#writtenMeanwhile.add(chain);
  }

  #drop(chain: string): void {
    this.#counts.delete(chain);
    this.#texts.delete(chain);
    this.#writtenMeanwhile.add(chain);
  }
}

/** What stands in each chain of our table, in a text as nft prints and reads it. */
function chainsOf(text: string): Map<string, string> {
  const ours = text.split(/^(?=table )/m).find((one) => one.startsWith(`table ${table} {`)) ?? "";
  return new Map(
    Array.from(ours.matchAll(/^\s+chain (\S+) \{\n(.*?)^\s+\}$/gms), ([, chain, rules]) => [chain!, rules!] as const),
  );
}

/** A line each, behind the one that says where a base chain is hooked. */
function countRules(text: string): number {
  return text.split("\n").filter((line) => line.trim() !== "" && !line.trim().startsWith("type ")).length;
}
