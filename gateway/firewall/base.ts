import { table } from "./ruleset";

/**
 * The fixed part of the table. Default deny: what no line accepts is not forwarded.
 *
 * forward: only a tunnel may begin a flow, and only out by its own tenant's uplink or to another tunnel; only that may
 *   answer. Who may reach what is decided by the client's stable address, in both directions by the flow's first packet:
 *   only people are in the map and only devices in the sets, so a device cannot begin, behind an uplink or on a tunnel, a
 *   client cannot reach a client, and a forged address from another tenant's uplink meets no block. What a tunnel sends
 *   bears its own address: openvpn drops the rest.
 *   A person's address gives the number of a combination of policies, and only that leads to its chain: were chains
 *   named by address, the kernel would walk all of 100,000 at each change of one of them (60 ms in place of 1). The number
 *   goes from one map to the other as the packet's mark.
 * begin: the kernel's table of connections is one for all tenants, so each person and each tenant has a part of it, and
 *   whoever has filled theirs begins nothing more until some of it ends. Looked at for a flow's first packets only.
 * crowd: where such a flow ends, a sample of which is kept as refuse does.
 * judge: takes off the mark, which guard.ts lets nothing pass with; what begins a flow goes through begin; then a person or a device on hold, then what is over the account's ceiling (see ceilings.ts), then what policies
 *   give, then what is granted. Holds and grants are timed elements, which the kernel lets lapse by itself. A held device is
 *   named by its tenant's block and its address, which another tenant may have too.
 * refuse: where what nothing gave ends, and a sample of it is kept for people to read (see refused.ts): what somebody on a
 *   tunnel began, by destination, protocol and port; a ping has 2048, its type and code. What is known is counted by being
 *   found, all of it; what is new is limited by its sender, so that a port scan takes nobody else's place. Not kept are
 *   replies, which somebody else began, TCP that does not begin a flow, and what came by a link, which was judged before.
 * prerouting: a packet from an uplink that claims an address of the platform's range is a forgery. One to such an address
 *   that would end here would be told so only where somebody is connected, before anything has judged it. What may be forwarded
 *   at all, because it comes from a tunnel, a link or an uplink, is marked; what bears no mark is not routed (routes.ts), so
 *   a host whose ruleset somebody flushed forwards nothing. The kernel takes hooks away one by one, in the order in which
 *   they came, and goes on running their rules, but not finding their sets' elements: so this chain stands first, and who
 *   is marked is told by sets, or a packet would be marked that nothing judges any more.
 * homeward: between tunnels of two gateways both judge, by the same lines. What a link brings is marked, so that its
 *   replies go back by the same link, wherever the person is; each packet of the person's marks anew, for they may move.
 * input: a tunnel reaches nothing of the host but the names of devices, at a rate that one client needs. A packet to an
 *   address of ours must come in by the interface that has it (strong host model), so the API on the management address
 *   is not there for anybody who comes by another way. What is behind an uplink is the tenants', and reaches no port of the
 *   host but those that the operator opened, for a routing protocol, say; unless the uplink is the host's own way to the
 *   world too (own_interfaces), as with a single network card. What else it may begin, a ping say, takes a place in the
 *   table of connections, so each uplink may begin so much; questions for names take none (names). The rest of the host's own rules are left alone: `accept` here ends this chain only.
 */
