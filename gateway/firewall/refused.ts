/**
 * Packets that nothing gave, sampled by the kernel and told to the control plane: who sent them, to what, on which port,
 * how many. What the kernel keeps is bounded (base.ts): so many flows in all, and so many new ones of a sender. Of a flow
 * that is told the packets were at least that many: those in the moment between reading and forgetting are not counted.
 */
import type { Protocol, TenantDocument } from "../protocol/document";
import { maxRefusedFlows, type RefusalReason, type RefusedPackets } from "../protocol/events";
import type { AccountId, DeviceId } from "../protocol/ids";

/** One element of the kernel's set. */
export interface Refused {
  source: string;
  destination: string;
  protocol: Protocol;
  /** Null for icmp. */
  port: number | null;
  packets: number;
  /** Where it was not for want of a policy. */
  reason?: RefusalReason;
}

/** Of nft's JSON. */
export function parseRefused(json: string, reason?: RefusalReason): Refused[] {
  const { nftables } = JSON.parse(json) as { nftables: { set?: { elem?: Element[] } }[] };
  return nftables
    .flatMap(({ set }) => set?.elem ?? [])
    .flatMap(({ elem: { val, counter } }) => {
      const [source, destination, name, port] = val.concat;
      const protocol = protocols[name];
      if (!protocol || !counter) return [];
      const flow = { source, destination, protocol, port: protocol === "icmp" ? null : port, packets: counter.packets };
      return reason ? { ...flow, reason } : flow;
    });
}

interface Element {
  elem: {
    val: { concat: [source: string, destination: string, protocol: string | number, port: number] };
    counter?: { packets: number };
  };
}

/** A host without /etc/protocols has nft print numbers. */
const protocols: Record<string, Protocol | undefined> = {
  tcp: "tcp",
  udp: "udp",
  icmp: "icmp",
  6: "tcp",
  17: "udp",
  1: "icmp",
};

/** Whose an address is. */
export interface AddressBook {
  /** Who sends by that stable address: exactly one of the two ids. Undefined for nobody that there is by now. */
  findSender(
    address: string,
  ): { document: TenantDocument; accountId: AccountId | null; deviceId: DeviceId | null } | undefined;
  findDevice(document: TenantDocument, address: string): DeviceId | undefined;
}

/** In portions that an event holds. What a sender sent who is gone meanwhile is left out. */
export function refusedPackets(all: readonly Refused[], book: AddressBook): RefusedPackets[][] {
  const portions: RefusedPackets[][] = [];
  for (let start = 0; start < all.length; start += maxRefusedFlows) {
    const tenants = new Map<string, RefusedPackets>();
    for (const { source, ...flow } of all.slice(start, start + maxRefusedFlows)) {
      const sender = book.findSender(source);
      if (!sender) continue;
      const { document, accountId, deviceId } = sender;
      const { tenantId } = document;
      const told = tenants.get(tenantId) ?? { tenantId, flows: [] };
      tenants.set(tenantId, told);
      const targetId = book.findDevice(document, flow.destination) ?? null;
      told.flows.push({ accountId, deviceId, targetId, ...flow });
    }
    if (tenants.size > 0) portions.push([...tenants.values()]);
  }
  return portions;
}
