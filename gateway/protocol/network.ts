/**
 * The network that an address stands for in limits: an IPv4 address itself, and of IPv6 the /64, of which one machine may
 * take any address that it likes.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address.slice(0, 100);
  const [head = "", tail] = address.split("%")[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail ? tail.split(":") : [];
  // A dotted end stands for two groups.
  const missing = 8 - groups.length - rest.length - Number(address.includes("."));
  const all = tail === undefined ? groups : [...groups, ...Array<string>(Math.max(0, missing)).fill("0"), ...rest];
  const first = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(":")}::/64`;
}
