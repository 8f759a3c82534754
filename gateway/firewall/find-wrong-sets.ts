import { elementKey, type Ruleset } from "./ruleset";

/**
 * The names of the sets and maps in which the kernel does not have what the documents give. Sets that the kernel fills by
 * itself are not looked at, nor what is about to lapse or just has.
 * @param json as `nft -j list table` prints our table
 * @param now milliseconds since 1970
 * @param isBusy whether that element was written while nft read, so that either may be seen
 */
export function findWrongSets(
  json: string,
  { people, rates, grantees, sets, timed }: Ruleset,
  now: number,
  isBusy: (set: string, key: string) => boolean,
): string[] {
  const kernel = readSets(json);
  const chainBy = (numbers: string, value: unknown) => kernel.get(numbers)?.get(String(value));
  const targets = (map: string, numbers: string) =>
    new Map(Array.from(kernel.get(map) ?? [], ([address, number]) => [address, chainBy(numbers, number)]));
  const wrong: string[] = [];
  const compare = (name: string, wanted: ReadonlyMap<string, unknown>, present: ReadonlyMap<string, unknown>) => {
    const isWrong = (key: string) => !isBusy(name, key) && (wanted.get(key) !== present.get(key) || !wanted.has(key));
    if ([...wanted.keys(), ...present.keys()].some(isWrong)) wrong.push(name);
  };
  compare("people", people, targets("people", "combinations"));
  compare("rates", rates, targets("rates", "ceilings"));
  compare("grantees", grantees, kernel.get("grantees") ?? new Map());
  for (const [name, members] of sets) {
    const wanted = new Map(Array.from(members, (member) => [elementKey(member), valueOfMember(member)]));
    compare(name, wanted, kernel.get(name) ?? new Map());
  }
  for (const [name, elements] of timed) {
    const isLapsing = (key: string) => Math.abs((elements.get(key) ?? 0) - now) < lapsingMs;
    const keys = (all: Iterable<string>) =>
      new Map(Array.from(all, (key) => [key, ""] as const).filter(([key]) => !isLapsing(key)));
    const alive = [...elements].flatMap(([key, until]) => (until > now ? [key] : []));
    compare(name, keys(alive), keys(kernel.get(name)?.keys() ?? []));
  }
  return wrong;
}

/** The kernel counts an element's life from the moment in which it was written, and nft takes its time to read. */
const lapsingMs = 30_000;

const valueOfMember = (member: string) => member.split(" : ")[1] ?? "";

type Json = string | number | { [name: string]: Json } | Json[];

/** Of each set, and map, its elements, and what they lead to: a chain's name, a number as text, or nothing. */
function readSets(json: string): Map<string, Map<string, string>> {
  const { nftables } = JSON.parse(json) as { nftables: Record<string, { name: string; elem?: Json[] } | undefined>[] };
  const found = new Map<string, Map<string, string>>();
  for (const { set, map } of nftables) {
    if (set) found.set(set.name, new Map((set.elem ?? []).map((elem) => [print(elem), ""])));
    const pairs = (map?.elem ?? []) as [Json, Json][];
    if (map) found.set(map.name, new Map(pairs.map(([key, value]) => [print(key), print(value)])));
  }
  return found;
}

function print(json: Json): string {
  if (typeof json !== "object") return String(json);
  if (Array.isArray(json)) return json.map(print).join(" . ");
  const { elem, val, concat, prefix, jump } = json as Record<string, Json | undefined>;
  if (jump !== undefined) return String((jump as { target: string }).target);
  if (prefix !== undefined) {
    const { addr, len } = prefix as { addr: string; len: number };
    return len === 32 ? addr : `${addr}/${len}`;
  }
  return print(elem ?? val ?? concat ?? JSON.stringify(json));
}
