/** What is asked and told of network devices, and of `ip` where its answer is read. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { commandEnv } from "./command-pipe";

/** The kernel's number of a device; null where there is none of that name. */
export function findDeviceIndex(device: string): number | null {
  try {
    return Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8"));
  } catch {
    return null;
  }
}

/** Sources are checked where a packet comes in, by openvpn and by nft; the reverse path filter knows neither. */
export async function allowAnySource(device: string): Promise<void> {
  await writeFile(`/proc/sys/net/ipv4/conf/${device}/rp_filter`, "0");
}

/** `ip -4 -j …`. `prefix` runs it elsewhere, e.g. in a network namespace. */
export async function readIp<T>(args: readonly string[], prefix: readonly string[] = []): Promise<T[]> {
  const [command, ...rest] = [...prefix, "ip", "-4", "-j", ...args];
  const options = { env: commandEnv, maxBuffer: 256 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(command!, rest, options);
  return JSON.parse(stdout || "[]") as T[];
}
