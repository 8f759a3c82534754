/**
 * What policies let through, counted by the kernel and told to the control plane as differences: read and reset every
 * interval, and with it the sample of what was refused (refused.ts). A ruleset that is written anew after a fault begins
 * at none, so at most an interval's counts are lost.
 */

import type { Spool } from "../ledger/spool";
import type { Logger } from "../log";
import type { TenantDocument } from "../protocol/document";
import { maxRuleUses, type PolicyUse } from "../protocol/events";
import { ruleOfCounter } from "./compile-rules";
import { type AddressBook, type Refused, refusedPackets } from "./refused";

export interface Count {
  /** The counter's name. */
  name: string;
  bytes: number;
  packets: number;
}

/** Of nft's JSON, those that counted something. */
export function parseCounts(json: string): Count[] {
  const { nftables } = JSON.parse(json) as { nftables: { counter?: Count }[] };
  return nftables
    .flatMap(({ counter }) => counter ?? [])
    .filter(({ packets }) => packets > 0)
    .map(({ name, bytes, packets }) => ({ name, bytes, packets }));
}

/** In portions that an event holds. A tenant that is gone meanwhile is left out. */
export function usesOf(counts: readonly Count[], documents: Iterable<TenantDocument>): PolicyUse[][] {
  const tenants = new Map(
    [...documents].flatMap(({ tenantId, tenant }) => (tenant ? [[tenant.number, tenantId]] : [])),
  );
  const portions: PolicyUse[][] = [];
  for (let start = 0; start < counts.length; start += maxRuleUses) {
    const uses = new Map<string, PolicyUse>();
    for (const { name, bytes, packets } of counts.slice(start, start + maxRuleUses)) {
      const counted = ruleOfCounter(name);
      const tenantId = counted && tenants.get(counted.tenant);
      if (!tenantId) continue;
      const use = uses.get(tenantId) ?? { tenantId, policyIds: [], bytes: [], packets: [], rules: [] };
      uses.set(tenantId, use);
      add(use, counted.policyId, bytes, packets);
      use.rules!.push({ policyId: counted.policyId, rule: counted.rule, bytes, packets });
    }
    if (uses.size > 0) portions.push([...uses.values()]);
  }
  return portions;
}

/** A policy's counters need not come side by side. */
function add(use: PolicyUse, policyId: string, bytes: number, packets: number): void {
  let place = use.policyIds.indexOf(policyId);
  if (place === -1) place = use.policyIds.push(policyId) - 1;
  use.bytes[place] = (use.bytes[place] ?? 0) + bytes;
  use.packets[place] = (use.packets[place] ?? 0) + packets;
}

export interface Counting {
  /** Reads and tells now; call it before the ruleset is replaced or taken away. */
  tell(): Promise<void>;
  close(): void;
}

export interface CountingDependencies {
  firewall: { takeCounts(): Promise<Count[]>; takeRefused(): Promise<Refused[]> };
  documents: () => Iterable<TenantDocument>;
  addressBook: AddressBook;
  spool: Spool;
  log: Logger;
  everyMs: number;
}

export function startCounting({
  firewall,
  documents,
  addressBook,
  spool,
  log,
  everyMs,
}: CountingDependencies): Counting {
  let telling: Promise<void> = Promise.resolve();
  let isClosed = false;
  const tellUse = async () => {
    const counts = await firewall.takeCounts();
    if (isClosed) return;
    for (const tenants of usesOf(counts, documents())) spool.append({ type: "used", tenants });
  };
  const tellRefused = async () => {
    const refused = await firewall.takeRefused();
    if (isClosed) return;
    for (const tenants of refusedPackets(refused, addressBook)) spool.append({ type: "refused_packets", tenants });
  };
  const tellNow = async () => {
    await tellUse().catch((error) => log.warn({ err: error }, "what policies let through could not be counted"));
    await tellRefused().catch((error) => log.warn({ err: error }, "what was refused could not be read"));
  };
  const tell = () => {
    telling = telling.then(tellNow);
    return telling;
  };
  const timer = setInterval(() => void tell(), everyMs);
  timer.unref();
  return {
    tell,
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}
