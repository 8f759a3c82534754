import { table } from "./ruleset";

/**
 * The fixed part of the table. Default deny: what no line accepts is not forwarded.
 *
 * forward: only a tunnel may begin a flow, and only out by its own tenant's uplink or to another tunnel; only that may
 *   answer. Who may reach what is decided by the client's stable address, in both directions by the flow's first packet:
 *   only people are in the map and only devices in the sets, so a device cannot begin, behind an uplink or on a tunnel, a
 *   client cannot reach a client, and a forged address from another tenant's uplink meets no block. What a tunnel sends
 *   bears its own address: openvpn drops the rest.
 * prerouting: a packet from an uplink that claims an address of the platform's range is a forgery.
 * input: a tunnel reaches nothing of the host. A packet to an address of ours must come in by the interface that has
 *   it (strong host model), so the API on the management address is not there for anybody who comes by another way.
 *   The rest of the host's own rules are left alone: `accept` here ends this chain only.
 */
export function printBase(range: string): string {
  return `table ${table} {
  map people { type ipv4_addr : verdict; }
  set uplinks { type ifname . ipv4_addr; flags interval; }
  set uplink_names { type ifname; }

  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state invalid drop
    iifname "db-*" oifname . ip saddr @uplinks ct direction original ct original ip saddr vmap @people
    oifname "db-*" iifname . ip daddr @uplinks ct direction reply ct original ip saddr vmap @people
    iifname "db-*" oifname "db-*" ct original ip saddr vmap @people
  }

  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    iifname @uplink_names ip saddr ${range} drop
  }

  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname "lo" accept
    iifname "db-*" drop
    fib daddr type local fib daddr . iif type != local drop
  }
}`;
}

/** Opens a transaction that replaces the whole table, if there is one. */
export const replaceTable = `add table ${table}\ndelete table ${table}`;
