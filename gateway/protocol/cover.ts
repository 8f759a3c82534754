import { type Cidr, formatAddress } from "./addresses";

/** The fewest networks that hold these addresses and no other, in their order. */
export function coverExactly(addresses: Iterable<number>): Cidr[] {
  const sorted = [...new Set(addresses)].sort((a, b) => a - b);
  const found: Cidr[] = [];
  for (let first = 0; first < sorted.length; ) {
    let last = first;
    while (sorted[last + 1] === sorted[last]! + 1) last += 1;
    for (let base = sorted[first]!; base <= sorted[last]!; ) {
      let prefix = 32;
      while (prefix > 0 && base % 2 ** (33 - prefix) === 0 && base + 2 ** (33 - prefix) - 1 <= sorted[last]!)
        prefix -= 1;
      found.push({ base, prefix, size: 2 ** (32 - prefix) });
      base += 2 ** (32 - prefix);
    }
    first = last + 1;
  }
  return found;
}

export const formatCidr = ({ base, prefix }: Pick<Cidr, "base" | "prefix">) => `${formatAddress(base)}/${prefix}`;
