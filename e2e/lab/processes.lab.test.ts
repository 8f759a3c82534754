/** Many processes behind one port: new connections are spread, addresses follow their owners, one process ends alone. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createFleet, type Fleet, type FleetGateway, type FleetPerson, frontPort } from "./fleet";
import { until, type VpnClient } from "./vpn-client";

let fleet: Fleet;
let gateway: FleetGateway;
let people: FleetPerson[];
const clients: VpnClient[] = [];

beforeAll(async () => {
  fleet = await createFleet(236, 1);
  [gateway] = fleet.gateways as [FleetGateway];
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
    expect(await fleet.lab.canConnect(person.namespace, gateway.place.wanAddress, frontPort)).toBe("open");
    expect(await fleet.lab.canConnect(person.namespace, gateway.place.wanAddress, 20_001)).toBe("silent");
  });
});

function connect(person: FleetPerson, protocol: "udp" | "tcp"): VpnClient {
  // Only its remotes of that protocol.
  const other = protocol === "udp" ? "tcp" : "udp";
  const profile = person.profile.replace(new RegExp(`^remote .* ${other}$\n`, "gm"), "");
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
