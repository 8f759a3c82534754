import { writeFile } from "node:fs/promises";
import type { Runner } from "./command-pipe";

/** The host's side of a session: which tunnel holds a stable address. Idempotent. */
export interface Router {
  attach(vpnAddress: string, tunDevice: string): Promise<void>;
  detach(vpnAddress: string, tunDevice: string): Promise<void>;
  /** Addresses and sysctls of a process's tunnel device, which must exist. */
  prepareTun(tunDevice: string): Promise<void>;
}

/** `rangeAddress` is the gateways' own address in the platform's range, the same on every tunnel. */
export function createRouter(ip: Runner, rangeAddress: () => string): Router {
  const run = async (batch: string, ignored?: RegExp) => {
    const complaint = await ip.run(batch);
    if (complaint !== "" && !ignored?.test(complaint)) throw new Error(`ip refused "${batch}": ${complaint}`);
  };
  return {
    attach: (vpnAddress, tunDevice) => run(`route replace ${vpnAddress}/32 dev ${tunDevice}`),
    // Gone already, or held by another tunnel by now (the session moved): both are what was asked for.
    detach: (vpnAddress, tunDevice) =>
      run(`route del ${vpnAddress}/32 dev ${tunDevice}`, /No such process|Cannot find device/),
    async prepareTun(tunDevice) {
      await run(`addr replace ${rangeAddress()}/32 dev ${tunDevice}\nlink set ${tunDevice} up`);
      // The source of every packet is checked by openvpn and by nft; the reverse path filter knows neither.
      await writeFile(`/proc/sys/net/ipv4/conf/${tunDevice}/rp_filter`, "0");
      await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
    },
  };
}
