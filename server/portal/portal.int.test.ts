import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountPrincipal, callAs, createGatewayRow, createTenantWithAdmin } from "@/e2e/support/principals";
import { closeDatabase, inTenant, system } from "../core/db";
import { closeQueues } from "../core/queue";

let tenantId: string;
let staff: ReturnType<typeof callAs>;
let dana: { id: string; address: string };
let eve: { id: string; address: string };
let gateway: { id: string; name: string };

beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  staff = callAs(tenant.staff);
  const create = async (name: string) =>
    (await callAs(tenant.admin).accounts.create({ tenantId, name, email: `${name}@portal.test` })).account;
  dana = await create("dana");
  eve = await create("eve");
  gateway = await createGatewayRow();
  const session = (account: { id: string; address: string }, hour: number, isLive: boolean) => {
    const connectedAt = new Date(Date.UTC(2026, 0, 1, hour));
    return {
      ...{ tenantId, id: crypto.randomUUID(), connectedAt, gatewayId: gateway.id, accountId: account.id },
      ...{ process: "udp-1194", processBoot: "b", clientId: hour, realAddress: "192.0.2.4:5000", bytesAt: connectedAt },
      ...{ vpnAddress: account.address, fingerprint: "ab", received: 5_000_000_000n, sent: 7n },
      disconnectedAt: isLive ? null : new Date(connectedAt.getTime() + 60_000),
    };
  };
  await inTenant(system, tenantId, async ({ tx }) => {
    await tx.session.createMany({ data: [session(dana, 1, false), session(dana, 2, true), session(eve, 3, true)] });
    const refusal = (accountId: string, sequence: number, reason: string) => ({
      ...{ tenantId, gatewayId: gateway.id, epoch: "e", sequence, at: new Date(Date.UTC(2026, 0, 1, sequence)) },
      ...{ accountId, code: "password_wrong", reason, realAddress: "192.0.2.4:5000", process: "udp-1194" },
    });
    const data = [
      refusal(dana.id, 1, "old"),
      refusal(dana.id, 2, "the password is wrong"),
      refusal(eve.id, 3, "eve's"),
    ];
    await tx.refusal.createMany({ data });
  });
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

describe("the portal", () => {
  test("shows an account what is its own, and nothing of another's", async () => {
    const portal = callAs(await accountPrincipal(tenantId, dana.id)).portal;
    const profile = await portal.profile();
    expect(profile).toMatchObject({
      ...{ name: "dana", email: "dana@portal.test", address: dana.address, state: "active", reason: null },
      lastRefusal: { reason: "the password is wrong", gatewayName: gateway.name },
      session: { gatewayName: gateway.name, vpnAddress: dana.address, received: 5_000_000_000, sent: 7 },
    });
    expect(profile.gateways).toContainEqual(expect.objectContaining({ name: gateway.name }));
    const { rows, total } = await portal.sessions({});
    expect(total).toBe(2);
    expect(rows.map(({ connectedAt }) => connectedAt.getUTCHours())).toEqual([2, 1]);
    expect((await portal.sessions({ pageSize: 1, page: 2 })).rows[0]!.disconnectedAt).not.toBeNull();
  });

  test("says that the tenant is suspended", async () => {
    const portal = callAs(await accountPrincipal(tenantId, eve.id)).portal;
    await staff.tenants.suspend({ tenantId, reason: "unpaid" });
    expect(await portal.profile()).toMatchObject({
      state: "suspended",
      reason: expect.stringContaining("is suspended"),
    });
    await staff.tenants.resume({ tenantId });
    expect(await portal.profile()).toMatchObject({ state: "active", reason: null });
  });

  test("says by what name a device on a tunnel of its own is called, and whether it is up", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    const console = callAs(admin);
    const { account } = await console.accounts.create({ tenantId, name: "Ida", email: "ida@portal.test" });
    const { device: crane } = await console.devices.create({ tenantId, name: "Crane", attachment: "openvpn" });
    const { device: pump } = await console.devices.create({ tenantId, name: "Pump", address: "10.0.0.4" });
    const { group } = await console.devices.createGroup({ tenantId, name: "All", deviceIds: [crane.id, pump.id] });
    const rules = [{ protocol: "tcp" as const, from: 22, to: 22 }];
    await console.policies.create({ tenantId, name: "p", rules, accountIds: [account.id], groupIds: [group.id] });
    const reached = async () => (await callAs(await accountPrincipal(tenantId, account.id)).portal.reach())[0]!.devices;
    expect(await reached()).toMatchObject([
      { name: "Crane", dnsName: crane.dnsName, isUp: false },
      { name: "Pump", isUp: null },
    ]);
    await inTenant(system, tenantId, ({ tx }) =>
      tx.session.create({
        data: {
          ...{ tenantId, id: crypto.randomUUID(), deviceId: crane.id, gatewayId: gateway.id, connectedAt: new Date() },
          ...{ process: "udp-1194", processBoot: "b", clientId: 9, realAddress: "192.0.2.4:5000", bytesAt: new Date() },
          ...{ vpnAddress: crane.address, fingerprint: "cd" },
        },
      }),
    );
    expect(await reached()).toMatchObject([{ name: "Crane", isUp: true }, { name: "Pump" }]);
  });
});
