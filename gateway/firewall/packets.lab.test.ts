/**
 * What becomes of real packets between two tenants' people, their sites and the internet: while our table goes and comes,
 * when one floods the kernel's tables, and when one forges errors. A veth named as a tunnel stands for openvpn's.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AccountValue, type Entry, emptyDocument, putEntry, type TenantDocument } from "../protocol/document";
import type { EntryChange } from "../state/entry-change";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { firstMark, flowLimits } from "./base";
import { createIpRunner } from "./command-pipe";
import { staleConnections } from "./connection-table";
import { createFirewall } from "./firewall";
import { createGuard } from "./guard";
import { createNft } from "./nft";
import { Routes, readRouting } from "./routes";

const prefix = `dbfc${process.pid}`;
const places = ["gateway", "site1", "site2", "outside", "person", "stranger"] as const;
type Place = (typeof places)[number];
const inside = (place: Place) => ["ip", "netns", "exec", `${prefix}${place}`];
const gatewayId = "00000000-0000-4000-8000-0000000000ff";
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const port = 9000;
/** Others of either tenant, on a tunnel of their own. */
const strangers = ["100.65.0.99", "100.66.0.99"] as const;

const nft = createNft(inside("gateway"));
const routes = new Routes(gatewayId, createIpRunner(inside("gateway")), () => readRouting(inside("gateway")));
const people = Array.from({ length: 20 }, (_, n) => n + 1);
const documents = [tenantDocument(1), tenantDocument(2)];
const guard = createGuard(inside("gateway"));
const firewall = createFirewall({ gatewayId, nft, routes, documents: () => documents });
const senders: ChildProcess[] = [];

async function sh(...command: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command[0]!, command.slice(1));
  return stdout;
}

const on = (place: Place, command: string) => sh(...inside(place), ...command.split(" "));

beforeAll(async () => {
  for (const place of places) {
    await sh("ip", "netns", "add", `${prefix}${place}`);
    await on(place, "ip link set lo up");
  }
  await join("up-1", "site1", "172.31.1");
  await join("up-2", "site2", "172.31.2");
  await join("wan", "outside", "192.0.2");
  await join("db-udp", "person", "198.18.0");
  await join("db-tcp", "stranger", "198.18.1");
  for (const address of strangers) {
    await on("stranger", `ip address add ${address}/32 dev lo`);
    await on("gateway", `ip route add ${address}/32 dev db-tcp`);
  }
  await on("site1", "ip address add 10.0.0.10/32 dev lo");
  await on("site1", "ip address add 10.0.0.11/32 dev lo");
  await on("site2", "ip address add 10.0.0.10/32 dev lo");
  await on("person", "ip address add 100.65.0.1/24 dev lo");
  await on("person", "ip address add 100.66.0.1/24 dev lo");
  await on("gateway", "ip route add 100.65.0.0/24 dev db-udp");
  await on("gateway", "ip route add 100.66.0.0/24 dev db-udp");
  const sysctls = [
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.src_valid_mark=1",
    "net.ipv4.conf.db-udp.rp_filter=0",
    "net.ipv4.conf.db-tcp.rp_filter=0",
  ];
  // As strict as a host may be.
  for (const setting of [...sysctls, "net.ipv4.conf.up-1.rp_filter=1", "net.ipv4.conf.up-2.rp_filter=1"])
    await on("gateway", `sysctl -qw ${setting}`);
  for (const place of ["site1", "site2"] as const)
    await sh(...inside(place), "nft", `add table ip seen; add chain ip seen here { type filter hook prerouting priority 0; }; ${counters.map(([name, match]) => `add counter ip seen ${name}; add rule ip seen here udp dport ${port} ${match} counter name ${name}`).join("; ")}`); // biome-ignore format: a script
});

afterAll(async () => {
  for (const sender of senders) sender.kill();
  nft.close();
  guard.close();
  for (const place of places) await sh("ip", "netns", "del", `${prefix}${place}`).catch(() => {});
});

/** What each site counts, wherever it comes from. */
const counters = [
  ["allowed", "ip daddr 10.0.0.10"],
  ["forbidden", "ip daddr != 10.0.0.10"],
] as const;

