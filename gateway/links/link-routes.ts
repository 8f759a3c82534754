/**
 * The host's routes for links. A device at a peer is a /32 in `main` with a metric that lets a session here win; what is
 * marked as having come by a link looks up the link's own table, which leads back into it.
 */
import { linkMark } from "../firewall/base";
import type { Runner } from "../firewall/command-pipe";
import { findDeviceIndex, prepareDevice, readIp } from "../firewall/device";

const priority = 999;
/** Below those of tenants, which begin above 1000. */
const firstTable = 500;
/** Names these routes as ours, in the kernel's number space for whoever routes. */
const protocol = 219;
const metric = 1000;

export class LinkRoutes {
  /** Device by address, as far as the kernel is known to have it. */
  #located: Map<string, string> | null = null;
  #prepared = new Map<string, number>();
  #devices: string[] = [];

  constructor(private readonly ip: Runner) {}

  /** The rules that lead what is marked home; by the same numbers as the marks of base.ts. */
  async configure(devices: string[]): Promise<void> {
    this.#devices = devices;
    this.#prepared.clear();
    await this.#settleRules();
    if (devices.length === 0) await this.locate(new Map());
  }

  /**
   * Puts back what the kernel lost of the rules, and of each link's own table; routes to devices come back with the next
   * call of `locate`.
   * @returns what was not there, or not as it was written, in words
   */
  async verify(): Promise<string[]> {
    const changed = (await this.#settleRules()).map((rule) => `the routing rule "${rule}"`);
    // Of a device that has gone the routes went with it.
    const isThere = (device: string) => this.#prepared.get(device) === findDeviceIndex(device);
    for (const device of [...this.#prepared.keys()].filter(isThere)) {
      const table = this.#tableOf(device);
      const show = ["route", "show", "default", "table", String(table)];
      const [route] = await readIp<{ dev: string }>(show).catch(() => []);
      if (route?.dev === device) continue;
      await this.#run([`route replace default dev ${device} table ${table}`]);
      changed.push(`the route in table ${table}`);
    }
    const before = this.#located ?? new Map<string, string>();
    this.#located = await readLocated();
    for (const [address, device] of before)
      if (isThere(device) && this.#located.get(address) !== device) changed.push(`the route to ${address}`);
    return changed;
  }

  /** @returns what it added or took away, as `ip` is told */
  async #settleRules(): Promise<string[]> {
    const rules = await readIp<{ priority: number; fwmark?: string; table: string }>(["rule"]);
    const present = new Set(
      rules.filter((rule) => rule.priority === priority).map(({ fwmark, table }) => `${Number(fwmark)} ${table}`),
    );
    const wanted = new Set(this.#devices.map((_, index) => `${linkMark(index)} ${firstTable + index}`));
    const print = (key: string) => {
      const [mark, table] = key.split(" ");
      return `pref ${priority} fwmark ${mark} lookup ${table}`;
    };
    const missing = [...wanted].filter((key) => !present.has(key)).map(print);
    const foreign = [...present].filter((key) => !wanted.has(key)).map(print);
    await this.#run([...missing.map((rule) => `rule add ${rule}`), ...foreign.map((rule) => `rule del ${rule}`)]);
    return [...missing, ...foreign];
  }

  #tableOf(device: string): number {
    return firstTable + this.#devices.indexOf(device);
  }

  /** Once the link's openvpn has made its device, and again when it is another. */
  async prepare(device: string): Promise<void> {
    const index = findDeviceIndex(device);
    if (index === null) throw new Error("its device is not there yet");
    if (this.#prepared.get(device) === index) return;
    await this.#run([`link set ${device} up`]);
    await prepareDevice(device);
    await this.#run([`route replace default dev ${device} table ${this.#tableOf(device)}`]);
    // What was routed to the one before it went with that.
    for (const [address, located] of this.#located ?? []) if (located === device) this.#located!.delete(address);
    this.#prepared.set(device, index);
  }

  /** @param wanted device by address; links whose device is not there are tried again with the next call */
  async locate(wanted: Map<string, string>): Promise<void> {
    this.#located ??= await readLocated();
    const commands: string[] = [];
    const located = new Map<string, string>();
    for (const [address, device] of wanted) {
      if (!this.#prepared.has(device)) continue;
      located.set(address, device);
      if (this.#located.get(address) !== device)
        commands.push(`route replace ${address}/32 dev ${device} metric ${metric} proto ${protocol}`);
    }
    for (const [address, device] of this.#located)
      if (!located.has(address) && findDeviceIndex(device) !== null)
        commands.push(`route del ${address}/32 dev ${device} metric ${metric} proto ${protocol}`);
    try {
      await this.#run(commands);
      this.#located = located;
    } catch (error) {
      this.#located = null;
      throw error;
    }
  }

  async #run(commands: string[]): Promise<void> {
    if (commands.length === 0) return;
    const complaint = await this.ip.run(commands.join("\n"));
    if (complaint !== "") throw new Error(`ip refused: ${complaint}`);
  }
}

async function readLocated(): Promise<Map<string, string>> {
  const routes = await readIp<{ dst: string; dev: string }>([
    "route",
    "show",
    "table",
    "main",
    "proto",
    String(protocol),
  ]);
  return new Map(routes.map(({ dst, dev }) => [dst.replace(/\/32$/, ""), dev]));
}
