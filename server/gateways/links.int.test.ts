import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GatewayEvent } from "@/gateway/protocol/events";
import { createEnrolledGateway, createRegion, createTenant } from "../../e2e/support/scene";
import { useOwnDatabase } from "../../e2e/support/test-database";
import type { TestGateway } from "../../e2e/support/test-gateway";
import { fingerprintOf } from "../certificates/authority";
import { bind, closeDatabase, database, inTransaction, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections } from "./client";
import { commitEvents } from "./ledger";
import { findDevices, linksOf, locationsFor, tellLocations } from "./links";
import { renewCertificate } from "./renew";

let dropDatabase: () => Promise<void>;
let gateways: TestGateway[];
let tenantId: string;

beforeAll(async () => {
  // All devices that are connected are counted.
  dropDatabase = await useOwnDatabase();
  const region = await createRegion("Links");
  gateways = [];
  for (const name of ["one", "two", "three"]) gateways.push(await createEnrolledGateway(name, region));
  ({ tenantId } = await createTenant("links"));
});
afterAll(async () => {
  closeGatewayConnections();
  for (const gateway of gateways) await gateway.stop();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

async function connectDevice(gateway: TestGateway, deviceId: string, address: string, connectedAt: Date) {
  const event = {
    ...{
      type: "connected",
      sessionId: randomUUID(),
      tenantId,
      accountId: null,
      deviceId,
      processBoot: "b",
      clientId: 1,
    },
    ...{ process: "udp", realAddress: "203.0.113.1:1", vpnAddress: address, fingerprint: "aa", clientVersion: null },
    ...{ platform: null, cipher: null, connectedAt: connectedAt.toISOString(), at: connectedAt.toISOString() },
    sequence: connectedAt.getTime(),
  } as GatewayEvent;
  const row = await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } });
  const isNewEpoch = row.epoch !== "links";
  await commitEvents(gateway.gatewayId, { epoch: "links", isNewEpoch, events: [event] });
}

const addDevice = (address: string) =>
  inTransaction(system, {}, async ({ tx }) => {
    await bind(tx, { tenantId });
    const data = { tenantId, name: `device ${address}`, label: `d-${address.replaceAll(".", "-")}`, address };
    return (await tx.device.create({ data: { ...data, attachment: "openvpn" } })).id;
  });

describe("links between gateways", () => {
  test("are one for every two, of which one end listens and the other dials it there", async () => {
    const all = await Promise.all(gateways.map(({ gatewayId }) => linksOf(gatewayId)));
    const ends = gateways.flatMap(({ gatewayId }, index) => all[index]!.map((link) => ({ own: gatewayId, ...link })));
    for (const end of ends.filter(({ peer }) => gateways.some(({ gatewayId }) => gatewayId === peer))) {
      const other = ends.find(({ own, peer }) => own === end.peer && peer === end.own)!;
      expect([end.host, other.host].filter((host) => host === null)).toHaveLength(1);
      expect(other.port).toBe(end.port);
    }
    for (const links of all) {
      const listening = links.filter(({ host }) => host === null).map(({ port }) => port);
      expect(new Set(listening).size).toBe(listening.length);
    }
  });

  test("open by the peer's certificate of today and by the one that it is being granted, and no other", async () => {
    const [one, two] = gateways as [TestGateway, TestGateway];
    const pins = async () => (await linksOf(one.gatewayId)).find(({ peer }) => peer === two.gatewayId)!.fingerprints;
    const before = fingerprintOf(two.certificate.toString());
    expect(await pins()).toEqual([before]);
    let told: string[] | undefined;
    two.intercept = async ({ method, path }) => {
      if (method === "PUT" && path === "/v1/certificate")
        told = one.config?.links?.find(({ peer }) => peer === two.gatewayId)?.fingerprints;
      return undefined;
    };
    await renewCertificate({ id: two.gatewayId }, createLog("test"));
    const after = fingerprintOf(two.certificate.toString());
    expect(told, "before it is put").toEqual([before, after]);
    expect(await pins()).toEqual([after]);
  });

  test("are told where devices are, the newest place of each, and never a device's own gateway", async () => {
    const [one, two, three] = gateways as [TestGateway, TestGateway, TestGateway];
    const [crane, hoist] = [await addDevice("100.64.99.1"), await addDevice("100.64.99.2")];
    // What a captured gateway may say: of a device that is none, and of one with another address than it has.
    await connectDevice(three, randomUUID(), "203.0.113.77", new Date());
    await connectDevice(one, crane, "100.64.99.1", new Date(Date.now() - 60_000));
    await connectDevice(two, hoist, "100.64.99.2", new Date(Date.now() - 50_000));
    await connectDevice(two, crane, "198.51.100.10", new Date(Date.now() - 40_000));
    const whereabouts = await findDevices();
    const told = locationsFor(one.gatewayId, whereabouts).peers;
    expect(told).toEqual([{ peer: two.gatewayId, addresses: ["100.64.99.1", "100.64.99.2"] }]);
    expect(locationsFor(two.gatewayId, whereabouts).peers.flatMap(({ addresses }) => addresses)).toEqual([]);
    await tellLocations();
    for (const gateway of [one, three])
      expect(gateway.locations).toMatchObject({ peers: [{ peer: two.gatewayId, addresses: ["100.64.99.1", "100.64.99.2"] }] }); // biome-ignore format: one line
    expect((await findDevices()).version).toBeGreaterThanOrEqual(whereabouts.version);
    await inTransaction(system, {}, async ({ tx }) => {
      await bind(tx, { tenantId });
      await tx.session.updateMany({ where: { tenantId }, data: { disconnectedAt: new Date(), endCode: "left" } });
    });
    expect((await findDevices()).byGateway.size).toBe(0);
  });
});
