/**
 * Two gateways under the whole control plane, enrolled and configured by its workers, with real clients. One session an
 * account over both: both choices of the tenant, and a partition that heals. And a device at one, reached from the other.
 */
import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { serveHttp } from "./lab-agent";
import type { LabPerson } from "./network";
import { startVpnClient, until, type VpnClient } from "./vpn-client";
import { createWorld, password, type World, type WorldAccount, type WorldGateway } from "./world";

let world: World;
let oslo: WorldGateway;
let rome: WorldGateway;
let account: WorldAccount;
let home: LabPerson;
let office: LabPerson;
const clients: VpnClient[] = [];

beforeAll(async () => {
  world = await createWorld({ labNumber: 238, gateways: 2 });
  [oslo, rome] = world.gateways as [WorldGateway, WorldGateway];
  [home, office] = [await world.lab.addPerson(), await world.lab.addPerson()];
}, 240_000);
afterEach(async () => {
  for (const client of clients.splice(0)) await client.stop();
});
afterAll(async () => {
  await world?.destroy();
});

describe("an account that connects on a second gateway", () => {
  it("ends its first session at once, and that machine is told why", async () => {
    await begin("replace");
    const first = await connect(home, account.profile(oslo));
    const second = await connect(office, account.profile(rome));
    await first.exited();
    expect(first.log()).toContain("this account connected again, from");
    const [older, newer] = await sessions(2);
    await until(async () => (await sessions(2))[0]!.disconnectedAt !== null);
    const [ended] = await sessions(2);
    expect(ended).toMatchObject({ id: older!.id, gatewayId: oslo.id, endCode: "replaced" });
    const bothMs = ended!.disconnectedAt!.getTime() - newer!.connectedAt.getTime();
    console.log(`both were live for ${bothMs} ms`);
    expect(bothMs).toBeLessThan(3_000);
    expect(second.process.exitCode).toBeNull();
  });

  it("is ended there where the tenant has the first stay, and may come once that has left", async () => {
    await begin("refuse");
    const first = await connect(home, account.profile(oslo));
    const second = await connect(office, account.profile(rome));
    await second.exited();
    expect(second.log()).toContain("this account is connected already, from");
    expect(first.process.exitCode).toBeNull();
    const same = start(office, account.profile(oslo));
    await until(() => same.log().includes("this account is connected already"), 20_000, same.log);
    await same.stop();
    await first.stop();
    await until(async () => (await sessions(2)).every(({ disconnectedAt }) => disconnectedAt !== null), 20_000);
    await connect(office, account.profile(rome));
    const [, refused, last] = await sessions(3);
    expect(refused).toMatchObject({ gatewayId: rome.id, endCode: "refused" });
    expect(last).toMatchObject({ gatewayId: rome.id, disconnectedAt: null });
  });

  it("may be live on both while one is cut off, and on one when that is over; the ledger tells both", async () => {
    await begin("replace");
    link(oslo, "down");
    const first = await connect(home, account.profile(oslo));
    const second = await connect(office, account.profile(rome));
    await sessions(1);
    expect([first.process.exitCode, second.process.exitCode]).toEqual([null, null]);
    link(oslo, "up");
    await first.exited(30_000).catch((error) => {
      throw new Error(`${error}\n${world.workers.output()}`);
    });
    expect(second.process.exitCode).toBeNull();
    await until(async () => (await sessions(2)).some(({ disconnectedAt }) => disconnectedAt !== null));
    const [older, newer] = await sessions(2);
    expect(older).toMatchObject({ gatewayId: oslo.id, endCode: "replaced" });
    expect(newer).toMatchObject({ gatewayId: rome.id, disconnectedAt: null });
    expect(older!.disconnectedAt!.getTime()).toBeGreaterThan(newer!.connectedAt.getTime());
  });
});

describe("a device at one gateway", () => {
  it("is reached by a person at another over the link that the control plane made, and by nobody whom no policy lets", async () => {
    const { lab, tenantId, admin } = world;
    const device = await world.addDevice(`Crane ${Date.now()}`);
    const { group } = await admin.devices.createGroup({ tenantId, name: device.id, deviceIds: [device.id] });
    const rules = [{ protocol: "tcp" as const, from: 80, to: 80 }];
    const { policy } = await admin.policies.create({ tenantId, name: device.id, groupIds: [group.id], rules });
    const [member, stranger] = [await world.addAccount("Mia", [policy.id]), await world.addAccount("Sam")];
    await isEnforcedEverywhere();
    const place = await lab.addPerson();
    await serveHttp(lab, place.namespace, [80, 8080], "this is the crane");
    await connect(place, device.profile(oslo), null);
    await connect(home, member.profile(rome));
    await connect(office, stranger.profile(rome));
    const get = (person: LabPerson) => lab.httpGet(person.namespace, device.address);
    await until(async () => (await get(home)) === "this is the crane", 40_000, world.workers.output);
    for (const { id: gatewayId } of [oslo, rome])
      await until(
        async () => (await world.administrator.gateways.get({ gatewayId })).links[0]?.status === "up",
        30_000,
      );
    expect(await lab.canConnect(home.namespace, device.address, 8080)).toBe("silent");
    expect(await lab.canConnect(office.namespace, device.address, 80)).toBe("silent");
    await admin.accounts.update({ tenantId, accountId: member.id, name: "Mia", policyIds: [] });
    await isEnforcedEverywhere();
    expect(await lab.canConnect(home.namespace, device.address, 80)).toBe("silent");
  }, 240_000);
});

/** A person of their own each time, with the tenant's choice in force on both gateways. */
async function begin(secondSession: "replace" | "refuse"): Promise<void> {
  const { tenantId } = world;
  await world.admin.tenants.setSecondSession({ tenantId, secondSession });
  account = await world.addAccount(`Dana ${secondSession}`);
  await isEnforcedEverywhere();
}

const isEnforcedEverywhere = () =>
  until(
    async () => (await world.administrator.tenants.get({ tenantId: world.tenantId })).isEnforcedEverywhere,
    30_000,
    world.workers.output,
  );

function start(person: LabPerson, profile: string, phrase: string | null = password): VpnClient {
  const client = startVpnClient(world.lab, person.namespace, world.folder, { profile, password: phrase });
  clients.push(client);
  return client;
}

async function connect(person: LabPerson, profile: string, phrase?: string | null): Promise<VpnClient> {
  const client = start(person, profile, phrase);
  await client.connected(40_000);
  return client;
}

/** That many of the account, oldest first. */
async function sessions(count: number) {
  const list = () =>
    world.admin.sessions.list({ ...{ tenantId: world.tenantId, accountId: account.id, order: "asc", pageSize: 50 } });
  await until(async () => (await list()).total >= count, 20_000);
  const { rows } = await list();
  expect(rows).toHaveLength(count);
  return rows;
}

function link(gateway: WorldGateway, state: "up" | "down"): void {
  execFileSync("ip", ["link", "set", gateway.managementLink, state]);
}