async function join(device: string, place: Place, net: string): Promise<void> {
  await sh("ip", "link", "add", device, "netns", `${prefix}gateway`, "type", "veth", "peer", "name", "eth0", "netns", `${prefix}${place}`); // biome-ignore format: a command
  await on("gateway", `ip address add ${net}.1/30 dev ${device}`);
  await on(place, `ip address add ${net}.2/30 dev eth0`);
  await on("gateway", `ip link set ${device} up`);
  await on(place, "ip link set eth0 up");
  await on(place, `ip route add default via ${net}.1`);
}

/** Its block is 100.6x.0.0/16, its uplink leads to a site with the device 10.0.0.10, which its people may reach. */
function tenantDocument(number: 1 | 2): TenantDocument {
  const document = emptyDocument(id(number));
  const entries: Entry[] = [
    { kind: "tenant", id: id(number), value: { ...plainTenant, number, blocks: [`100.${64 + number}.0.0/16`] } },
    { kind: "network", id: id(5), value: { cidr: "10.0.0.0/24" } },
    { kind: "uplink", id: gatewayId, value: { interface: `up-${number}`, nextHop: `172.31.${number}.2` } },
    { kind: "device", id: id(2), value: { ...plainDevice, address: "10.0.0.10", groups: [id(3)] } },
    {
      kind: "policy",
      id: id(4),
      value: { name: "all", isEnabled: true, groups: [id(3)], rules: [{ protocol: "udp", from: null, to: null }] },
    },
  ];
  for (const entry of [...entries, ...people.map((n) => account(number, n))]) putEntry(document, entry);
  return document;
}

function account(tenant: 1 | 2, n: number, change: Partial<AccountValue> = {}): Entry {
  const value = { ...plainAccount, address: `100.${64 + tenant}.0.${n}`, policies: [id(4)], ...change };
  return { kind: "account", id: id(1_000 * tenant + n), value };
}

/** Two hundred packets a second, until the end. */
function send(place: Place, source: string, target: string): void {
  const script = `const socket = require("dgram").createSocket("udp4").on("error", () => {});
    socket.bind(0, "${source}", () => setInterval(() => socket.send("x", ${port}, "${target}", () => {}), 5));`;
  const [command, ...args] = [...inside(place), process.execPath, "-e", script];
  senders.push(spawn(command!, args, { stdio: "ignore" }));
}

async function seen(): Promise<Record<"allowed" | "forbidden", number>> {
  const totals = { allowed: 0, forbidden: 0 };
  for (const place of ["site1", "site2"] as const) {
    const { nftables } = JSON.parse(await sh(...inside(place), "nft", "-j", "list", "counters"));
    for (const { counter } of nftables) if (counter) totals[counter.name as keyof typeof totals] += counter.packets;
  }
  return totals;
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 15_000; !(await look()); ) {
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Resolves when that many more that are allowed, or none, could have come. */
const passes = async (atLeast: number) => {
  const { allowed } = await seen();
  await until("allowed packets pass", async () => (await seen()).allowed >= allowed + atLeast);
};

describe("a host whose ruleset is flushed a hundred times", () => {
  it("forwards what is allowed when the rules are back, and never what is not", async () => {
    send("site1", "172.31.1.2", "172.31.2.2");
    send("outside", "192.0.2.2", "172.31.1.2");
    send("outside", "192.0.2.2", "10.0.0.11");
    send("person", "100.65.0.1", "10.0.0.10");
    send("person", "100.65.0.1", "10.0.0.11");
    await until("a host without us is a router, which the packets show", async () => (await seen()).forbidden > 20);

    await guard.stand();
    await firewall.load("100.64.0.0/10");
    await passes(10);
    const before = await seen();
    for (let flush = 0; flush < 100; flush++) {
      await on("gateway", "nft flush ruleset");
      // For a moment of another length each time.
      await new Promise((resolve) => setTimeout(resolve, flush % 25));
      expect(await firewall.verify()).toEqual(["all of the rules"]);
    }
    await passes(10);
    const after = await seen();
    expect(after.allowed).toBeGreaterThan(before.allowed);
    expect(after.forbidden - before.forbidden).toBe(0);

    await on("gateway", "nft flush ruleset");
    const flushed = await seen();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await seen()).forbidden, "a second without any rule of ours").toBe(flushed.forbidden);
    for (const sender of senders.splice(0)) sender.kill();
  }, 120_000);
});

