/**
 * Spreads new connections over openvpn processes, in the kernel: a front is a port that clients are told of, and each new
 * flow to it is led to the next process of its protocol in turn. Conntrack keeps a flow at the process where it began, so
 * a change here moves nobody. Pure: text for nft.
 */
import type { FrontConfig } from "../protocol/api";
import { table } from "./ruleset";

export interface Spread {
  fronts: readonly FrontConfig[];
  /** Every process, for what comes to its own port past the front is dropped; new flows are led to those that take them. */
  processes: readonly { protocol: "udp" | "tcp"; port: number; isTaking: boolean }[];
}

export const noSpread: Spread = { fronts: [], processes: [] };

/**
 * nft commands that put this spread in the place of the one before. Where no process of a protocol takes connections, the
 * front's flows are dropped, and the client goes to its next remote when that does not answer.
 *
 * Only what is sent to the address of the interface that it comes in by is led on: traffic to devices may have any port,
 * and `redirect` would otherwise get past the strong host model of base.ts.
 */
export function printSpread({ fronts, processes }: Spread): string[] {
  const lines = [
    `add chain ${table} fronts { type nat hook prerouting priority dstnat; policy accept; }`,
    `add chain ${table} doors { type filter hook input priority filter - 10; policy accept; }`,
    `flush chain ${table} fronts`,
    `flush chain ${table} doors`,
  ];
  for (const protocol of ["udp", "tcp"] as const) {
    const ports = fronts.filter((front) => front.protocol === protocol).map(({ port }) => port);
    const behind = processes.filter((process) => process.protocol === protocol);
    if (ports.length === 0 || behind.length === 0) continue;
    const taking = behind.filter(({ isTaking }) => isTaking).map(({ port }) => port);
    if (taking.length > 0)
      lines.push(
        `add rule ${table} fronts fib daddr . iif type local ${protocol} dport ${anyOf(ports)} redirect to :${inTurn(taking)}`,
      );
    else lines.push(`add rule ${table} doors ${protocol} dport ${anyOf(ports)} drop`);
    const own = behind.map(({ port }) => port);
    lines.push(`add rule ${table} doors ${protocol} dport ${anyOf(own)} ct status & dnat != dnat drop`);
  }
  return lines;
}

const anyOf = (ports: readonly number[]) => (ports.length === 1 ? String(ports[0]) : `{ ${ports.join(", ")} }`);

function inTurn(ports: readonly number[]): string {
  if (ports.length === 1) return String(ports[0]);
  return `numgen inc mod ${ports.length} map { ${ports.map((port, index) => `${index} : ${port}`).join(", ")} }`;
}
