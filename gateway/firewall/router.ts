import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Runner } from "./command-pipe";

/** The host's side of a session: which tunnel holds a stable address. Idempotent. */
export interface Router {
  attach(vpnAddress: string, tunDevice: string): Promise<void>;
  detach(vpnAddress: string, tunDevice: string): Promise<void>;
  /** Addresses and sysctls of a process's tunnel device, which must exist. */
  prepareTun(tunDevice: string): Promise<void>;
}

export interface RouterDependencies {
  /** Kept, for what happens once a connection; see createIpPipe for how it must be told devices. */
  ipPipe: Runner;
  ip: Runner;
  /** The gateways' own address in the platform's range, the same on every tunnel. */
  rangeAddress: () => string;
}

export function createRouter({ ipPipe, ip, rangeAddress }: RouterDependencies): Router {
  return {
    async attach(vpnAddress, tunDevice) {
      const index = findIndex(tunDevice);
      if (index === null) throw new Error(`there is no device ${tunDevice}`);
      await mustSucceed(ipPipe, `route replace ${vpnAddress}/32 dev if${index}`);
    },
    async detach(vpnAddress, tunDevice) {
      const index = findIndex(tunDevice);
      // Gone with its device, or held by another tunnel by now (the session moved): both are what was asked for.
      if (index !== null)
        await mustSucceed(ipPipe, `route del ${vpnAddress}/32 dev if${index}`, /No such process|No such device/);
    },
    async prepareTun(tunDevice) {
      await mustSucceed(ip, `addr replace ${rangeAddress()}/32 dev ${tunDevice}\nlink set ${tunDevice} up`);
      // The source of every packet is checked by openvpn and by nft; the reverse path filter knows neither.
      await writeFile(`/proc/sys/net/ipv4/conf/${tunDevice}/rp_filter`, "0");
      await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
    },
  };
}

async function mustSucceed(ip: Runner, batch: string, ignored?: RegExp): Promise<void> {
  const complaint = await ip.run(batch);
  if (complaint !== "" && !ignored?.test(complaint)) throw new Error(`ip refused "${batch}": ${complaint}`);
}

function findIndex(device: string): number | null {
  try {
    return Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8"));
  } catch {
    return null;
  }
}