describe("a packet that is to be judged", () => {
  it("is not forwarded by a host whose ruleset somebody took away, while it was under way", async () => {
    // As it is in the midst of a flush: marked, and routed by the mark, with nothing left that judges.
    await guard.stand();
    await guard.stand();
    await firewall.load("100.64.0.0/10");
    await on("gateway", "nft flush ruleset");
    await on("gateway", "nft add table inet midst");
    await on("gateway", "nft add chain inet midst marks { type filter hook prerouting priority raw; }");
    await on("gateway", `nft add rule inet midst marks meta mark set ${firstMark}`);
    const before = await seen();
    send("person", "100.65.0.1", "10.0.0.11");
    const reached = async () =>
      Number(/packets (\d+)/.exec(await on("gateway", "nft list chain inet midst passed"))?.[1] ?? 0);
    await on("gateway", "nft add chain inet midst passed { type filter hook forward priority filter - 1; }");
    await on("gateway", "nft add rule inet midst passed counter");
    await until("packets come to be forwarded", async () => (await reached()) > 50);
    expect((await seen()).forbidden).toBe(before.forbidden);
    for (const sender of senders.splice(0)) sender.kill();
    await on("gateway", "nft delete table inet midst");
  });
});

describe("the kernel's table of connections", () => {
  const entries = async () => Number(await on("gateway", "conntrack -C"));
  /** From each of them to that many ports of the device, which are as many connections. */
  const flood = (tenant: 1 | 2, from: readonly number[], flows: number) =>
    sh(...inside("person"), process.execPath, "-e", `const { createSocket } = require("dgram");
      (async () => {
        for (const n of ${JSON.stringify(from)}) {
          const socket = createSocket("udp4").on("error", () => {});
          await new Promise((done) => socket.bind(0, "100.${64 + tenant}.0." + n, done));
          for (let port = 1; port <= ${flows}; port++)
            await new Promise((done) => socket.send("x", 10000 + port, "10.0.0.10", done));
          socket.close();
        }
      })()`); // biome-ignore format: a script
  const passesFor = async (tenant: 1 | 2) => {
    const before = await entries();
    await flood(tenant, [1], 1);
    return (await entries()) > before;
  };

  beforeAll(async () => {
    for (const n of people)
      for (const tenant of [1, 2]) await on("person", `ip address replace 100.${64 + tenant}.0.${n}/24 dev lo`);
    // As long as the flood takes.
    await on("gateway", "sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600");
  });
  beforeEach(async () => {
    await firewall.load("100.64.0.0/10");
    await on("gateway", "conntrack -F");
  });

  it("has a part for each person: who has filled it begins nothing more, which is listed, and others do", async () => {
    await flood(1, [1], flowLimits.person + 1_000);
    expect(Math.abs((await entries()) - flowLimits.person)).toBeLessThan(100);
    const refused = await firewall.takeRefused();
    expect(refused[0]).toMatchObject({ source: "100.65.0.1", destination: "10.0.0.10", protocol: "udp" });
    expect(refused.every(({ reason }) => reason === "too_many_connections")).toBe(true);
    expect(await passesFor(2)).toBe(true);
  }, 60_000);

  it("has a part for each tenant, however many of its people fill it", async () => {
    await flood(1, people, flowLimits.person - 96);
    const filled = await entries();
    expect(filled).toBeLessThan(flowLimits.tenant + 500);
    expect(filled).toBeGreaterThan(flowLimits.tenant * 0.9);
    expect(await passesFor(2)).toBe(true);
  }, 120_000);

  it("gives no place to questions for names, and few to what comes by an uplink for the gateway itself", async () => {
    await on("gateway", "ip address replace 100.64.0.1/32 dev db-udp");
    await sh(...inside("person"), process.execPath, "-e", `const { createSocket } = require("dgram");
      (async () => {
        for (let n = 0; n < 150; n++) {
          const socket = createSocket("udp4").on("error", () => {});
          await new Promise((done) => socket.bind(0, "100.65.0.1", done));
          await new Promise((done) => socket.send("x", 53, "100.64.0.1", done));
          socket.close();
        }
      })()`); // biome-ignore format: a script
    expect(await entries()).toBe(0);
    // Pings, each of a number of its own.
    await sh(...inside("site1"), "perl", "-e", `use Socket; socket(my $s, PF_INET, SOCK_RAW, 1) or die $!;
      send($s, pack("CCnnn", 8, 0, 0xf7fe - $_, $_, 1), 0, sockaddr_in(0, inet_aton("172.31.1.1"))) for 1 .. 3000`); // biome-ignore format: a script
    expect(await entries()).toBeGreaterThan(400);
    expect(await entries()).toBeLessThan(1_500);
    await on("gateway", "ip address del 100.64.0.1/32 dev db-udp");
  });

  it("keeps nothing of who is out", async () => {
    await flood(1, [1, 2], 50);
    const [document] = documents as [TenantDocument];
    const before = account(1, 1).value as AccountValue;
    const change = { kind: "account", id: id(1_001), before, after: { ...before, state: "revoked" } } as EntryChange;
    const filters = staleConnections(document, [change]);
    for (const filter of filters) await sh(...inside("gateway"), "conntrack", "-D", ...filter);
    expect(await entries()).toBe(50);
  });
});

