/**
 * Keeps the kernel at the documents. A change is one nft transaction, so a packet sees the rules before it or after it.
 * When the kernel will not take a change, the change is taken back and everything is written anew: nothing is half done.
 */

import { setImmediate } from "node:timers/promises";
import { clock } from "../clock";
import type { TenantDocument } from "../protocol/document";
import type { GatewayId, TenantId } from "../protocol/ids";
import type { EntryChange } from "../state/entry-change";
import { printBase, printOwnInterfaces, replaceTable, type UplinkPort } from "./base";
import { Compiler } from "./compile";
import { type Count, parseCounts } from "./counts";
import { findWrongSets } from "./find-wrong-sets";
import type { Nft } from "./nft";
import { parseRefused, type Refused } from "./refused";
import type { Routes } from "./routes";
import { elementsIn, printDelta, table } from "./ruleset";
import { noSpread, printSpread, type Spread } from "./spread";
import { WrittenRules } from "./written-rules";

export interface Firewall {
  /** The whole ruleset in one transaction: what was there goes, what is wanted comes, no packet between. */
  load(range: string): Promise<void>;
  /** Where new connections are led; before the first load it is remembered for that. */
  spread(wanted: Spread): Promise<void>;
  /** Whether rules of ours, such as the agent before this one left, keep out what they do not allow. */
  isStanding(): Promise<boolean>;
  /** The range that the kernel's rules are for; null before the first load, and where it failed. */
  range(): string | null;
  /**
   * `document` holds the changes already. @throws when the kernel refused; then `takeBack` was called and the kernel
   * holds what the documents hold.
   */
  change(document: TenantDocument, changes: readonly EntryChange[], takeBack: () => void): Promise<void>;
  /**
   * Looks whether rules and routes stand in the kernel as they were written, and puts them back where somebody flushed the
   * host's ruleset (as a restart of Debian's nftables service does), or changed a chain, a rule or a route of ours.
   * @returns what was not as it was written, in words
   */
  verify(): Promise<string[]>;
  /**
   * The same of what is in sets and maps, which nft takes its time to read: for now and then.
   * @returns what did not have what the documents give, in words
   */
  verifyElements(): Promise<string[]>;
  /** Bytes and packets that each policy accepted since the last call, which begin again at none; empty without our table. */
  takeCounts(): Promise<Count[]>;
  /** A sample of what was refused since the last call; empty without our table. */
  takeRefused(): Promise<Refused[]>;
  /** Takes the table and the routing rules away. */
  clear(): Promise<void>;
}

export interface FirewallDeps {
  gatewayId: GatewayId;
  nft: Nft;
  routes: Routes;
  documents: () => Iterable<TenantDocument>;
  /** Devices of the links to other gateways, in the order of their marks. */
  links?: () => readonly string[];
  /** By which the host is reached by others than tenants. */
  ownInterfaces?: () => Promise<string[]>;
  /** Of the host, which are open to what comes by an uplink. */
  uplinkPorts?: readonly UplinkPort[];
}

/** What a look may take each time, and the part of all time that longer ones may take: one in so many. */
const unnoticedMs = 250;
const mostOfTime = 20;
const nextAfter = (begun: number) => {
  const took = performance.now() - begun;
  return took < unnoticedMs ? 0 : begun + took * mostOfTime;
};

