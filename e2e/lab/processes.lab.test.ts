/** Many processes behind one port: new connections are spread, addresses follow their owners, one process ends alone. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createFleet, type Fleet, type FleetPerson, frontPort } from "./fleet";
import type { LabAgent } from "./lab-agent";
import { until, type VpnClient } from "./vpn-client";

let fleet: Fleet;
let gateway: LabAgent;
let people: FleetPerson[];
const clients: VpnClient[] = [];

beforeAll(async () => {
  fleet = await createFleet(236, 1);
  [gateway] = fleet.gateways as [LabAgent];
  people = [];
  for (let n = 0; n < 4; n++) people.push(await fleet.addPerson());
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.stop();
  await until(async () => (await gateway.controlPlane.state()).sessions === 0, 30_000);
});

afterAll(() => fleet?.destroy());

describe("a port that clients are told of", () => {
  it.each(["udp", "tcp"] as const)(
    "spreads new %s connections evenly over the processes behind it",
    async (protocol) => {
      for (const person of people) connect(person, protocol);
      await allConnected();
      expect(await sessionsByProcess()).toMatchObject({ [`${protocol}-1`]: 2, [`${protocol}-2`]: 2 });
      for (const person of people) await reachesTheDevice(person);
    },
  );

  it("is the only way in: a process's own port is shut from outside", async () => {
    const [person] = people as [FleetPerson];
    expect(await fleet.lab.canConnect(person.namespace, gateway.gateway.wanAddress, frontPort)).toBe("open");
    expect(await fleet.lab.canConnect(person.namespace, gateway.gateway.wanAddress, 20_001)).toBe("silent");
  });
});

describe("an address", () => {
  it("follows its owner to whichever process it comes in by", async () => {
    const [ana] = people as [FleetPerson];
    const held: string[] = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      const client = connect(ana, "udp");
      await client.connected(30_000);
      await reachesTheDevice(ana);
      held.push(await processOf(ana));
      await clients.pop()!.stop();
      await until(async () => (await gateway.controlPlane.state()).sessions === 0, 30_000);
    }
    expect(held.sort(), "the same address, by one process and by the other").toEqual(["udp-1", "udp-2"]);
  });
});

describe("people behind one NAT that gives them other ports", () => {
  it("keep their sessions, whichever process each of them is at", async () => {
    const { lab } = fleet;
    const nat = await lab.addPerson();
    const all = [...people, await fleet.addPerson(), await fleet.addPerson()];
    const inNat = (...command: string[]) => lab.exec(nat.namespace, command);
    const bind = async (ports: string) => {
      const rule = `udp dport ${frontPort} masquerade to :${ports} random`;
      await inNat(
        "nft",
        `add table ip nat; delete table ip nat; add table ip nat; add chain ip nat out { type nat hook postrouting priority srcnat; }; add rule ip nat out ${rule}`,
      );
      await inNat("conntrack", "-F");
    };
    for (const setting of ["ip_forward=1", "conf.all.send_redirects=0", "conf.eth0.send_redirects=0"])
      await inNat("sysctl", "-qw", `net.ipv4.${setting}`);
    await bind("30000-30999");
    for (const person of all) {
      await lab.exec(person.namespace, ["ip", "route", "replace", gateway.gateway.wanAddress, "via", nat.address]);
      connect(person, "udp");
    }
    await allConnected();
    expect(await sessionsByProcess()).toMatchObject({ "udp-1": 3, "udp-2": 3 });
    for (const person of all) await reachesTheDevice(person);
    const before = await sessions();

    for (const person of all) lab.spawn(person.namespace, ["ping", "-q", "-i", "0.2", "-w", "60", fleet.deviceAddress]);
    for (const ports of ["31000-31999", "32000-32999"]) {
      await bind(ports);
      for (const person of all)
        await until(async () => (await lab.canPing(person.namespace, fleet.deviceAddress)) === true, 20_000);
    }
    expect(await sessions()).toEqual(before);
    for (const client of clients) expect(client.log()).not.toMatch(/SIGUSR1|Restart/);
    // They say goodbye on the way that they came.
    for (const client of clients.splice(0)) await client.stop();
    for (const person of all) await lab.exec(person.namespace, ["ip", "route", "del", gateway.gateway.wanAddress]);
  });
});

describe("a process that is drained", () => {
  afterEach(() => gateway.configure({ draining: [] }));

  it("sends its clients to the others at the pace it is told, and touches nobody else's", async () => {
    for (const person of people) connect(person, "udp");
    await allConnected();
    const before = await sessions();
    const leaving = before.filter(({ process }) => process === "udp-1").map(({ accountId }) => accountId);
    const staying = before.filter(({ process }) => process === "udp-2");
    expect(leaving).toHaveLength(2);

    await gateway.configure({ draining: ["udp-1"], drainPerSecond: 1 });
    const drained = () => ended().filter(({ code }) => code === "drained");
    await until(async () => {
      await gateway.controlPlane.collect(100);
      return drained().length === 2;
    }, 40_000);
    await until(async () => (await sessionsByProcess())["udp-2"] === 4, 30_000);
    for (const person of people) await reachesTheDevice(person);

    const { processes } = await gateway.controlPlane.state();
    expect(processes.find(({ name }) => name === "udp-1")).toMatchObject({ sessions: 0, drain: { from: 2 } });
    const after = await sessions();
    for (const { accountId, sessionId } of staying)
      expect(after.find((session) => session.accountId === accountId)?.sessionId).toBe(sessionId);
    for (const accountId of leaving)
      expect(after.find((session) => session.accountId === accountId)).toMatchObject({ process: "udp-2" });
    for (const client of clients) expect(client.log()).not.toContain("AUTH_FAILED");
  });

  it("takes connections again when it is called off", async () => {
    await gateway.configure({ draining: ["udp-1"] });
    await gateway.configure({ draining: [] });
    for (const person of people) connect(person, "udp");
    await allConnected();
    expect(await sessionsByProcess()).toMatchObject({ "udp-1": 2, "udp-2": 2 });
  });
});

describe("a process that is killed", () => {
  it("loses its own clients only, which come back with their addresses", async () => {
    for (const person of people) connect(person, "udp");
    await allConnected();
    const before = await sessions();
    const { processes } = await gateway.controlPlane.state();
    process.kill(processes.find(({ name }) => name === "udp-1")!.pid!, "SIGKILL");
    await until(
      async () => {
        await gateway.controlPlane.collect(100);
        return (
          (await sessions()).filter(({ sessionId }) => before.every((one) => one.sessionId !== sessionId)).length === 2
        );
      },
      40_000,
      () => clients.map((client) => client.log().slice(-1_500)).join("\n--\n"),
    );
    for (const person of people) await reachesTheDevice(person);
    const after = await sessions();
    for (const { accountId, sessionId, process } of before)
      if (process === "udp-2") expect(after.find((one) => one.accountId === accountId)?.sessionId).toBe(sessionId);
    const state = await gateway.controlPlane.state();
    expect(state.processes.find(({ name }) => name === "udp-1")).toMatchObject({ status: "running", restarts: 1 });
    // Nor is what went with the process, or what the agent wrote anew all along, taken for somebody else's doing.
    expect(state.warnings.map(({ code }) => code)).not.toContain("kernel_changed");
  });
});

function connect(person: FleetPerson, protocol: "udp" | "tcp"): VpnClient {
  // Only its remotes of that protocol.
  const other = protocol === "udp" ? "tcp" : "udp";
  const profile = person.profile
    .replace(new RegExp(`^remote .* ${other}$\n`, "gm"), "")
    // A second attempt would be a second flow, and take a turn.
    .replace("connect-timeout 2", "connect-timeout 30");
  const client = fleet.connect(person, { profile });
  clients.push(client);
  return client;
}

async function allConnected(): Promise<void> {
  for (const client of clients) await client.connected(30_000);
  await until(async () => (await gateway.controlPlane.state()).sessions === clients.length);
}

async function sessionsByProcess(): Promise<Record<string, number>> {
  const { processes } = await gateway.controlPlane.state();
  return Object.fromEntries(processes.map(({ name, sessions }) => [name, sessions]));
}

async function reachesTheDevice(person: FleetPerson): Promise<void> {
  await until(async () => (await fleet.lab.httpGet(person.namespace, fleet.deviceAddress)) !== null, 10_000);
}

const ended = () => gateway.controlPlane.events.filter((event) => event.type === "disconnected");

/** Live ones, as the ledger tells them. */
async function sessions() {
  await gateway.controlPlane.collect(100);
  const over = new Set(ended().map(({ sessionId }) => sessionId));
  return gateway.controlPlane.events
    .filter((event) => event.type === "connected")
    .filter(({ sessionId }) => !over.has(sessionId));
}

/** By the host's route to the person's address. */
async function processOf(person: FleetPerson): Promise<string> {
  const route = await fleet.lab.exec(gateway.gateway.namespace, ["ip", "route", "show", `${person.vpnAddress}/32`]);
  return /dev db-(\S+)/.exec(route)![1]!;
}
