/** One session an account over two gateways, with real clients: both choices of the tenant, and a partition that heals. */
import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
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
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.stop();
});
afterAll(async () => {
  await world?.destroy();
});

describe("an account that connects on a second gateway", () => {
  it("ends its first session at once, and that machine is told why", async () => {
    await begin("replace");
    const first = await connect(home, oslo);
    const second = await connect(office, rome);
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
    const first = await connect(home, oslo);
    const second = await connect(office, rome);
    await second.exited();
    expect(second.log()).toContain("this account is connected already, from");
    expect(first.process.exitCode).toBeNull();
    const same = start(office, oslo);
    await until(() => same.log().includes("this account is connected already"), 20_000, same.log);
    await same.stop();
    await first.stop();
    await until(async () => (await sessions(2)).every(({ disconnectedAt }) => disconnectedAt !== null), 20_000);
    await connect(office, rome);
    const [, refused, last] = await sessions(3);
    expect(refused).toMatchObject({ gatewayId: rome.id, endCode: "refused" });
    expect(last).toMatchObject({ gatewayId: rome.id, disconnectedAt: null });
  });

  it("may be live on both while one is cut off, and on one when that is over; the ledger tells both", async () => {
    await begin("replace");
    link(oslo, "down");
    const first = await connect(home, oslo);
    const second = await connect(office, rome);
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

/** A person of their own each time, with the tenant's choice in force on both gateways. */
async function begin(secondSession: "replace" | "refuse"): Promise<void> {
  const { tenantId } = world;
  await world.admin.tenants.setSecondSession({ tenantId, secondSession });
  account = await world.addAccount(`Dana ${secondSession}`);
  await until(async () => (await world.administrator.tenants.get({ tenantId })).isEnforcedEverywhere, 30_000);
}

function start(person: LabPerson, gateway: WorldGateway): VpnClient {
  const profile = account.profile(gateway);
  const client = startVpnClient(world.lab, person.namespace, world.folder, { profile, password });
  clients.push(client);
  return client;
}

async function connect(person: LabPerson, gateway: WorldGateway): Promise<VpnClient> {
  const client = start(person, gateway);
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