describe("an error about somebody's connection", () => {
  /** ICMP "too big", with the first packet of what tenant 1's first person sends to the device in it. */
  const tellTooBig = (place: Place, source: string) =>
    sh(...inside(place), "perl", "-e", `use Socket; my ($from, $to, $device) = map { inet_aton($_) } @ARGV;
      my $inner = pack("CCnnnCCna4a4", 0x45, 0, 29, 0, 0, 64, 17, 0, $to, $device) . pack("nnnn", 4000, 4000, 9, 0) . "x";
      my $sum = sub { my $n = 0; $n += $_ for unpack("n*", $_[0] . "\\0" x (length($_[0]) % 2)); $n = ($n >> 16) + ($n & 0xffff) while $n >> 16; ~$n & 0xffff };
      substr($inner, 10, 2) = pack("n", $sum->(substr($inner, 0, 20)));
      my $icmp = pack("CCnnn", 3, 4, 0, 0, 600) . $inner; substr($icmp, 2, 2) = pack("n", $sum->($icmp));
      socket(my $s, PF_INET, SOCK_RAW, 1) or die $!; bind($s, sockaddr_in(0, $from)) or die $!;
      send($s, $icmp, 0, sockaddr_in(0, $to)) or die $!`, source, "100.65.0.1", "10.0.0.10"); // biome-ignore format: a script
  const heard = async () =>
    Number(/packets (\d+)/.exec(await sh(...inside("person"), "nft", "list", "counter", "ip", "seen", "errors"))![1]);

  it("is heard from behind the flow's uplink, and from nobody else", async () => {
    await firewall.load("100.64.0.0/10");
    await sh(...inside("person"), "nft", `add table ip seen; delete table ip seen; add table ip seen; add counter ip seen errors;
      add chain ip seen here { type filter hook prerouting priority raw; };
      add rule ip seen here iifname eth0 icmp type destination-unreachable icmp code 4 counter name errors`); // biome-ignore format: a script
    // A flow from a port that is known.
    await sh(...inside("person"), process.execPath, "-e", `const socket = require("dgram").createSocket("udp4");
      socket.bind(4000, "100.65.0.1", () => socket.send("x", 4000, "10.0.0.10", () => socket.close()))`); // biome-ignore format: a script
    for (const [
      place,
      source,
    ] of [["stranger", strangers[0]], ["stranger", strangers[1]], ["site2", "172.31.2.2"], ["outside", "192.0.2.2"]] as const) // biome-ignore format: a table
      await tellTooBig(place, source);
    await tellTooBig("site1", "10.0.0.11");
    await until("the site's router is heard", async () => (await heard()) > 0);
    expect(await heard()).toBe(1);
  });
});
