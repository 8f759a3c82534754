/**
 * Which uplink a tenant's packets take. Two tenants may both have 10.0.0.0/24, so each tenant's blocks look up a table of
 * the tenant's own, `1000 + number`, which ends in `unreachable`: a packet never falls through to somebody else's route.
 * The platform's range itself is looked up in `main`, where each session's /32 points to the tunnel that holds it; what is
 * not there is dropped without a word, as the rules drop what nothing allows, so that nobody learns who is connected.
 *
 * Only packets that our table has marked are led by these rules, and whatever else is to be forwarded (what did not begin
 * on this host comes in by another interface than `lo`) ends in `blackhole`. So where somebody flushed the host's ruleset,
 * and in the moment in which it comes back, nothing is forwarded. What is for the host itself, or from it, is left alone.
 *
 * `set` is idempotent and writes only what differs from what it last saw; what could not be written (an interface that is
 * not there yet, or came back without its routes) is a warning and is tried again.
 */
import type { TenantDocument } from "../protocol/document";
import type { GatewayId, TenantId } from "../protocol/ids";
import { ownMark } from "./base";
import type { Runner } from "./command-pipe";
import { readIp } from "./device";

const rangePriority = 1000;
const tenantPriority = 1001;
const lastPriority = 1002;
const nothingElse = `pref ${lastPriority} not iif lo blackhole`;
const firstTable = 1000;

/** As `ip` writes them: rules without their verb, routes by `table prefix`. */
export interface RoutingState {
  rules: Set<string>;
  routes: Map<string, string>;
}

/** All that is ours in the kernel. */
export interface ReadRouting extends RoutingState {
  /** The tunnel by the stable address that is routed to it. */
  tunnels: Map<string, string>;
}

