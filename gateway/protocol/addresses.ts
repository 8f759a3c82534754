/** IPv4 arithmetic on unsigned 32-bit numbers; enough for stable addresses and CIDR containment. */

/** @throws RangeError when the text is not four decimal octets without leading zeros. */
export function parseAddress(text: string): number {
  const octets = text.split(".");
  if (octets.length !== 4) throw new RangeError(`not an IPv4 address: ${text}`);
  let value = 0;
  for (const octet of octets) {
    if (!/^(0|[1-9]\d{0,2})$/.test(octet) || Number(octet) > 255) throw new RangeError(`not an IPv4 address: ${text}`);
    value = value * 256 + Number(octet);
  }
  return value;
}

export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
}

export interface Cidr {
  /** First address. */
  base: number;
  /** 0 to 32. */
  prefix: number;
  /** How many addresses it holds. */
  size: number;
}

/** @throws RangeError when malformed, or when bits are set to the right of the prefix. */
export function parseCidr(text: string): Cidr {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const prefix = Number(match?.[2]);
  if (!match || prefix > 32) throw new RangeError(`not an IPv4 network in CIDR form: ${text}`);
  const base = parseAddress(match[1]!);
  const size = 2 ** (32 - prefix);
  if (base % size !== 0)
    throw new RangeError(
      `${text} has bits set to the right of /${prefix}; the network is ${formatAddress(base - (base % size))}/${prefix}`,
    );
  return { base, prefix, size };
}

export function isInside(address: number, cidr: Cidr): boolean {
  return address >= cidr.base && address < cidr.base + cidr.size;
}

export function doOverlap(a: Cidr, b: Cidr): boolean {
  return a.base < b.base + b.size && b.base < a.base + a.size;
}
