import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountPrincipal, callAs, createMember, createTenantWithAdmin, createUser } from "@/e2e/support/principals";
import { closeDatabase, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { sweepGrants } from "./sweep";

let tenantId: string;
let admin: ReturnType<typeof callAs>;
let groupId: string;
let accountId: string;
const rules = [{ protocol: "tcp" as const, from: 22, to: 22 }];

beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  const { device } = await admin.devices.create({ tenantId, name: "Crane", address: "10.0.0.4" });
  groupId = (await admin.devices.createGroup({ tenantId, name: "Cranes", deviceIds: [device.id] })).group.id;
  accountId = (await admin.accounts.create({ tenantId, name: "Ida", email: "ida@grants.test" })).account.id;
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

const give = (overrides: object = {}) =>
  admin.grants.create({
    tenantId,
    accountId,
    groupIds: [groupId],
    rules,
    minutes: 60,
    reason: "A fault",
    ...overrides,
  });

async function published(kind: string, id: string) {
  return inTenant(system, tenantId, async ({ tx }) => {
    const row = await tx.documentEntry.findUnique({ where: { tenantId_kind_id: { tenantId, kind, id } } });
    return row?.value as Record<string, unknown> | null | undefined;
  });
}

/** As if the time had come. */
const turnBack = (table: "grants" | "accounts" | "devices", column: string, id: string) =>
  inTenant(system, tenantId, ({ tx }) =>
    tx.$executeRawUnsafe(`UPDATE ${table} SET ${column} = now() - interval '1 minute' WHERE id = '${id}'`),
  );

describe("a grant", () => {
  test("reaches the gateways with its end, and the person's own page", async () => {
    const { grant } = await give();
    expect(await published("grant", grant.id)).toEqual({
      account: accountId,
      groups: [groupId],
      rules,
      until: grant.until.toISOString(),
    });
    const reach = await callAs(await accountPrincipal(tenantId, accountId)).portal.reach();
    expect(reach).toMatchObject([{ policyName: "A fault", until: grant.until, devices: [{ name: "Crane" }] }]);
  });

  test("that is ended early leaves the document, and can be ended once", async () => {
    const { grant } = await give();
    await admin.grants.end({ tenantId, grantId: grant.id });
    expect(await published("grant", grant.id)).toBeNull();
    await expect(admin.grants.end({ tenantId, grantId: grant.id })).rejects.toThrow("over already");
    const { rows } = await admin.grants.list({ tenantId, state: "ended" });
    expect(rows).toMatchObject([{ id: grant.id, state: "ended", account: { name: "Ida" } }]);
  });

  test("that has lapsed is swept out of the document, once, and said to have lapsed", async () => {
    const { grant, revision } = await give();
    await turnBack("grants", "until", grant.id);
    await sweepGrants(createLog("test"));
    expect(await published("grant", grant.id)).toBeNull();
    const { rows } = await admin.grants.list({ tenantId, state: "lapsed" });
    expect(rows).toMatchObject([{ id: grant.id, state: "lapsed", endedBy: null }]);
    await sweepGrants(createLog("test"));
    const tenant = await inTenant(system, tenantId, ({ tx }) =>
      tx.tenant.findUniqueOrThrow({ where: { id: tenantId } }),
    );
    expect(Number(tenant.revision)).toBe(revision + 1);
  });

  test("goes with its account", async () => {
    const { account } = await admin.accounts.create({ tenantId, name: "Leaver", email: "leaver@grants.test" });
    const { grant } = await give({ accountId: account.id });
    await admin.accounts.delete({ tenantId, accountId: account.id });
    expect(await published("grant", grant.id)).toBeNull();
  });

  test("keeps its groups while it is in force", async () => {
    await give();
    await expect(admin.devices.deleteGroup({ tenantId, groupId })).rejects.toThrow("part of a grant");
  });

  test.each([
    ["no group", { groupIds: [] }, "at least one group"],
    ["no rule", { rules: [] }, "at least one rule"],
    ["no time", { minutes: 0 }, "at least a minute"],
    ["more than thirty days", { minutes: 30 * 24 * 60 + 1 }, "at most 30 days"],
    ["no reason", { reason: " " }, "Say why"],
    ["an account that is nobody's", { accountId: "00000000-0000-4000-8000-000000000000" }, "account is gone"],
    ["another's group", { groupIds: ["00000000-0000-4000-8000-000000000000"] }, "groups are gone"],
  ])("is not given for %s", async (_, overrides, message) => {
    await expect(give(overrides)).rejects.toThrow(message);
  });

  test("is not given to whose access is revoked, nor by a viewer", async () => {
    const { account } = await admin.accounts.create({ tenantId, name: "Gone", email: "gone@grants.test" });
    await admin.accounts.revoke({ tenantId, accountId: account.id, reason: "left" });
    await expect(give({ accountId: account.id })).rejects.toThrow("Restore it first");
    const viewer = callAs(await createMember(tenantId, "viewer"));
    await expect(
      viewer.grants.create({ tenantId, accountId, groupIds: [groupId], rules, minutes: 5, reason: "no" }),
    ).rejects.toThrow("does not include");
  });
});

describe("a hold", () => {
  test("reaches the gateways, is shown, and is lifted", async () => {
    const { until } = await admin.accounts.hold({ tenantId, accountId, minutes: 30, reason: "Malware." });
    const hold = { until: until.toISOString(), reason: "Malware." };
    expect(await published("account", accountId)).toMatchObject({ hold });
    expect(await admin.accounts.get({ tenantId, accountId })).toMatchObject({ hold: { until, reason: "Malware." } });
    await admin.accounts.letIn({ tenantId, accountId });
    expect(await published("account", accountId)).toMatchObject({ hold: null });
    await expect(admin.accounts.letIn({ tenantId, accountId })).rejects.toThrow("not blocked");
  });

  test("is for support to set and end in any tenant, which reads in its own audit that staff did it", async () => {
    const staff = await createUser("support");
    const support = callAs(staff);
    const { device } = await admin.devices.create({ tenantId, name: "Winch", address: "10.0.0.9" });
    await support.accounts.hold({ tenantId, accountId, minutes: 30, reason: "Malware, by phone." });
    await support.devices.hold({ tenantId, deviceId: device.id, minutes: 60, reason: "It floods." });
    expect(await published("account", accountId)).toMatchObject({ hold: { reason: "Malware, by phone." } });
    const held = () => support.live.held({ tenantId, sort: "until" });
    expect(await held()).toMatchObject({
      total: 2,
      rows: [
        { kind: "account", id: accountId, name: "Ida", reason: "Malware, by phone." },
        { kind: "device", id: device.id, name: "Winch", reason: "It floods." },
      ],
    });
    expect((await support.live.held({ tenantId, search: "flood" })).rows).toHaveLength(1);
    await support.accounts.letIn({ tenantId, accountId });
    await support.devices.letIn({ tenantId, deviceId: device.id });
    expect(await held()).toMatchObject({ total: 0, rows: [] });
    expect(await published("account", accountId)).toMatchObject({ hold: null });
    const { rows } = await admin.audit.list({ tenantId, subjectId: accountId });
    expect(rows.slice(0, 2)).toMatchObject([
      { action: "accounts.let_in", actor: { kind: "staff", id: staff.userId, name: staff.name } },
      {
        action: "accounts.hold",
        actor: { kind: "staff", id: staff.userId },
        details: { reason: "Malware, by phone." },
      },
    ]);

    const manager = callAs(await createUser("account_manager"));
    const attempt = manager.accounts.hold({ tenantId, accountId, minutes: 30, reason: "No." });
    await expect(attempt).rejects.toThrow("does not include holds:write");
    await expect(admin.live.held({ tenantId })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("outlives a change of the device that is held", async () => {
    const { device } = await admin.devices.create({ tenantId, name: "Belt", address: "10.0.0.5" });
    const { until } = await admin.devices.hold({ tenantId, deviceId: device.id, minutes: 30, reason: "Repair." });
    await admin.devices.update({ tenantId, deviceId: device.id, name: "Belt 2", address: "10.0.0.5" });
    expect(await published("device", device.id)).toMatchObject({
      name: "Belt 2",
      hold: { until: until.toISOString(), reason: "Repair." },
    });
  });

  test("that has lapsed is not shown, and swept out of the document", async () => {
    const { device } = await admin.devices.create({ tenantId, name: "Gate", address: "10.0.0.6" });
    await admin.devices.hold({ tenantId, deviceId: device.id, minutes: 30, reason: "Repair." });
    await admin.accounts.hold({ tenantId, accountId, minutes: 30, reason: "Malware." });
    await turnBack("devices", "held_until", device.id);
    await turnBack("accounts", "held_until", accountId);
    expect((await admin.accounts.get({ tenantId, accountId })).hold).toBeNull();
    await sweepGrants(createLog("test"));
    expect(await published("device", device.id)).toMatchObject({ hold: null });
    expect(await published("account", accountId)).toMatchObject({ hold: null });
  });
});
