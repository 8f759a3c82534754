import type { ClientRoutes } from "../auth/routes-of";
import { type Cidr, formatAddress, isInside, parseAddress, parseCidr } from "../protocol/addresses";
import { coverExactly, formatCidr } from "../protocol/cover";
import { netmask } from "./config";

export interface TunnelPlace {
  /** What the client takes for the network of its tunnel: all of it is sent there. */
  block: Cidr;
  /** Where its routes lead. Nobody has to be there: what is sent there goes into the tunnel. */
  nextHop: string;
}

/**
 * The smallest network that a client of any system takes an address in. It depends on the address alone, so that a client
 * that moves to another gateway finds everything as it was, and keeps its tunnel.
 *
 * Linux would take less; openvpn's driver for Windows answers DHCP as the last address but one, and wants that, the first
 * and the last for itself.
 */
export function placeOf(address: string): TunnelPlace {
  const own = parseAddress(address);
  for (let prefix = 29; prefix >= 0; prefix--) {
    const size = 2 ** (32 - prefix);
    const offset = own % size;
    const isFree = (at: number) => at > 0 && at < size - 2;
    if (!isFree(offset)) continue;
    const nextHop = own + (isFree(offset + 1) ? 1 : -1);
    return { block: { base: own - offset, prefix, size }, nextHop: formatAddress(nextHop) };
  }
  throw new RangeError(`no network has room for ${address}`);
}

/**
 * The options that tell a client its address and what to send into the tunnel. Of the routes those are left out that lie in
 * its own block, where one would lead the next hop to itself.
 * @param gatewayAddress of the gateways in the platform's range: names are answered there, and errors come from it
 */
export function addressOptions(address: string, { cidrs, areWhole }: ClientRoutes, gatewayAddress: string): string[] {
  const { block, nextHop } = placeOf(address);
  const isApart = (cidr: Cidr) => !(isInside(cidr.base, block) && cidr.prefix >= block.prefix);
  const told = [...coverExactly([parseAddress(gatewayAddress)]), ...cidrs.map(parseCidr)].filter(isApart);
  return [
    `ifconfig-push ${formatAddress(parseAddress(address))} ${netmask(formatCidr(block))}`,
    `push "route-gateway ${nextHop}"`,
    ...told.map((cidr) => `push "route ${formatAddress(cidr.base)} ${netmask(formatCidr(cidr))}"`),
    // One of them may hold the address at which the client dials the gateway; the tunnel would be led into itself.
    ...(areWhole ? ['push "route remote_host 255.255.255.255 net_gateway"'] : []),
  ];
}

/** Whether a client that was told the one set of routes sends all of the other into its tunnel. */
export function doRoute(address: string, told: ClientRoutes, wanted: ClientRoutes): boolean {
  const covered = [placeOf(address).block, ...told.cidrs.map(parseCidr)];
  const isCovered = (at: number, end: number): boolean =>
    at >= end || covered.some((one) => isInside(at, one) && isCovered(one.base + one.size, end));
  return wanted.cidrs.map(parseCidr).every(({ base, size }) => isCovered(base, base + size));
}