export function printBase(
  range: string,
  links: readonly string[] = [],
  uplinkPorts: readonly UplinkPort[] = [],
): string {
  return `table ${table} {
  map people { type ipv4_addr : mark; }
  map combinations { type mark : verdict; }
  map rates { type ipv4_addr : mark; }
  map ceilings { type mark : verdict; }
  map grantees { type ipv4_addr : verdict; }
  set held { type ipv4_addr; flags timeout; }
  set held_devices { type ipv4_addr . ipv4_addr; flags interval, timeout; }
  set uplinks { type ifname . ipv4_addr; flags interval; }
  set uplink_names { type ifname; }
  set own_interfaces { type ifname; }
  set uplinks_knocking { type ifname; size 65535; flags dynamic; }
  set uplink_ports { type inet_proto . inet_service; ${elementsOf(uplinkPorts)} }
  set tunnel_names { type ifname; flags interval; elements = { "db-*", "dl-*" } }
  set dns_askers { type ipv4_addr; size 65535; flags dynamic, timeout; timeout 1m; }
  map tenants { type ipv4_addr : mark; flags interval; }
  set person_flows { type ipv4_addr; size 131072; flags dynamic; }
  set tenant_flows { type mark . mark; size 1048576; flags dynamic; }
  set icmp_errors { type icmp_type; elements = { destination-unreachable, time-exceeded, parameter-problem } }
  set refused { ${refusedFlows} }
  set crowded { ${refusedFlows} }
  set refused_senders { type ipv4_addr; size 65535; flags dynamic, timeout; timeout 1m; }

  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    iifname @uplink_names ip saddr ${range} drop
    ip daddr ${range} ip ttl < 2 drop
    iifname "db-*" ip daddr ${range} meta l4proto { tcp, udp } th dport 53 fib daddr type local notrack
    iifname @uplink_names meta mark set ${firstMark}
    iifname @tunnel_names meta mark set ${firstMark}
  }

  chain refuse {
    iifname != "db-*" drop
    ct direction reply drop
    ct state new tcp flags & (syn | ack) != syn drop
    ${keep("refused")}
  }

  chain crowd {
    iifname != "db-*" drop
    ${keep("crowded")}
  }

  chain begin {
    add @person_flows { ct original ip saddr ct count over ${flowLimits.person} } goto crowd
    meta mark set ct original ip saddr map @tenants
    add @tenant_flows { meta mark . jhash ip saddr . ip daddr . th sport . th dport mod ${shards} ct count over ${flowLimits.tenant / shards} } goto crowd
  }

  chain judge {
    meta mark set 0
    ct state new jump begin
    ct original ip saddr @held goto refuse
    ct original ip saddr . ct original ip daddr @held_devices goto refuse
    meta mark set ct original ip saddr map @rates meta mark vmap @ceilings
    meta mark set ct original ip saddr map @people meta mark vmap @combinations
    ct original ip saddr vmap @grantees
  }

  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state invalid drop
    iifname "db-*" oifname . ip saddr @uplinks ct direction original jump judge
    oifname "db-*" iifname . ip daddr @uplinks ct direction reply jump judge
    iifname "db-*" oifname { "db-*", "dl-*" } jump judge
    iifname "dl-*" oifname "db-*" jump judge
    goto refuse
  }

  chain homeward {
    type filter hook prerouting priority mangle; policy accept;
    iifname "db-*" ct direction original ct mark & ${markMask} == ${firstMark} ct mark set 0
    ${links.map((device, index) => `iifname "${device}" ct direction original ct mark set ${linkMark(index)}`).join("\n    ")}
    iifname "db-*" ct direction reply ct mark & ${markMask} == ${firstMark} meta mark set ct mark
  }

  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname "lo" accept
    iifname "db-*" ip daddr ${range} meta l4proto { tcp, udp } th dport 53 jump dns
    iifname { "db-*", "dl-*" } drop
    fib daddr type local fib daddr . iif type != local drop
    iifname @uplink_names iifname != @own_interfaces ct state new jump uplinked
  }

  chain uplinked {
    meta l4proto { tcp, udp } meta l4proto . th dport != @uplink_ports drop
    update @uplinks_knocking { iifname limit rate over 100/second burst 500 packets } drop
  }

  chain names {
    type filter hook output priority raw; policy accept;
    oifname "db-*" meta l4proto { tcp, udp } th sport 53 notrack
  }

  chain dns {
    update @dns_askers { ip saddr limit rate over 50/second burst 200 packets } drop
    accept
  }
}`;
}

export type UplinkPort = { protocol: "tcp" | "udp"; port: number };

const elementsOf = (ports: readonly UplinkPort[]) =>
  ports.length === 0 ? "" : `elements = { ${ports.map(({ protocol, port }) => `${protocol} . ${port}`).join(", ")} }`;

/** Puts the host's own interfaces in the place of those before. */
export const printOwnInterfaces = (names: readonly string[]): string[] => [
  `flush set ${table} own_interfaces`,
  ...(names.length === 0
    ? []
    : [`add element ${table} own_interfaces { ${names.map((name) => `"${name}"`).join(", ")} }`]),
];

/** Most entries of the kernel's table of connections at a time: of what one person began, and of all of one tenant's. */
export const flowLimits = { person: 4_096, tenant: 65_536 };
/** The kernel walks through all that it counts together when it counts one more, so a tenant's are counted in parts. */
const shards = 256;

/** Flows that the kernel keeps between two readings, of all senders. */
const mostRefused = 4096;
const refusedFlows = `type ipv4_addr . ipv4_addr . inet_proto . inet_service; size ${mostRefused}; flags dynamic, timeout; timeout 1h;`;
/** New ones of one sender: a burst, then one a second. */
const allowedNew = "update @refused_senders { ip saddr limit rate 1/second burst 50 packets }";
/** @param port `dport`, or for a ping `sport`, where it has its type and code */
const flow = (port: "dport" | "sport") => `ip saddr . ip daddr . meta l4proto . th ${port}`;

/** Ends in a drop, and keeps a sample of what it drops in a set. */
const keep = (set: string) => `meta l4proto { tcp, udp } ${flow("dport")} @${set} drop
    icmp type echo-request ${flow("sport")} @${set} drop
    meta l4proto { tcp, udp } ${allowedNew} add @${set} { ${flow("dport")} counter } drop
    icmp type echo-request ${allowedNew} add @${set} { ${flow("sport")} counter } drop
    drop`;

/** Marks that are ours have these upper bits; others' are left alone. */
const markMask = 0xfff00000;
/** Bare, it says that a packet came in where forwarded packets may. */
export const firstMark = 0x0db00000;

/** As `ip rule` writes and prints it: what bears any mark of ours. */
export const ownMark = `0x${firstMark.toString(16)}/0x${markMask.toString(16)}`;

/** What a link's flows are marked with; routes lead it back (links/link-routes.ts). */
export const linkMark = (index: number): number => firstMark + 1 + index;

/** Opens a transaction that replaces the whole table, if there is one. */
export const replaceTable = `add table ${table}\ndelete table ${table}`;
