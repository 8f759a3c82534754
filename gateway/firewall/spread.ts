/**
 * Spreads new connections over openvpn processes, in the kernel: a front is a port that clients are told of, and each new
 * flow to it is led to the next process of its protocol in turn. Conntrack keeps a flow at the process where it began, so
 * a change here moves nobody; a client that comes from another port is led back to its process: see `printStrays`. And
 * bounds who knocks, before openvpn keeps anything of it: see `printKnockLimits`. Pure: text for nft.
 */
import type { FrontConfig } from "../protocol/api";
import { table } from "./ruleset";

export interface Spread {
  fronts: readonly FrontConfig[];
  /** Every process, for what comes to its own port past the front is dropped; new flows are led to those that take them. */
  processes: readonly {
    protocol: "udp" | "tcp";
    port: number;
    isTaking: boolean;
    /** Reached at its own port: no front leads to it. */
    isForOldClients?: true | undefined;
  }[];
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
    `add chain ${table} strays { type filter hook prerouting priority raw; policy accept; }`,
    `add chain ${table} answers { type filter hook output priority raw; policy accept; }`,
    `add chain ${table} stray_answers { type nat hook postrouting priority srcnat; policy accept; }`,
    ...["fronts", "doors", "strays", "answers", "stray_answers"].map((chain) => `flush chain ${table} ${chain}`),
  ];
  lines.push(...printKnockLimits(processes));
  for (const protocol of ["udp", "tcp"] as const) {
    const ports = fronts.filter((front) => front.protocol === protocol).map(({ port }) => port);
    const behind = processes.filter((process) => process.protocol === protocol && !process.isForOldClients);
    if (ports.length === 0 || behind.length === 0) continue;
    const taking = behind.filter(({ isTaking }) => isTaking).map(({ port }) => port);
    if (taking.length > 0)
      lines.push(
        `add rule ${table} fronts fib daddr . iif type local ${protocol} dport ${anyOf(ports)} redirect to :${inTurn(taking)}`,
      );
    else lines.push(`add rule ${table} doors ${protocol} dport ${anyOf(ports)} drop`);
    const own = behind.map(({ port }) => port);
    lines.push(`add rule ${table} doors ${protocol} dport ${anyOf(own)} ct status & (snat | dnat) == 0 drop`);
    if (protocol === "udp" && own.length > 1) lines.push(...printStrays(ports, own));
  }
  return lines;
}

/**
 * A stray is a packet of a session that begins nothing and comes from where no process has a client: a NAT on its way has
 * given the client another port. Nothing in it says which process it is for, but only that one can read it, and from then
 * on answers there. So strays go to the processes in turn, past conntrack, which would keep them at the wrong one; with the
 * answer conntrack learns the flow. All of it is by port and not by address: many may be behind one NAT.
 *
 * Rules that have just come do not know yet whom processes answer, which ping each second; until then nothing is a stray.
 */
function printStrays(fronts: readonly number[], own: readonly number[]): string[] {
  return [
    `add set ${table} answered { type ipv4_addr . inet_service; size 262144; flags dynamic, timeout; timeout 30s; }`,
    `add map ${table} stray_fronts { type ipv4_addr . inet_service : inet_service; size 65535; flags dynamic, timeout; timeout 30s; }`,
    `add set ${table} learning { type inet_proto; flags timeout; }`,
    `add element ${table} learning { udp timeout 3s }`,
    `add rule ${table} answers udp sport ${anyOf(own)} update @answered { ip daddr . udp dport }`,
    `add rule ${table} strays udp dport ${anyOf(fronts)} ${beginsNothing} ip saddr . udp sport != @answered meta l4proto != @learning fib daddr . iif type local update @stray_fronts { ip saddr . udp sport : udp dport } notrack udp dport set ${inTurn(own)}`,
    `add rule ${table} stray_answers udp sport ${anyOf(own)} snat to :ip daddr . udp dport map @stray_fronts`,
  ];
}

/**
 * What one address may begin is bounded, at a rate that lets an office of hundreds in within seconds: what openvpn keeps of
 * each, 60 kB over UDP and 180 over TCP, it keeps for as long as a handshake may take. Over UDP a source can be forged.
 * Clients from 2.6 say in their first packet that they are to be asked whether it is theirs, and openvpn keeps nothing of
 * them until they have answered. For older ones it must: of all of those together only so many are let on, so that
 * whoever forges them keeps out old clients at most. At the port for clients without tls-crypt-v2 all are asked.
 */
function printKnockLimits(processes: Spread["processes"]): string[] {
  const portsOf = (those: Spread["processes"]) => those.map(({ port }) => port);
  const overUdp = processes.filter(({ protocol }) => protocol === "udp");
  const udp = portsOf(overUdp.filter(({ isForOldClients }) => !isForOldClients));
  const oldUdp = portsOf(overUdp.filter(({ isForOldClients }) => isForOldClients));
  const tcp = portsOf(processes.filter(({ protocol }) => protocol === "tcp"));
  const set = (name: string) =>
    `add set ${table} ${name} { type ipv4_addr; size 65535; flags dynamic, timeout; timeout 1m; }`;
  const lines = [set("udp_knockers"), set("tcp_knockers")];
  const perSource = "update @udp_knockers { ip saddr limit rate over 100/second burst 500 packets } drop";
  if (oldUdp.length > 0)
    lines.push(`add rule ${table} doors udp dport ${anyOf(oldUdp)} ${oldFirstPacket} ${perSource}`);
  if (udp.length > 0)
    lines.push(
      `add rule ${table} doors udp dport ${anyOf(udp)} ${firstPacket} ${perSource}`,
      `add rule ${table} doors udp dport ${anyOf(udp)} ${firstPacket} ${isUnasked} limit rate over 50/second burst 300 packets drop`,
    );
  if (tcp.length > 0)
    lines.push(
      `add rule ${table} doors tcp dport ${anyOf(tcp)} ct state new update @tcp_knockers { ip saddr limit rate over 50/second burst 300 packets } drop`,
    );
  return lines;
}

/** P_CONTROL_HARD_RESET_CLIENT_V3, the only one that tls-crypt-v2 knows: behind the UDP header, 8 bytes. */
const firstPacket = "@th,64,8 0x50";
/** P_CONTROL_HARD_RESET_CLIENT_V2. */
const oldFirstPacket = "@th,64,8 0x38";
/** By its kind alone, whatever its key's number. */
const beginsNothing = "@th,64,8 & 0xf8 != 0x50";
/** The number of the packet, behind its kind and the session's id, does not begin with 0x0f. */
const isUnasked = "@th,136,8 != 0x0f";

const anyOf = (ports: readonly number[]) => (ports.length === 1 ? String(ports[0]) : `{ ${ports.join(", ")} }`);

function inTurn(ports: readonly number[]): string {
  if (ports.length === 1) return String(ports[0]);
  return `numgen inc mod ${ports.length} map { ${ports.map((port, index) => `${index} : ${port}`).join(", ")} }`;
}
