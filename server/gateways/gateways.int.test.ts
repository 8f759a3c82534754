import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import { change, createEnrolledGateway } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import { parseToken } from "@/gateway/protocol/enrolment";
import { closeDatabase, database, inTenant, inTransaction, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import type { UserPrincipal } from "../trpc/principal";
import { closeGatewayConnections } from "./client";
import { pushGateway } from "./push";
import { sweepGateway } from "./sweep";

let dropDatabase: () => Promise<void>;
let administrator: UserPrincipal;
let regionId: string;
let tenantId: string;
const started: TestGateway[] = [];
const list = { page: 1, pageSize: 200 };

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  administrator = await createUser("administrator");
  const code = unique("gateways");
  regionId = (await callAs(administrator).regions.create({ code, name: "Frankfurt" })).id;
  ({ tenantId } = await createTenantWithAdmin());
});
afterAll(async () => {
  for (const gateway of started) await gateway.stop();
  await database().gateway.updateMany({ where: { regionId }, data: { enrolledAt: null } });
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("describing a gateway", () => {
  test("gives its token once, with the command, and an uplink of every tenant", async () => {
    const issued = await call().gateways.create(described());
    expect(parseToken(issued.token)).toMatchObject({ gatewayId: issued.gatewayId });
    expect(issued.command).toContain(`GATEWAY_TOKEN=${issued.token}`);
    expect(issued.command).toContain(`GATEWAY_API_HOST=${described().apiHost} `);
    const row = await call().gateways.get({ gatewayId: issued.gatewayId });
    expect(row).toMatchObject({ status: "awaiting_enrolment", region: "Frankfurt", tokenExpiresAt: issued.expiresAt });
    expect(JSON.stringify(row)).not.toContain(parseToken(issued.token).secret);
    const [entry, uplink] = await inTenant(system, tenantId, ({ tx }) =>
      Promise.all([
        tx.documentEntry.findUnique({
          where: { tenantId_kind_id: { tenantId, kind: "uplink", id: issued.gatewayId } },
        }),
        tx.uplink.findUnique({ where: { tenantId_gatewayId: { tenantId, gatewayId: issued.gatewayId } } }),
      ]),
    );
    expect(entry!.value).toEqual({ interface: uplink!.interface, nextHop: null });
    expect(uplink!.interface).toMatch(/^up-\d+$/);
  });

  test("is refused for an address that a tenant's network holds, and a network that holds a gateway's, by name", async () => {
    const held = await createTenantWithAdmin({ networks: [{ name: "Yard", cidr: "192.0.2.0/28" }] });
    for (const field of ["publicHost", "apiHost"] as const)
      await expect(call().gateways.create({ ...described(), [field]: "192.0.2.9" })).rejects.toMatchObject({
        cause: { field, message: expect.stringContaining("192.0.2.9 lies in 192.0.2.0/28") },
      });
    const { gatewayId } = await call().gateways.create({ ...described(), publicHost: "192.0.2.30" });
    const row = { ...described(), name: unique("moved"), gatewayId };
    await expect(call().gateways.update({ ...row, publicHost: "192.0.2.8" })).rejects.toMatchObject({
      cause: { field: "publicHost" },
    });
    const networks = [{ name: "Yard", cidr: "192.0.2.16/28" }];
    const refusal = {
      cause: { field: "networks.0.cidr", message: expect.stringContaining("holds 192.0.2.30, an address of gateway") },
    };
    await expect(call().tenants.setNetworks({ tenantId: held.tenantId, networks })).rejects.toMatchObject(refusal);
    await expect(createTenantWithAdmin({ networks })).rejects.toMatchObject(refusal);
    await call().gateways.delete({ gatewayId });
    await expect(call().tenants.setNetworks({ tenantId: held.tenantId, networks })).resolves.toBeDefined();
  });

  test("is refused for a name that is taken, saying so", async () => {
    const input = described();
    await call().gateways.create(input);
    await expect(call().gateways.create({ ...described(), name: input.name })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("Another gateway has this name"),
    });
  });

  test.each([
    ["a port out of range", { apiPort: 65_536 }],
    ["a host that is none", { apiHost: "not a host" }],
    ["a host with a scheme", { publicHost: "https://x" }],
    ["neither a port nor a process", { processes: [] }],
    ["a port for clients that is a process's own", { fronts: [{ protocol: "udp" as const, port: 1194 }] }],
    [
      "a process whose name is no interface's",
      { processes: [{ name: "UDP 1194!", protocol: "udp" as const, port: 1194 }] },
    ],
    [
      "two processes on one port",
      { processes: ["a", "b"].map((name) => ({ name, protocol: "udp" as const, port: 1194 })) },
    ],
    ["two processes of one name", { processes: [1, 2].map((port) => ({ name: "a", protocol: "udp" as const, port })) }],
    ["a name with control characters", { name: "gw\u0007" }],
  ])("is refused for %s", async (_, wrong) => {
    await expect(call().gateways.create({ ...described(), ...wrong })).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  test("is not for support, who may look only", async () => {
    const support = await createUser("support");
    await expect(callAs(support).gateways.create(described())).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(callAs(support).gateways.list(list)).resolves.toBeTruthy();
  });
});

describe("an enrolled gateway", () => {
  test("says what it is behind on, tenant by tenant, and is healthy again after", async () => {
    const gateway = await start();
    await sweep(gateway);
    expect((await get(gateway)).behind).toBeGreaterThanOrEqual(1);
    const appliedHere = async () =>
      (await call().gateways.applied({ ...list, gatewayId: gateway.gatewayId, search: "" })).rows.find(
        (row) => row.tenantId === tenantId,
      );
    expect(await appliedHere()).toMatchObject({ applied: 0, enforcedAt: null });
    await change(tenantId, "PLC 1");
    await pushGateway(gateway.gatewayId);
    const row = await appliedHere();
    expect(row).toMatchObject({ applied: row!.revision, enforcedAt: expect.any(Date), error: null, isDrifted: false });
    expect(await get(gateway)).toMatchObject({ status: "healthy", notes: [] });
    const onlyBehind = await call().gateways.applied({ ...list, gatewayId: gateway.gatewayId, onlyBehind: true });
    expect(onlyBehind.rows.map((one) => one.tenantId)).not.toContain(tenantId);
  });

  test("that is described anew gets a higher version only where its processes changed", async () => {
    const gateway = await start();
    const { gatewayId } = gateway;
    const row = await get(gateway);
    const { name, apiHost, apiPort, processes } = row;
    const same = { gatewayId, name, regionId, apiHost, apiPort, processes, publicHost: "new.example.net" };
    await call().gateways.update(same);
    expect(await get(gateway)).toMatchObject({ configVersion: 1, publicHost: "new.example.net" });
    await call().gateways.update({ ...same, processes: [{ name: "tcp-443", protocol: "tcp", port: 443 }] });
    expect(await get(gateway)).toMatchObject({ configVersion: 2 });
  });

  test("drains a process until that is called off, through its configuration, and says who asked", async () => {
    const gateway = await start();
    const { gatewayId } = gateway;
    const drain = (isDraining: boolean, process = "udp-1194") =>
      call().gateways.drainProcess({ gatewayId, process, isDraining, perSecond: 2 });
    await drain(true);
    await sweep(gateway);
    expect(gateway.config).toMatchObject({ draining: ["udp-1194"], drainPerSecond: 2, isInMaintenance: false });
    await drain(false);
    await sweep(gateway);
    expect(gateway.config).toMatchObject({ draining: [] });
    await expect(drain(true, "udp-7")).rejects.toMatchObject({ code: "BAD_REQUEST" });
    expect(await actionsOn(gatewayId)).toEqual(["gateways.drain_process", "gateways.undrain_process"]);
  });

  test("in maintenance says so, tells its agent, and comes back", async () => {
    const gateway = await start();
    const { gatewayId } = gateway;
    await call().gateways.setMaintenance({ gatewayId, isInMaintenance: true });
    await sweep(gateway);
    expect(gateway.config).toMatchObject({ isInMaintenance: true });
    await sweep(gateway);
    await pushGateway(gatewayId);
    expect(await get(gateway)).toMatchObject({ status: "maintenance", isInMaintenance: true });
    await call().gateways.setMaintenance({ gatewayId, isInMaintenance: false });
    await sweep(gateway);
    expect(gateway.config).toMatchObject({ isInMaintenance: false });
    expect(await actionsOn(gatewayId)).toEqual(["gateways.begin_maintenance", "gateways.end_maintenance"]);
  });

  test("is neither drained nor put into maintenance by support", async () => {
    const { gatewayId } = await start();
    const support = callAs(await createUser("support")).gateways;
    for (const attempt of [
      support.drainProcess({ gatewayId, process: "udp-1194", isDraining: true }),
      support.setMaintenance({ gatewayId, isInMaintenance: true }),
    ])
      await expect(attempt).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("whose certificate is about to end, or that warns itself, says so", async () => {
    const gateway = await start();
    await sweep(gateway);
    await database().gateway.update({
      where: { id: gateway.gatewayId },
      data: {
        certificateNotAfter: new Date(Date.now() + 5 * 86_400_000),
        state: { ...gateway.state(), warnings: [{ code: "disk", message: "The disk is nearly full." }] } as object,
      },
    });
    const { status, notes } = await get(gateway);
    expect(status).toBe("warning");
    expect(notes).toEqual(
      expect.arrayContaining(["The disk is nearly full.", expect.stringContaining("certificate ends")]),
    );
  });

  test("is deleted only once it is retired, and leaves no uplink", async () => {
    const gateway = await start();
    const { gatewayId } = gateway;
    await pushGateway(gatewayId);
    await expect(call().gateways.delete({ gatewayId })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("Retire it first"),
    });
    await call().gateways.retire({ gatewayId });
    expect((await get(gateway)).status).toBe("awaiting_enrolment");
    await call().gateways.delete({ gatewayId });
    await expect(call().gateways.get({ gatewayId })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const left = await inTenant(system, tenantId, ({ tx }) => tx.uplink.count({ where: { gatewayId } }));
    expect(left).toBe(0);
  });
});

/** What the audit log has of it, oldest first. */
async function actionsOn(subjectId: string): Promise<string[]> {
  const entries = await inTransaction(system, { isStaff: true }, ({ tx }) =>
    tx.auditEntry.findMany({ where: { subjectId, action: { startsWith: "gateways." } }, orderBy: { sequence: "asc" } }),
  );
  return entries.map(({ action }) => action);
}

const call = () => callAs(administrator);
const get = (gateway: TestGateway) => call().gateways.get({ gatewayId: gateway.gatewayId });

const described = () => ({
  ...{ name: unique("gw"), regionId, apiHost: "127.0.0.1", apiPort: 8443, publicHost: "fra-1.example.net" },
  processes: [{ name: "udp-1194", protocol: "udp" as const, port: 1194 }],
});

async function start(): Promise<TestGateway> {
  const gateway = await createEnrolledGateway("gateways", regionId);
  started.push(gateway);
  return gateway;
}

async function sweep(gateway: TestGateway): Promise<void> {
  await sweepGateway(
    await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } }),
    createLog("test"),
  );
  // The configuration is sent in the same sweep; the next one sees that it arrived.
  await sweepGateway(
    await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } }),
    createLog("test"),
  );
}