export function createFirewall(deps: FirewallDeps): Firewall {
  const { gatewayId, nft, routes, documents, links = () => [] } = deps;
  const { ownInterfaces = async () => [], uplinkPorts } = deps;
  let compiler = new Compiler(gatewayId);
  let range: string | null = null;
  let spread = printSpread(noSpread);
  let own: string[] = [];
  /** False while nobody can say what the kernel has. */
  let isKnown = false;
  const written = new WrittenRules();
  /** Elements that were written since their sets began to be read, each behind its set's name; null while none are read. */
  let busy: Set<string> | null = null;
  let loads = 0;
  let nextLookAt = 0;
  let nextReadAt = 0;
  /** How often each tenant was compiled whole: what was staged before the newest of them is in it. */
  const compiled = new Map<TenantId, number>();
  let queue: Promise<unknown> = Promise.resolve();

  /** One at a time over all tenants: a change is compiled against what the kernel has after the one before it. */
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  };

  const apply = async (lines: readonly string[]) => {
    if (busy) for (const element of elementsIn(lines)) busy.add(element);
    await nft.apply(lines);
    written.note(lines);
  };

  const loadNow = async () => {
    if (range === null) return;
    isKnown = false;
    compiler = new Compiler(gatewayId);
    loads++;
    own = await ownInterfaces();
    const lines = [replaceTable, printBase(range, links(), uplinkPorts), ...printOwnInterfaces(own), ...spread];
    for (const document of documents()) {
      lines.push(...printDelta(compiler.add(document), clock.ms()));
      compiled.set(document.tenantId, (compiled.get(document.tenantId) ?? 0) + 1);
      // Clients may be waiting to be let in meanwhile.
      await setImmediate();
    }
    await apply(lines);
    isKnown = true;
    await routes.load(range, documents());
  };

  /** By its smallest set: to list a chain, nft first reads every element of every set there is (5 s at 100,000). */
  const findTable = () =>
    nft.apply([`list set ${table} uplink_names`]).then(
      () => true,
      () => false,
    );

  /** A default route may come, or go elsewhere, at any time. */
  const followOwnInterfaces = async () => {
    const now = await ownInterfaces();
    if (now.join() === own.join()) return;
    await apply(printOwnInterfaces(now));
    own = now;
  };

  /** Beside the changes, which do not wait for it; and with many rules not each time, for nft takes its time over them. */
  const findChanged = async () => {
    const begun = performance.now();
    if (!isKnown || begun < nextLookAt) return [];
    const changed = await written.findChanged(nft.list);
    nextLookAt = nextAfter(begun);
    return changed;
  };

  return {
    load: (wanted) =>
      exclusively(() => {
        range = wanted;
        return loadNow();
      }),
    spread: (wanted) =>
      exclusively(async () => {
        const lines = printSpread(wanted);
        if (lines.join() === spread.join()) return;
        spread = lines;
        if (range === null) return;
        // Where the kernel refuses, nobody knows what it has: the next load or verify writes everything.
        const wasKnown = isKnown;
        isKnown = false;
        if (!wasKnown) return loadNow();
        await apply(lines);
        isKnown = true;
      }),
    isStanding: () => exclusively(findTable),
    range: () => (isKnown ? range : null),
    change: (document, changes, takeBack) => {
      const before = compiled.get(document.tenantId);
      return exclusively(async () => {
        // Before the first configuration there is no table; load() will compile what the documents hold by then.
        if (range === null) return;
        try {
          if (!isKnown) return await loadNow();
          if (compiled.get(document.tenantId) !== before) return;
          const lines = printDelta(compiler.change(document, changes), clock.ms());
          if (lines.length > 0) await apply(lines);
        } catch (error) {
          takeBack();
          await loadNow();
          throw error;
        }
        if (changes.some(({ kind }) => kind === "tenant" || kind === "network" || kind === "uplink"))
          await routes.set(document);
      });
    },
    async verify() {
      const gone = await exclusively(async () => {
        if (range === null) return [];
        const wasKnown = isKnown;
        if (wasKnown && (await findTable())) {
          await followOwnInterfaces();
          return routes.verify();
        }
        await loadNow();
        return wasKnown ? ["all of the rules"] : [];
      });
      const changed = await findChanged();
      if (changed.length > 0) await exclusively(loadNow);
      return [...gone, ...changed.map((chain) => `the rules in ${chain}`)];
    },
    async verifyElements() {
      const begun = performance.now();
      if (!isKnown || begun < nextReadAt) return [];
      // Between two changes; what is written from now on is noted.
      const before = await exclusively(async () => {
        busy = new Set();
        return loads;
      });
      try {
        const json = await nft.listElements();
        if (loads !== before) return [];
        const wrong = findWrongSets(json, compiler.ruleset, clock.ms(), (set, key) => busy!.has(`${set} ${key}`));
        if (wrong.length > 0) await exclusively(loadNow);
        return wrong.map((set) => `what is in ${set}`);
      } finally {
        busy = null;
        nextReadAt = nextAfter(begun);
      }
    },
    // Between two changes, not beside one: nft reads again what a change made stale, and what it had reset would be lost.
    takeCounts: () =>
      exclusively(async () =>
        (await findTable()) ? parseCounts(await nft.read(`reset counters table ${table}`)) : [],
      ),
    takeRefused: () =>
      exclusively(async () => {
        if (!(await findTable())) return [];
        const refused = parseRefused(await nft.read(`list set ${table} refused`));
        const crowded = parseRefused(await nft.read(`list set ${table} crowded`), "too_many_connections");
        if (refused.length > 0) await nft.apply([`flush set ${table} refused`]);
        if (crowded.length > 0) await nft.apply([`flush set ${table} crowded`]);
        return [...refused, ...crowded];
      }),
    clear: () =>
      exclusively(async () => {
        range = null;
        spread = printSpread(noSpread);
        await nft.apply([`add table ${table}`, `delete table ${table}`]);
        await routes.clear();
      }),
  };
}
