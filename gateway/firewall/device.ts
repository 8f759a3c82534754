/** What is asked and told of network devices, and of `ip` where its answer is read. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { CommandShell } from "./command-shell";

/** The kernel's number of a device; null where there is none of that name. */
export function findDeviceIndex(device: string): number | null {
  try {
    return Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8"));
  } catch {
    return null;
  }
}

/**
 * Sources are checked where a packet comes in, by openvpn and by nft; the reverse path filter knows neither. And whom a
 * packet goes back to by the tunnel that it came from is not told to whoever sent it, before anything has judged it; `all`
 * is set for that too, for the kernel takes either's word.
 */
export async function prepareDevice(device: string): Promise<void> {
  const settings = { [`${device}/rp_filter`]: "0", [`${device}/send_redirects`]: "0", "all/send_redirects": "0" };
  for (const [name, value] of Object.entries(settings)) await writeFile(`/proc/sys/net/ipv4/conf/${name}`, value);
}

/**
 * The devices by which the host itself is reached: of its default routes, and the one that has the address of its API.
 * @param apiHost may be no address, or every one
 */
export async function findOwnInterfaces(apiHost: string): Promise<string[]> {
  const routes = await readIp<{ dev?: string }>(["route", "show", "default", "table", "main"]);
  const addresses = await readIp<{ ifname: string; addr_info: { local: string }[] }>(["address", "show"]);
  const holders = addresses.filter(({ addr_info }) => addr_info.some(({ local }) => local === apiHost));
  return [...new Set([...routes.flatMap(({ dev }) => dev ?? []), ...holders.map(({ ifname }) => ifname)])].sort();
}

const shell = new CommandShell();

/** `ip -4 -j …`. `prefix` runs it elsewhere, e.g. in a network namespace. @throws with `ip`'s own words */
export async function readIp<T>(args: readonly string[], prefix: readonly string[] = []): Promise<T[]> {
  return JSON.parse((await shell.run([...prefix, "ip", "-4", "-j", ...args])) || "[]") as T[];
}
