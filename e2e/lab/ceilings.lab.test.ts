/** What an account's ceiling lets through, each way, and that others are not held to it; what policies let through and what they refused, as the ledger is told. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AgentLab,
  createAgentLab,
  device,
  deviceId,
  type LabVpnPerson,
  policy,
  policyId,
  tcp,
  tenant,
  tenantId,
} from "./agent-lab";
import { until } from "./vpn-client";

const pump = "10.0.0.10";
const camera = "10.0.0.11";
const rate = { down: 8_000, up: 4_000 };
let world: AgentLab;
let anna: LabVpnPerson;
let boris: LabVpnPerson;

beforeAll(async () => {
  world = await createAgentLab(243);
  const { lab } = world;
  const site = await lab.addSite(1, [
    { address: pump, name: "pump" },
    { address: camera, name: "camera" },
  ]);
  anna = await world.addPerson(1, 11);
  boris = await world.addPerson(1, 12);
  // 9001 sends without end; 9002 takes without end, and says each second how much came.
  const script = `
const net = require("net");
const chunk = Buffer.alloc(65536);
net.createServer((s) => { const more = () => { while (s.write(chunk)); }; s.on("drain", more).on("error", () => {}); more(); }).listen(9001);
net.createServer((s) => {
  let heard = 0;
  const timer = setInterval(() => s.write(heard + "\\n"), 250);
  s.on("data", (data) => { heard += data.length; }).on("error", () => {}).on("close", () => clearInterval(timer));
}).listen(9002);`;
  lab.spawn(site.namespace, [process.execPath, "-e", script]);
  await until(async () => (await lab.canConnect(site.namespace, "127.0.0.1", 9002)) === "open");
  const may = { policies: [policyId(1)] };
  await world.push(1, [
    ...tenant(world, 1),
    device(1, pump, [1]),
    device(2, camera, [2]),
    policy(1, [1], [tcp(443), tcp(9001), tcp(9002)]),
    world.account(anna, { ...may, rate }),
    world.account(boris, may),
  ]);
  const clients = [anna, boris].map((person) => world.connect(person));
  for (const client of clients) await client.connected(40_000);
});
afterAll(() => world?.destroy());

/** kbit/s over four seconds, once the burst that is free is behind. */
async function measure(person: LabVpnPerson, way: "down" | "up"): Promise<number> {
  const script = `
const chunk = Buffer.alloc(65536);
const isDown = ${way === "down"};
let heard = 0;
const socket = require("net").connect(isDown ? 9001 : 9002, "${pump}");
const more = () => { while (!isDown && socket.write(chunk)); };
socket.on("connect", more).on("drain", more).on("data", (data) => { heard = isDown ? heard + data.length : Number(String(data).trim().split("\\n").at(-1)); });
setTimeout(() => {
  const [at, before] = [performance.now(), heard];
  setTimeout(() => { console.log(((heard - before) * 8) / (performance.now() - at)); process.exit(0); }, 4000);
}, 2000);`;
  return Number(await world.lab.exec(person.namespace, [process.execPath, "-e", script]));
}

describe("an account's ceiling", () => {
  it.each(["down", "up"] as const)("is kept %s, and TCP fills most of it", async (way) => {
    const kbps = await measure(anna, way);
    process.stdout.write(`ceiling ${way} ${rate[way]} kbit/s: ${Math.round(kbps)}\n`);
    // What is counted is the tunnel's packets; their headers are not in what arrives.
    expect(kbps).toBeLessThan(rate[way] * 1.1);
    expect(kbps).toBeGreaterThan(rate[way] * 0.5);
  });

  it("holds nobody else", async () => {
    expect(await measure(boris, "down")).toBeGreaterThan(rate.down * 1.5);
  });

  it("that is taken away lets go at once", async () => {
    await world.push(1, [world.account(anna, { policies: [policyId(1)] })]);
    expect(await measure(anna, "down")).toBeGreaterThan(rate.down * 1.5);
  });
});

