import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountPrincipal, callAs, createTenantWithAdmin } from "@/e2e/support/principals";
import type { PolicyRule } from "@/gateway/protocol/document";
import { closeDatabase, inTenant, system } from "../core/db";
import { closeQueues } from "../core/queue";

let tenantId: string;
let admin: ReturnType<typeof callAs>;
let accounts: string[];
let groupId: string;
const rules = [{ protocol: "tcp" as const, from: 22, to: 22 }];

beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  accounts = [];
  for (const name of ["one", "two", "three"])
    accounts.push((await admin.accounts.create({ tenantId, name, email: `${name}@policies.test` })).account.id);
  const { device } = await admin.devices.create({ tenantId, name: "PLC", address: "10.0.0.5" });
  groupId = (await admin.devices.createGroup({ tenantId, name: "PLCs", deviceIds: [device.id] })).group.id;
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

async function changedAt(revision: number) {
  return inTenant(system, tenantId, async ({ tx }) => {
    const rows = await tx.documentEntry.findMany({ where: { tenantId, revision } });
    return rows.map(({ kind, id }) => `${kind} ${id}`).sort();
  });
}

describe("a policy", () => {
  test("reaches the gateways together with the accounts that it names, and with none that it does not touch", async () => {
    const [one, two, three] = accounts as [string, string, string];
    const input = { tenantId, name: "ssh", rules, groupIds: [groupId] };
    const { policy, revision } = await admin.policies.create({ ...input, accountIds: [one, two] });
    expect(policy).toMatchObject({ accounts: 2, devices: 1, groups: [{ id: groupId, name: "PLCs" }], isEnabled: true });
    expect(await changedAt(revision)).toEqual([`account ${one}`, `account ${two}`, `policy ${policy.id}`].sort());

    const policyId = policy.id;
    const updated = await admin.policies.update({ ...input, policyId, name: "ssh 2", accountIds: [two, three] });
    expect(await changedAt(updated.revision)).toEqual(
      [`account ${one}`, `account ${three}`, `policy ${policyId}`].sort(),
    );
    const details = await admin.policies.get({ tenantId, policyId });
    expect(details.accounts.map(({ name }) => name)).toEqual(["three", "two"]);

    const removed = await admin.policies.delete({ tenantId, policyId });
    expect(await changedAt(removed.revision)).toEqual(
      [`account ${two}`, `account ${three}`, `policy ${policyId}`].sort(),
    );
    await expect(admin.policies.get({ tenantId, policyId })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test.each([
    ["no rule", [], "at least one rule"],
    ["port 0", [{ protocol: "tcp", from: 0, to: 22 }], "1 to 65535"],
    ["port 65536", [{ protocol: "udp", from: 1, to: 65536 }], "1 to 65535"],
    ["half a port", [{ protocol: "tcp", from: 22.5, to: 23 }], "whole numbers"],
    [
      "ports the wrong way round",
      [{ protocol: "tcp", from: 80, to: 22 }],
      "The last port (22) is lower than the first (80)",
    ],
    ["a first port alone", [{ protocol: "tcp", from: 22, to: null }], "Give the last port too"],
    ["a last port alone", [{ protocol: "tcp", from: null, to: 22 }], "Give the first port too"],
    ["ICMP with ports", [{ protocol: "icmp", from: 1, to: 2 }], "ICMP has no ports"],
    ["51 rules", Array.from({ length: 51 }, () => rules[0]), "at most 50"],
  ])("is refused with %s", async (_, bad, words) => {
    const attempt = admin.policies.create({ tenantId, name: "bad", rules: bad as typeof rules });
    await expect(attempt).rejects.toMatchObject({ code: "BAD_REQUEST" });
    const messages = await attempt.catch((error) =>
      error.cause.issues.map((issue: { message: string }) => issue.message),
    );
    expect(messages.join()).toContain(words);
  });

  test("is refused with an account or a group that is not there, or another tenant's", async () => {
    const other = await createTenantWithAdmin();
    const id = { tenantId: other.tenantId };
    const theirs = callAs(other.admin);
    const { account } = await theirs.accounts.create({ ...id, name: "x", email: "x@policies.test" });
    const { group } = await theirs.devices.createGroup({ ...id, name: "g" });
    const attempt = (over: Record<string, unknown>) => admin.policies.create({ tenantId, name: "bad", rules, ...over });
    await expect(attempt({ accountIds: [account.id] })).rejects.toMatchObject({ cause: { field: "accountIds" } });
    await expect(attempt({ groupIds: [group.id] })).rejects.toMatchObject({ cause: { field: "groupIds" } });
    expect((await admin.policies.list({ tenantId, search: "bad" })).total).toBe(0);
  });

  test("has a name of its own", async () => {
    await admin.policies.create({ tenantId, name: "named", rules });
    await expect(admin.policies.create({ tenantId, name: "named", rules })).rejects.toMatchObject({
      code: "CONFLICT",
      cause: { field: "name" },
    });
  });

  test("is never used until a gateway tells that it let something through, then says when and how much in seven days", async () => {
    const { policy } = await admin.policies.create({ tenantId, name: "used", rules });
    expect(policy.use).toBeNull();
    const day = 24 * 60 * 60_000;
    const rows = [0, 3, 20].map((days, n) => {
      const usedAt = new Date(Date.now() - days * day);
      return { policyId: policy.id, day: usedAt, usedAt, bytes: 10n ** BigInt(n), packets: 1n };
    });
    await inTenant(system, tenantId, ({ tx }) =>
      tx.policyUse.createMany({ data: rows.map((row) => ({ tenantId, gatewayId: randomUUID(), ...row })) }),
    );
    const use = { lastAt: rows[0]!.usedAt, weekBytes: 11 };
    expect((await admin.policies.list({ tenantId, search: "used" })).rows).toMatchObject([{ use }]);
    expect(await admin.policies.get({ tenantId, policyId: policy.id })).toMatchObject({ use });
  });

  test("says of each rule whether it was used, by what the rule says: an edited policy moves no use to another rule", async () => {
    const [ssh, web, ping]: PolicyRule[] = [
      { protocol: "tcp", from: 22, to: 22 },
      { protocol: "tcp", from: 80, to: 443 },
      { protocol: "icmp", from: null, to: null },
    ];
    const { policy } = await admin.policies.create({ tenantId, name: "ruled", rules: [ssh!, web!, ping!] });
    const usedAt = new Date();
    const of = { tenantId, policyId: policy.id, gatewayId: randomUUID(), day: usedAt, usedAt, packets: 1n };
    await inTenant(system, tenantId, ({ tx }) =>
      tx.policyRuleUse.createMany({
        data: [
          { ...of, protocol: "tcp", fromPort: 80, toPort: 443, bytes: 5n },
          { ...of, protocol: "tcp", fromPort: 80, toPort: 443, bytes: 6n, gatewayId: randomUUID() },
          { ...of, protocol: "icmp", fromPort: 0, toPort: 0, bytes: 7n },
        ],
      }),
    );
    const uses = async () => {
      const { ruleUses } = await admin.policies.get({ tenantId, policyId: policy.id });
      return ruleUses.map(({ rule, use }) => [rule, use?.weekBytes ?? null]);
    };
    expect(await uses()).toEqual([[ssh, null], [web, 11], [ping, 7]]); // biome-ignore format: a table
    await admin.policies.update({ tenantId, policyId: policy.id, name: "ruled", rules: [ping!, ssh!] });
    expect(await uses()).toEqual([[ping, 7], [ssh, null]]); // biome-ignore format: a table
  });

  test("shows in the portal of those whom it names while it is on", async () => {
    const accountId = accounts[0]!;
    const portal = callAs(await accountPrincipal(tenantId, accountId)).portal;
    const input = { tenantId, name: "web", rules, accountIds: [accountId], groupIds: [groupId] };
    const { policy } = await admin.policies.create(input);
    expect(await portal.reach()).toMatchObject([
      { policyName: "web", rules, until: null, devices: [{ name: "PLC", address: "10.0.0.5" }] },
    ]);
    await admin.policies.update({ ...input, policyId: policy.id, isEnabled: false });
    expect(await portal.reach()).toEqual([]);
  });
});