export class Routes {
  readonly #desired = new Map<TenantId, RoutingState>();
  #range: string | null = null;
  #actual: RoutingState = { rules: new Set(), routes: new Map() };
  #complaints: string[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly gatewayId: GatewayId,
    private readonly ip: Runner,
    private readonly readActual: () => Promise<ReadRouting> = readRouting,
  ) {}

  /** Everything anew: at the start, and when the range changes. */
  async load(range: string, documents: Iterable<TenantDocument>): Promise<void> {
    this.#range = range;
    this.#desired.clear();
    for (const document of documents) this.#put(document);
    await this.verify();
  }

  set(document: TenantDocument): Promise<void> {
    this.#put(document);
    return this.#enqueue(() => this.#settle());
  }

  /**
   * Looks at what the kernel has, and mends it.
   * @returns what is other than it was when we last looked or wrote, in words
   */
  verify(): Promise<string[]> {
    return this.#enqueue(async () => {
      const before = this.#actual;
      this.#actual = await this.readActual();
      const changed = differences(before, this.#actual);
      await this.#settle();
      return changed;
    });
  }

  /** Takes away all rules and tables of ours. */
  async clear(): Promise<void> {
    this.#range = null;
    this.#desired.clear();
    await this.verify();
  }

  /** What the kernel would not take, in `ip`'s words. */
  complaints(): readonly string[] {
    return this.#complaints;
  }

  #put(document: TenantDocument): void {
    const compiled = this.#range && compileRouting(document, this.gatewayId, this.#range);
    if (compiled) this.#desired.set(document.tenantId, compiled);
    else this.#desired.delete(document.tenantId);
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #settle(): Promise<void> {
    const rules = new Set<string>();
    const routes = new Map<string, string>();
    if (this.#range) {
      rules.add(nothingElse);
      rules.add(`pref ${rangePriority} to ${this.#range} fwmark ${ownMark} lookup main`);
    }
    for (const desired of this.#desired.values()) {
      for (const rule of desired.rules) rules.add(rule);
      for (const [key, target] of desired.routes) routes.set(key, target);
    }
    // Added before anything is taken away, and tables before the rules that lead to them: no packet sees a gap.
    const commands: string[] = [];
    for (const [key, target] of routes)
      if (this.#actual.routes.get(key) !== target) commands.push(routeCommand("replace", key, target));
    for (const rule of rules) if (!this.#actual.rules.has(rule)) commands.push(`rule add ${rule}`);
    for (const rule of this.#actual.rules) if (!rules.has(rule)) commands.push(`rule del ${rule}`);
    for (const [key, target] of this.#actual.routes)
      if (!routes.has(key)) commands.push(routeCommand("del", key, target));
    this.#actual = { rules, routes };
    if (commands.length === 0) return;
    const complaint = await this.ip.run(commands.join("\n")).catch((error) => String(error));
    this.#complaints =
      complaint === "" ? [] : complaint.split("\n").filter((line) => !line.startsWith("Command failed"));
    if (complaint !== "") this.#actual = await this.readActual();
  }
}

export function compileRouting(
  { tenant, networks, uplinks }: TenantDocument,
  gatewayId: GatewayId,
  range: string,
): RoutingState | null {
  if (tenant?.state !== "active") return null;
  const table = firstTable + tenant.number;
  const uplink = uplinks.get(gatewayId);
  const routes = new Map<string, string>([
    [`${table} default`, "unreachable"],
    [`${table} ${range}`, "blackhole"],
  ]);
  if (uplink) {
    const target = `${uplink.nextHop ? `via ${uplink.nextHop} ` : ""}dev ${uplink.interface}`;
    for (const { cidr } of networks.values()) routes.set(`${table} ${cidr}`, target);
  }
  return {
    rules: new Set(
      tenant.blocks.map((block) => `pref ${tenantPriority} from ${block} fwmark ${ownMark} lookup ${table}`),
    ),
    routes,
  };
}

/** Kinds of routes that lead nowhere. */
const endings = new Set(["unreachable", "blackhole"]);

function routeCommand(verb: "replace" | "del", key: string, target: string): string {
  const [table, prefix] = key.split(" ") as [string, string];
  return endings.has(target)
    ? `route ${verb} ${target} ${prefix} table ${table}`
    : `route ${verb} ${prefix} ${target} table ${table}`;
}

interface RuleJson {
  priority: number;
  src: string;
  srclen?: number;
  dst?: string;
  dstlen?: number;
  fwmark?: string;
  fwmask?: string;
  /** Null where the rule is for what does not match. */
  not?: null;
  iif?: string;
  /** Of a rule that ends there, in place of a table. */
  action?: string;
  table?: string;
}

interface RouteJson {
  type?: string;
  dst: string;
  gateway?: string;
  dev?: string;
  table?: string;
}

/** As `ip rule add` takes it, its parts in the order of the rules above. */
function printRule(rule: RuleJson): string {
  const parts = [`pref ${rule.priority}`];
  if (rule.not === null) parts.push("not");
  if (rule.src !== "all") parts.push(`from ${rule.src}/${rule.srclen ?? 32}`);
  if (rule.dst) parts.push(`to ${rule.dst}/${rule.dstlen ?? 32}`);
  if (rule.fwmark) parts.push(`fwmark ${rule.fwmark}${rule.fwmask ? `/${rule.fwmask}` : ""}`);
  if (rule.iif) parts.push(`iif ${rule.iif}`);
  parts.push(rule.action ?? `lookup ${rule.table}`);
  return parts.join(" ");
}

/** What of ours is in the kernel, by priority and table number. */
export async function readRouting(prefix: readonly string[] = []): Promise<ReadRouting> {
  const rules = new Set<string>();
  for (const rule of await readIp<RuleJson>(["rule"], prefix))
    if ([rangePriority, tenantPriority, lastPriority].includes(rule.priority)) rules.add(printRule(rule));
  const routes = new Map<string, string>();
  const tunnels = new Map<string, string>();
  for (const route of await readIp<RouteJson>(["route", "show", "table", "all"], prefix)) {
    if (route.table === undefined && route.dev?.startsWith("db-")) tunnels.set(route.dst, route.dev);
    const table = Number(route.table);
    if (!(table > firstTable)) continue;
    const prefix = route.dst === "default" || route.dst.includes("/") ? route.dst : `${route.dst}/32`;
    const isEnding = route.type !== undefined && endings.has(route.type);
    const target = isEnding ? route.type! : `${route.gateway ? `via ${route.gateway} ` : ""}dev ${route.dev}`;
    routes.set(`${table} ${prefix}`, target);
  }
  return { rules, routes, tunnels };
}

function differences(before: RoutingState, now: RoutingState): string[] {
  const rules = [...before.rules].filter((rule) => !now.rules.has(rule));
  const routes = [...before.routes].filter(([key, target]) => now.routes.get(key) !== target);
  return [
    ...rules.map((rule) => `the routing rule "${rule}"`),
    ...[...now.rules].filter((rule) => !before.rules.has(rule)).map((rule) => `a routing rule "${rule}" more`),
    ...routes.map(([key]) => `the route to ${key.split(" ")[1]} in table ${key.split(" ")[0]}`),
    ...[...now.routes.keys()].filter((key) => !before.routes.has(key)).map((key) => `a route to ${key.split(" ")[1]} more in table ${key.split(" ")[0]}`), // biome-ignore format: one line
  ];
}
