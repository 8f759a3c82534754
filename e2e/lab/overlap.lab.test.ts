/**
 * Three tenants with the same network behind one gateway: from every client, a packet to every address of every tenant's
 * devices, and what arrived, and who answered, is what `decide()` says. And no device speaks for another tenant's.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decide } from "@/gateway/protocol/decide";
import { type AgentLab, createAgentLab, device, fromNow, grant, type LabVpnPerson, policy, policyId, tcp, tenant, udp } from "./agent-lab"; // biome-ignore format: one line
import type { LabSite } from "./network";
import { until } from "./vpn-client";

const shared = ["10.0.0.10", "10.0.0.11", "10.0.0.12"];
const ports = [7001, 7002, 7003];
/** Open to everybody, and asked last: when its packet has arrived, every packet before it has arrived or never will. */
const sentinel = 7999;
const tenants = [1, 2, 3];
const ownAddress = (number: number) => `10.${number * 10}.0.5`;
const addresses = [...shared, ...tenants.map(ownAddress)];

let world: AgentLab;
const sites = new Map<number, LabSite>();
const people: LabVpnPerson[] = [];
/** `tenant address port from payload`, one a datagram that arrived at a device. */
const arrived: string[] = [];

beforeAll(async () => {
  world = await createAgentLab(242);
  const { lab } = world;
  for (const number of tenants) {
    const devices = [...shared, ownAddress(number)].map((address) => ({ address, name: `d${address}` }));
    const site = await lab.addSite(number, devices);
    sites.set(number, site);
    await serve(site);
    const entries = [
      ...tenant(world, number, {}, [`10.${number * 10}.0.0/24`]),
      ...devices.map(({ address }, n) => device(n, address, groupsOf(number, n))),
      policy(1, [1], [tcp(7001), udp(7001)]),
      policy(2, [2], [tcp(7002), tcp(7003), { protocol: "udp", from: 7002, to: 7003 }]),
      policy(9, [9], [udp(sentinel)]),
    ];
    for (const n of [1, 2]) {
      const person = await world.addPerson(number, n);
      people.push(person);
      // The first of each tenant by one policy, the second by the other; tenant 2's first by a grant alone.
      const own = number === 2 && n === 1 ? [] : [policyId(n)];
      entries.push(world.account(person, { policies: [...own, policyId(9)] }));
      if (own.length === 0) entries.push(grant(1, person.accountId, [1], [tcp(7003), udp(7003)], fromNow(3_600_000)));
    }
    await world.push(number, entries);
  }
  const clients = people.map((person) => world.connect(person));
  for (const client of clients) await client.connected(60_000);
  for (const { namespace } of people)
    for (const number of tenants)
      await lab.exec(namespace, ["ip", "route", "replace", `10.${number * 10}.0.0/24`, "dev", "tun0"]);
}, 240_000);
afterAll(() => world?.destroy());

/** Which groups a tenant's device is in: no two tenants alike. Every first device takes the sentinel. */
function groupsOf(number: number, n: number): number[] {
  const groups = [1, 2].filter((group) => (n + number + group) % 3 !== 0);
  return n === 0 ? [...groups, 9] : groups;
}

