import { execFile } from "node:child_process";

/** `2.6.14`. @throws when the program is not there. Old ones say their version and exit with 1. */
export async function readVersion(openvpnBin: string): Promise<string> {
  const output = await new Promise<string>((resolve, reject) => {
    execFile(openvpnBin, ["--version"], { timeout: 10_000 }, (error, stdout) => {
      if (stdout) resolve(stdout);
      else reject(error ?? new Error(`${openvpnBin} does not say its version`));
    });
  });
  const version = /^OpenVPN (\d+\.\d+[^\s]*)/.exec(output)?.[1];
  if (!version) throw new Error(`${openvpnBin} is not openvpn: it says ${JSON.stringify(output.slice(0, 80))}`);
  return version;
}

/**
 * 2.6.1 to 2.6.13 end at one packet of whoever has a tls-crypt-v2 key (CVE-2025-2704); before 2.6.11 a client could keep a
 * session that it was told to leave (CVE-2024-28882); 2.5 and older keep something of each forged first packet and are no
 * longer mended. Of later faults the number tells nothing: distributions mend them without changing it.
 */
const floor = [2, 6, 14];

/** What is to be said of a gateway's openvpn, for its age; null where nothing is. */
export function findVersionFault(version: string): string | null {
  const numbers = version.split(/[._]/, 3).map((part) => Number.parseInt(part, 10));
  const at = floor.findIndex((number, index) => (numbers[index] ?? 0) !== number);
  if (at === -1 || (numbers[at] ?? 0) > floor[at]!) return null;
  return `openvpn is ${version}, older than ${floor.join(".")}: whoever has a profile can stop it (CVE-2025-2704). Upgrade it, unless its package is known to have that mended.`;
}