describe("what a policy let through", () => {
  it("is told to the control plane, as real packets were", async () => {
    await measure(boris, "down");
    const { controlPlane } = world;
    const bytes = () =>
      controlPlane.events
        .flatMap((event) => (event.type === "used" ? event.tenants : []))
        .filter(({ tenantId: id, policyIds }) => id === tenantId(1) && policyIds.includes(policyId(1)))
        .reduce((sum, use) => sum + use.bytes[use.policyIds.indexOf(policyId(1))]!, 0);
    await until(async () => {
      await controlPlane.collect();
      return bytes() > 1_000_000;
    }, 90_000);
    process.stdout.write(`counted for the policy: ${bytes()} bytes\n`);
    const rules = controlPlane.events
      .flatMap((event) => (event.type === "used" ? event.tenants : []))
      .flatMap((use) => use.rules!);
    expect(rules.length).toBeGreaterThan(0);
    for (const { policyId: id, rule } of rules) {
      expect(id).toBe(policyId(1));
      // 9002 was used by an earlier test; 443 never.
      expect([tcp(9001), tcp(9002)]).toContainEqual(rule);
    }
    expect(rules.map(({ rule }) => rule)).toContainEqual(tcp(9001));
  }, 150_000);
});

describe("what was refused", () => {
  it("is told to the control plane, who sent it and to what and which port, and what was allowed is not", async () => {
    const { lab, controlPlane } = world;
    // A scan first: it must not take anybody else's place.
    await scan(boris, 5_000);
    expect(await lab.canConnect(anna.namespace, pump, 9001)).toBe("open");
    expect(await lab.canConnect(anna.namespace, pump, 80)).toBe("silent");
    expect(await lab.canConnect(anna.namespace, camera, 80)).toBe("silent");
    expect(await lab.canConnect(anna.namespace, boris.vpnAddress, 22)).toBe("silent");
    expect(await lab.canPing(anna.namespace, camera)).toBe(false);
    const told = (person: LabVpnPerson) =>
      controlPlane.events
        .flatMap((event) => (event.type === "refused_packets" ? event.tenants : []))
        .filter(({ tenantId: id }) => id === tenantId(1))
        .flatMap(({ flows }) => flows.filter(({ accountId }) => accountId === person.accountId));
    const what = (person: LabVpnPerson) =>
      new Set(told(person).map(({ destination, protocol, port }) => `${destination} ${protocol} ${port}`));
    await until(async () => {
      await controlPlane.collect();
      return what(anna).has(`${camera} icmp null`);
    }, 90_000);
    expect(what(anna)).toEqual(
      new Set([`${pump} tcp 80`, `${camera} tcp 80`, `${boris.vpnAddress} tcp 22`, `${camera} icmp null`]),
    );
    for (const flow of told(anna)) {
      const targetId = { [pump]: deviceId(1), [camera]: deviceId(2) }[flow.destination] ?? null;
      expect(flow).toMatchObject({ targetId, deviceId: null });
      expect(flow.packets).toBeGreaterThanOrEqual(1);
    }
    // A burst, and one more a second since.
    process.stdout.write(`of a scan of 5,000 ports were told: ${what(boris).size}\n`);
    expect(what(boris).size).toBeGreaterThanOrEqual(50);
    expect(what(boris).size).toBeLessThan(250);
  }, 150_000);

  it("is told while a flow goes on that was allowed before", async () => {
    const { lab, controlPlane } = world;
    await world.push(1, [policy(1, [1], [tcp(9001), tcp(9002)])]);
    const script = `
const socket = require("net").connect(9002, "${pump}");
socket.on("data", () => {}).on("connect", () => { console.log("open"); setInterval(() => socket.write("x"), 200); });`;
    const flow = lab.spawn(anna.namespace, [process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => flow.stdout!.once("data", resolve));
    await world.push(1, [policy(1, [1], [tcp(9001)])]);
    await until(async () => {
      const events = await controlPlane.collect();
      return events.some(
        (event) =>
          event.type === "refused_packets" &&
          event.tenants.some(({ flows }) => flows.some((one) => one.accountId === anna.accountId && one.port === 9002)),
      );
    }, 90_000);
    flow.kill("SIGKILL");
  }, 150_000);
});

/** A packet to each of so many UDP ports, those of the policy not among them. */
async function scan({ namespace }: LabVpnPerson, ports: number): Promise<void> {
  const script = `
const socket = require("dgram").createSocket("udp4");
let port = 10000;
const timer = setInterval(() => {
  for (let n = 0; n < 100; n++) socket.send("x", port++, "${pump}", () => {});
  if (port < 10000 + ${ports}) return;
  clearInterval(timer);
  setTimeout(() => process.exit(0), 500);
}, 10);`;
  await world.lab.exec(namespace, [process.execPath, "-e", script]);
}
