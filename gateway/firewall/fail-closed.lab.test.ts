/**
 * What becomes of packets while our table goes and comes: real ones, many a second, between a tenant's person, two sites
 * and the internet. A veth named as a tunnel stands for openvpn's.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Entry, emptyDocument, putEntry, type TenantDocument } from "../protocol/document";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { createIpRunner } from "./command-pipe";
import { createFirewall } from "./firewall";
import { createNft } from "./nft";
import { Routes, readRouting } from "./routes";

const prefix = `dbfc${process.pid}`;
const places = ["gateway", "site1", "site2", "outside", "person"] as const;
type Place = (typeof places)[number];
const inside = (place: Place) => ["ip", "netns", "exec", `${prefix}${place}`];
const gatewayId = "00000000-0000-4000-8000-0000000000ff";
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const port = 9000;

const nft = createNft(inside("gateway"));
const routes = new Routes(gatewayId, createIpRunner(inside("gateway")), () => readRouting(inside("gateway")));
const documents = [tenantDocument()];
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
  await on("site1", "ip address add 10.0.0.10/32 dev lo");
  await on("site1", "ip address add 10.0.0.11/32 dev lo");
  await on("person", "ip address add 100.65.0.1/32 dev lo");
  await on("gateway", "ip route add 100.65.0.1/32 dev db-udp");
  const sysctls = ["net.ipv4.ip_forward=1", "net.ipv4.conf.all.src_valid_mark=1", "net.ipv4.conf.db-udp.rp_filter=0"];
  // As strict as a host may be.
  for (const setting of [...sysctls, "net.ipv4.conf.up-1.rp_filter=1", "net.ipv4.conf.up-2.rp_filter=1"])
    await on("gateway", `sysctl -qw ${setting}`);
  for (const place of ["site1", "site2"] as const)
    await sh(...inside(place), "nft", `add table ip seen; add chain ip seen here { type filter hook prerouting priority 0; }; ${counters.map(([name, match]) => `add counter ip seen ${name}; add rule ip seen here udp dport ${port} ${match} counter name ${name}`).join("; ")}`); // biome-ignore format: a script
});

afterAll(async () => {
  for (const sender of senders) sender.kill();
  nft.close();
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

function tenantDocument(): TenantDocument {
  const document = emptyDocument(id(1));
  const entries: Entry[] = [
    { kind: "tenant", id: id(1), value: { ...plainTenant, number: 1, blocks: ["100.65.0.0/16"] } },
    { kind: "network", id: id(5), value: { cidr: "10.0.0.0/24" } },
    { kind: "uplink", id: gatewayId, value: { interface: "up-1", nextHop: "172.31.1.2" } },
    { kind: "device", id: id(2), value: { ...plainDevice, address: "10.0.0.10", groups: [id(3)] } },
    {
      kind: "policy",
      id: id(4),
      value: { name: "all", isEnabled: true, groups: [id(3)], rules: [{ protocol: "udp", from: null, to: null }] },
    },
    { kind: "account", id: id(6), value: { ...plainAccount, address: "100.65.0.1", policies: [id(4)] } },
  ];
  for (const entry of entries) putEntry(document, entry);
  return document;
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

    await firewall.load("100.64.0.0/10");
    await passes(10);
    const before = await seen();
    for (let flush = 0; flush < 100; flush++) {
      await on("gateway", "nft flush ruleset");
      // For a moment of another length each time.
      await new Promise((resolve) => setTimeout(resolve, flush % 25));
      expect(await firewall.verify()).toBe(true);
    }
    await passes(10);
    const after = await seen();
    expect(after.allowed).toBeGreaterThan(before.allowed);
    expect(after.forbidden - before.forbidden).toBe(0);

    await on("gateway", "nft flush ruleset");
    const flushed = await seen();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await seen()).forbidden, "a second without any rule of ours").toBe(flushed.forbidden);
  }, 120_000);
});
