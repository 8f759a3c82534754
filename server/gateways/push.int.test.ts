import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { change, createEnrolledGateway, createRegion, createTenant } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { findReceipt } from "../revisions/revisions";
import { closeGatewayConnections } from "./client";
import { pushGateway } from "./push";

let dropDatabase: () => Promise<void>;
let gateway: TestGateway;
let tenantId: string;
let regionId: string;

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  regionId = await createRegion("Push");
});
beforeEach(async () => {
  gateway = await createEnrolledGateway("push", regionId);
  ({ tenantId } = await createTenant("push"));
});
afterEach(async () => {
  await gateway.stop();
  await database().gateway.update({ where: { id: gateway.gatewayId }, data: { enrolledAt: null } });
});
afterAll(async () => {
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("push", () => {
  test("what changed arrives, then only what changed since, and the receipt says enforced", async () => {
    await push();
    expect(own()).toEqual([expect.objectContaining({ from: null, to: 1 })]);
    const revision = await change(tenantId, "PLC 1");
    await push();
    expect(own()[1]).toMatchObject({ from: 1, to: 2, entries: [{ kind: "device", value: { name: "PLC 1" } }] });
    const receipt = await inTenant(system, tenantId, (scope) => findReceipt(scope, revision));
    expect(receipt!.gateways.find(({ gatewayId }) => gatewayId === gateway.gatewayId)).toMatchObject({
      status: "enforced",
      ms: expect.any(Number),
    });
    expect(gateway.digest(tenantId)).toBe(await digestHere());
  });

  test("changes that came meanwhile go as one push", async () => {
    await push();
    for (const name of ["a", "b", "c"]) await change(tenantId, name);
    await push();
    expect(own()[1]).toMatchObject({ from: 1, to: 4 });
    expect(own()[1]!.entries).toHaveLength(3);
  });

  test("what is gone is told as gone, and left out of a whole document", async () => {
    const deviceId = randomUUID();
    await change(tenantId, "PLC 1", deviceId);
    await push();
    await inTenant(system, tenantId, async (scope) => {
      const { publish } = await import("../revisions/revisions");
      await publish(scope, [{ kind: "device", id: deviceId, value: null }], {
        summary: "removed",
        subject: { kind: "device", id: deviceId },
      });
    });
    await push();
    expect(own().at(-1)!.entries).toEqual([{ kind: "device", id: deviceId, value: null }]);
    gateway.loseState();
    await change(tenantId, "PLC 2");
    await push();
    expect(own().at(-1)).toMatchObject({ from: null, to: 4 });
    expect(
      own()
        .at(-1)!
        .entries.map(({ value }) => value),
    ).not.toContain(null);
  });

  test("a gateway that lost its state gets the whole document", async () => {
    await push();
    gateway.loseState();
    await change(tenantId, "PLC 1");
    await push();
    expect(own().map(({ from, to }) => [from, to])).toEqual([
      [null, 1],
      [1, 2],
      [null, 2],
    ]);
    expect(await applied()).toBe(2);
  });

  test("a gateway that is ahead gets the whole document too", async () => {
    await push();
    gateway.documents.get(tenantId)!.revision = 9;
    await change(tenantId, "PLC 1");
    await push();
    expect(own().at(-1)).toMatchObject({ from: null, to: 2 });
    expect(gateway.documents.get(tenantId)!.revision).toBe(2);
  });

  test("a push that was enforced but not written down is written down without sending it again", async () => {
    await push();
    const revision = await change(tenantId, "PLC 1");
    await push();
    await inTenant(system, tenantId, ({ tx }) =>
      tx.appliedRevision.update({
        where: { tenantId_gatewayId: { tenantId, gatewayId: gateway.gatewayId } },
        data: { revision: 1 },
      }),
    );
    await push();
    expect(await applied()).toBe(revision);
    expect(gateway.documents.get(tenantId)!.revision).toBe(revision);
  });

  test("two pushes at once leave the newest revision stored", async () => {
    await change(tenantId, "PLC 1");
    await Promise.all([push(), push(), push()]);
    expect(await applied()).toBe(2);
    expect(gateway.digest(tenantId)).toBe(await digestHere());
  });

  test("one tenant's refusal is told in its receipt and holds nobody else up", async () => {
    const other = await createTenant("push-other");
    gateway.intercept = ({ path }) =>
      path.includes(tenantId)
        ? { status: 400, body: { error: { code: "invalid", message: "entries[0] is odd" } } }
        : undefined;
    await push();
    expect(gateway.documents.get(other.tenantId)?.revision).toBe(1);
    const receipt = await inTenant(system, tenantId, (scope) => findReceipt(scope, 1));
    const row = receipt!.gateways.find(({ gatewayId }) => gatewayId === gateway.gatewayId);
    expect(row).toMatchObject({ status: "failed", error: expect.stringContaining("entries[0] is odd") });
    gateway.intercept = () => undefined;
    await push();
    expect(await applied()).toBe(1);
  });

  test("a gateway that does not answer is named with its address, and asked again", async () => {
    await gateway.stop();
    await expect(push()).rejects.toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(/push-.* at 127\.0\.0\.1:\d+ does not answer/),
    });
    const receipt = await inTenant(system, tenantId, (scope) => findReceipt(scope, 1));
    const row = receipt!.gateways.find(({ gatewayId }) => gatewayId === gateway.gatewayId);
    expect(row).toMatchObject({ status: "failed", error: expect.stringContaining("does not answer") });
    await gateway.start();
    await push();
    expect(await applied()).toBe(1);
  });

  test("another gateway's certificate on its port is not trusted, and nothing is sent", async () => {
    const impostor = await createEnrolledGateway("impostor", regionId);
    await database().gateway.update({ where: { id: gateway.gatewayId }, data: { apiPort: impostor.port } });
    await expect(push()).rejects.toMatchObject({
      kind: "untrusted",
      message: expect.stringContaining("Nothing was sent"),
    });
    expect(impostor.requests).toEqual([]);
    await impostor.stop();
    await database().gateway.update({ where: { id: impostor.gatewayId }, data: { enrolledAt: null } });
  });
});

const push = () => pushGateway(gateway.gatewayId);
const own = () => gateway.pushes.filter((sent) => sent.tenantId === tenantId);

async function applied(): Promise<number> {
  const row = await inTenant(system, tenantId, ({ tx }) =>
    tx.appliedRevision.findUniqueOrThrow({ where: { tenantId_gatewayId: { tenantId, gatewayId: gateway.gatewayId } } }),
  );
  return Number(row.revision);
}

async function digestHere(): Promise<string> {
  const entries = await inTenant(system, tenantId, ({ tx }) =>
    tx.documentEntry.findMany({ where: { tenantId }, select: { digest: true, value: true } }),
  );
  const digest = Buffer.alloc(32);
  for (const entry of entries) {
    if (entry.value === null) continue;
    for (let i = 0; i < 32; i++) digest[i]! ^= entry.digest[i]!;
  }
  return digest.toString("hex");
}
