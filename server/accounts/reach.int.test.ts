import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin } from "@/e2e/support/principals";
import { closeDatabase } from "../core/db";
import { closeQueues } from "../core/queue";

let tenantId: string;
let admin: ReturnType<typeof callAs>;
let cranes: string;
let pumps: string;
const rules = [{ protocol: "tcp" as const, from: 22, to: 22 }];

beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  const ids: string[] = [];
  for (const [at, name] of ["Crane 1", "Crane 2", "Pump"].entries())
    ids.push((await admin.devices.create({ tenantId, name, address: `10.0.0.${10 + at}` })).device.id);
  cranes = (await admin.devices.createGroup({ tenantId, name: "Cranes", deviceIds: ids.slice(0, 2) })).group.id;
  pumps = (await admin.devices.createGroup({ tenantId, name: "Pumps", deviceIds: ids.slice(1) })).group.id;
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

let nth = 0;
async function createAccount(): Promise<string> {
  nth += 1;
  return (await admin.accounts.create({ tenantId, name: `Ida ${nth}`, email: `ida${nth}@reach.test` })).account.id;
}
const give = (accountId: string, groupId: string) =>
  admin.grants.create({ tenantId, accountId, groupIds: [groupId], rules, minutes: 60, reason: "A fault" });
const reach = (accountId: string) => admin.accounts.reach({ tenantId, accountId });

describe("what an account reaches", () => {
  test("is nothing without a policy and a grant", async () => {
    expect(await reach(await createAccount())).toEqual({ denied: null, devices: 0, policies: [], grants: [] });
  });

  test("holds a grant in force, with its end, and so does the list", async () => {
    const accountId = await createAccount();
    const { grant } = await give(accountId, cranes);
    expect(await reach(accountId)).toMatchObject({
      denied: null,
      devices: 2,
      grants: [{ name: "A fault", until: grant.until, devices: 2, groups: [{ name: "Cranes" }] }],
    });
    const listed = async () =>
      (await admin.accounts.list({ tenantId })).rows.find(({ id }) => id === accountId)?.grantedUntil;
    expect(await listed()).toEqual(grant.until);
    await admin.grants.end({ tenantId, grantId: grant.id });
    expect(await reach(accountId)).toMatchObject({ devices: 0, grants: [] });
    expect(await listed()).toBeNull();
  });

  test("counts a device once, by policies that are on; one that is off opens nothing", async () => {
    const accountId = await createAccount();
    const create = (name: string, groupId: string, isEnabled: boolean) =>
      admin.policies.create({ tenantId, name, accountIds: [accountId], groupIds: [groupId], rules, isEnabled });
    await create("On", cranes, true);
    await create("Off", pumps, false);
    expect(await reach(accountId)).toMatchObject({
      devices: 2,
      policies: [
        { name: "Off", isEnabled: false, devices: 0 },
        { name: "On", isEnabled: true, devices: 2 },
      ],
    });
    await give(accountId, pumps);
    expect(await reach(accountId)).toMatchObject({ devices: 3, grants: [{ devices: 2 }] });
  });

  test("is nothing while it is blocked or revoked, whatever it is given", async () => {
    const accountId = await createAccount();
    await give(accountId, cranes);
    await admin.accounts.hold({ tenantId, accountId, minutes: 5, reason: "Malware" });
    expect(await reach(accountId)).toMatchObject({ denied: "account_held", devices: 0, grants: [{ devices: 0 }] });
    await admin.accounts.revoke({ tenantId, accountId, reason: "Left" });
    expect(await reach(accountId)).toMatchObject({ denied: "account_revoked", devices: 0 });
  });
});