describe("tenants with the same network", () => {
  it("are each reached by their own people alone, on what decide() allows", async () => {
    await Promise.all(people.map(sendDatagrams));
    const isDone = ({ accountId }: LabVpnPerson) => arrived.some((line) => line.includes(` ${sentinel} ${accountId}`));
    await until(() => people.every(isDone), 60_000, () => `no sentinel:\n${arrived.join("\n")}`); // biome-ignore format: one line
    const seen = arrived.filter((line) => !line.includes(` ${sentinel} `));
    expect([...new Set(seen)].sort()).toEqual(expected("udp").sort());
    expect(expected("udp").length).toBeGreaterThan(10);
  });

  it("answer their own people alone", async () => {
    const answers = await Promise.all(people.map(askAll));
    expect(answers.flat().sort()).toEqual(expected("tcp").sort());
  });

  it("cannot speak into each other's flows with the same addresses and the same ports", async () => {
    const { lab, gateway } = world;
    const [anna] = people;
    await lab.exec(gateway.namespace, [
      "nft",
      `add table ip watch; add chain ip watch in { type filter hook prerouting priority -400; }; add rule ip watch in iifname "up-2" ip daddr ${anna!.vpnAddress} udp sport 7001 counter`,
    ]);
    const address = allowedDevice(anna!);
    const listening = lab.spawn(anna!.namespace, [process.execPath, "-e", flowScript(address)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let heard = "";
    listening.stdout!.on("data", (chunk: Buffer) => {
      heard += chunk.toString();
    });
    await until(() => heard.includes("tenant 1"), 20_000);
    const forge = `
const socket = require("dgram").createSocket({ type: "udp4", reuseAddr: true });
socket.bind(7001, "${address}", () => socket.send("forged", 5000, "${anna!.vpnAddress}", () => process.exit(0)));`;
    const site = sites.get(2)!;
    for (let n = 0; n < 3; n++) await lab.exec(site.namespace, [process.execPath, "-e", forge]);
    const chain = await lab.exec(gateway.namespace, ["nft", "list", "chain", "ip", "watch", "in"]);
    expect(Number(/counter packets (\d+)/.exec(chain)![1])).toBe(3);
    // The flow goes on, so what was forged before would have been heard by now.
    const answers = heard.split("\n").length;
    await until(() => heard.split("\n").length > answers + 2, 20_000);
    expect(heard).not.toContain("forged");
    expect(heard).not.toContain("tenant 2");
    listening.kill("SIGKILL");
  });
});

function expected(protocol: "tcp" | "udp"): string[] {
  const lines: string[] = [];
  for (const person of people)
    for (const number of tenants) {
      const document = world.document(number);
      for (const [deviceId, { address }] of document.devices)
        for (const port of ports) {
          const question = { accountId: person.accountId, deviceId, protocol, port };
          if (decide(document, question, new Date()).allow)
            lines.push(`${number} ${address} ${port} ${person.accountId}`);
        }
    }
  return lines;
}

function allowedDevice(person: LabVpnPerson): string {
  const document = world.document(person.tenantNumber);
  const found = [...document.devices].find(
    ([deviceId]) =>
      decide(document, { accountId: person.accountId, deviceId, protocol: "udp", port: 7001 }, new Date()).allow,
  );
  return found![1].address;
}

/** Says on UDP what arrives, and answers on both who it is. */
async function serve({ namespace, tenantNumber, devices }: LabSite): Promise<void> {
  const script = `
const [number, addresses, ports] = JSON.parse(process.argv[1]);
for (const address of addresses) for (const port of ports) {
  const socket = require("dgram").createSocket({ type: "udp4", reuseAddr: true });
  socket.on("message", (text, { address: from, port: back }) => {
    console.log(number, address, port, String(text));
    socket.send("tenant " + number + "\\n", back, from);
  });
  socket.bind(port, address);
  require("net").createServer((s) => s.on("error", () => {}).end(number + " " + address + " " + port)).listen(port, address);
}
console.log("ready");`;
  const places = JSON.stringify([tenantNumber, devices.map(({ address }) => address), [...ports, sentinel]]);
  const child = world.lab.spawn(namespace, [process.execPath, "-e", script, places], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let rest = "";
  let isReady = false;
  child.stdout!.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line === "ready") isReady = true; else arrived.push(line); // biome-ignore format: one line
  });
  await until(() => isReady, 20_000);
}

/** To every address and port, twice, then the sentinel until the end of the turn. */
async function sendDatagrams({ namespace, accountId }: LabVpnPerson): Promise<void> {
  const script = `
const [text, addresses, ports, sentinel] = JSON.parse(process.argv[1]);
const socket = require("dgram").createSocket("udp4");
(async () => {
  const send = (port, address) => new Promise((resolve) => socket.send(text, port, address, resolve));
  for (let n = 0; n < 2; n++) for (const address of addresses) for (const port of ports) await send(port, address);
  for (let n = 0; n < 5; n++) { await new Promise((resolve) => setTimeout(resolve, 200)); await send(sentinel, addresses[0]); }
  socket.close();
})();`;
  await world.lab.exec(namespace, [
    process.execPath,
    "-e",
    script,
    JSON.stringify([accountId, addresses, ports, sentinel]),
  ]);
}

/** Who answers on TCP, of every address and port. */
async function askAll({ namespace, accountId }: LabVpnPerson): Promise<string[]> {
  const script = `
const [text, addresses, ports] = JSON.parse(process.argv[1]);
const ask = (address, port) => new Promise((resolve) => {
  let heard = "";
  const socket = require("net").connect(port, address);
  socket.on("data", (chunk) => { heard += chunk; }).on("error", () => {}).on("close", () => resolve(heard));
  setTimeout(() => socket.destroy(), 5000);
});
Promise.all(addresses.flatMap((address) => ports.map((port) => ask(address, port)))).then((all) =>
  console.log(all.filter(Boolean).map((line) => line + " " + text).join("\\n")));`;
  const said = await world.lab.exec(namespace, [
    process.execPath,
    "-e",
    script,
    JSON.stringify([accountId, addresses, ports]),
  ]);
  return said.split("\n").filter(Boolean);
}

/** A UDP flow from a port of its own that goes on, and prints every answer. */
function flowScript(address: string): string {
  return `
const socket = require("dgram").createSocket("udp4");
socket.on("message", (text) => process.stdout.write(String(text)));
socket.bind(5000, () => setInterval(() => socket.send("flow", 7001, "${address}"), 50));`;
}
