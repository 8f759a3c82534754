import { writeFile } from "node:fs/promises";
import type { Runner } from "./command-pipe";
import { findDeviceIndex, prepareDevice } from "./device";
import type { ReadRouting } from "./routes";

/** The host's side of a session: which tunnel holds a stable address. Idempotent. */
export interface Router {
  attach(vpnAddress: string, tunDevice: string): Promise<void>;
  detach(vpnAddress: string, tunDevice: string): Promise<void>;
  /** Addresses and sysctls of a process's tunnel device, which must exist. */
  prepareTun(tunDevice: string): Promise<void>;
  /** The tunnel by the address that the kernel routes to it. */
  attached(): Promise<Map<string, string>>;
}

export interface RouterDependencies {
  /** Kept, for what happens once a connection; see createIpPipe for how it must be told devices. */
  ipPipe: Runner;
  ip: Runner;
  /** The gateways' own address in the platform's range, the same on every tunnel. */
  rangeAddress: () => string;
  readRouting: () => Promise<ReadRouting>;
}

export function createRouter({ ipPipe, ip, rangeAddress, readRouting }: RouterDependencies): Router {
  return {
    async attach(vpnAddress, tunDevice) {
      const index = findDeviceIndex(tunDevice);
      if (index === null) throw new Error(`there is no device ${tunDevice}`);
      await mustSucceed(ipPipe, `route replace ${vpnAddress}/32 dev if${index}`);
    },
    async detach(vpnAddress, tunDevice) {
      const index = findDeviceIndex(tunDevice);
      // Gone with its device, or held by another tunnel by now (the session moved): both are what was asked for.
      if (index !== null)
        await mustSucceed(ipPipe, `route del ${vpnAddress}/32 dev if${index}`, /No such process|No such device/);
    },
    async prepareTun(tunDevice) {
      await mustSucceed(ip, `addr replace ${rangeAddress()}/32 dev ${tunDevice}\nlink set ${tunDevice} up`);
      await prepareDevice(tunDevice);
      // An uplink whose sources the host checks (rp_filter) has them looked up by the packet's mark, as its way is.
      await writeFile("/proc/sys/net/ipv4/conf/all/src_valid_mark", "1");
      await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
    },
    attached: async () => (await readRouting()).tunnels,
  };
}

async function mustSucceed(ip: Runner, batch: string, ignored?: RegExp): Promise<void> {
  const complaint = await ip.run(batch);
  if (complaint !== "" && !ignored?.test(complaint)) throw new Error(`ip refused "${batch}": ${complaint}`);
}
