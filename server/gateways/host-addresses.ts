import { lookup } from "node:dns/promises";
import { isIPv4 } from "node:net";

const patienceMs = 1_000;

/**
 * The IPv4 addresses of hosts, by name or by address, in the order of the hosts. A name that cannot be looked up within a
 * second has none.
 */
export async function addressesOf(hosts: string[]): Promise<string[][]> {
  return Promise.all(hosts.map((host) => (isIPv4(host) ? [host] : lookUp(host))));
}

function lookUp(host: string): Promise<string[]> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve([]), patienceMs);
    lookup(host, { family: 4, all: true })
      .then(
        (found) => resolve(found.map(({ address }) => address)),
        () => resolve([]),
      )
      .finally(() => clearTimeout(timer));
  });
}
