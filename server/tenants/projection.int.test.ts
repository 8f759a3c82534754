import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createGatewayRow, createPlan, createTenantWithAdmin } from "@/e2e/support/principals";
import { canonical } from "@/gateway/protocol/canonical";
import { entryDigest } from "@/gateway/protocol/digest";
import type { Entry } from "@/gateway/protocol/document";
import { closeDatabase, inTenant, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { projectTenant } from "./projection";

/** Deterministic, so that a failure happens again. */
function numbers(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function documents(tenantId: string): Promise<{ stored: string[]; projected: string[]; revisions: number[] }> {
  return inTenant(system, tenantId, async (scope) => {
    const rows = await scope.tx.documentEntry.findMany({ where: { tenantId } });
    const tenant = await scope.tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
    const changes = await scope.tx.change.findMany({ where: { tenantId }, orderBy: { revision: "asc" } });
    const stored = rows
      .filter((row) => row.value !== null)
      .map(({ kind, id, value }) => ({ kind, id, value }) as Entry);
    for (const row of rows)
      expect(Buffer.from(row.digest)).toEqual(entryDigest({ kind: row.kind, id: row.id, value: row.value } as Entry));
    expect(changes.length).toBe(Number(tenant.revision));
    const text = (entries: Entry[]) => entries.map((entry) => canonical(entry)).sort();
    return {
      stored: text(stored),
      projected: text(await projectTenant(scope)),
      revisions: changes.map(({ revision }) => Number(revision)),
    };
  });
}

describe("the document of a tenant", () => {
  let gatewayId: string;
  beforeAll(async () => {
    gatewayId = (await createGatewayRow()).id;
  });
  afterAll(async () => {
    await closeQueues();
    await closeDatabase();
  });

  test.each([1, 2, 3])("is what its tables say, after any series of changes, also at once (seed %i)", async (seed) => {
    const pick = numbers(seed);
    const { tenantId, admin, staff } = await createTenantWithAdmin();
    const otherPlan = await createPlan();
    const tenant = callAs(admin);
    const operator = callAs(staff);
    const ids = { accounts: [] as string[], devices: [] as string[], groups: [] as string[], policies: [] as string[] };
    const some = (list: string[]) => list.filter(() => pick(2) === 0);
    const one = (list: string[]) => list[pick(list.length)] ?? crypto.randomUUID();
    const rules = () => [{ protocol: "tcp" as const, from: 1 + pick(100), to: 200 + pick(100) }];
    let serial = 0;
    const name = (kind: string) => `${kind} ${++serial}`;
    const operations: (() => Promise<unknown>)[] = [
      async () => {
        const input = {
          tenantId,
          name: name("account"),
          email: `a${serial}@s${seed}.test`,
          policyIds: some(ids.policies),
        };
        ids.accounts.push((await tenant.accounts.create(input)).account.id);
      },
      () =>
        tenant.accounts.update({
          tenantId,
          accountId: one(ids.accounts),
          name: name("account"),
          policyIds: some(ids.policies),
        }),
      () => tenant.accounts.revoke({ tenantId, accountId: one(ids.accounts), reason: "left" }),
      () => tenant.accounts.restore({ tenantId, accountId: one(ids.accounts) }),
      () => tenant.accounts.resetPassword({ tenantId, accountId: one(ids.accounts) }),
      () => tenant.accounts.delete({ tenantId, accountId: one(ids.accounts) }),
      async () => {
        const input = {
          tenantId,
          name: name("device"),
          address: `10.0.0.${1 + pick(250)}`,
          groupIds: some(ids.groups),
        };
        ids.devices.push((await tenant.devices.create(input)).device.id);
      },
      () =>
        tenant.devices.update({
          tenantId,
          deviceId: one(ids.devices),
          name: name("device"),
          address: `10.0.0.${1 + pick(250)}`,
          groupIds: some(ids.groups),
        }),
      () => tenant.devices.delete({ tenantId, deviceId: one(ids.devices) }),
      async () => {
        const { group } = await tenant.devices.createGroup({
          tenantId,
          name: name("group"),
          deviceIds: some(ids.devices),
        });
        ids.groups.push(group.id);
      },
      () =>
        tenant.devices.updateGroup({
          tenantId,
          groupId: one(ids.groups),
          name: name("group"),
          deviceIds: some(ids.devices),
        }),
      () => tenant.devices.deleteGroup({ tenantId, groupId: one(ids.groups) }),
      async () => {
        const input = {
          tenantId,
          name: name("policy"),
          rules: rules(),
          accountIds: some(ids.accounts),
          groupIds: some(ids.groups),
        };
        ids.policies.push((await tenant.policies.create(input)).policy.id);
      },
      () =>
        tenant.policies.update({
          tenantId,
          policyId: one(ids.policies),
          name: name("policy"),
          isEnabled: pick(2) === 0,
          rules: rules(),
          accountIds: some(ids.accounts),
          groupIds: some(ids.groups),
        }),
      () => tenant.policies.delete({ tenantId, policyId: one(ids.policies) }),
      () => operator.tenants.suspend({ tenantId, reason: "unpaid" }),
      () => operator.tenants.resume({ tenantId }),
      () => operator.tenants.update({ tenantId, name: name("Tenant"), planId: otherPlan.id }),
      () =>
        operator.tenants.setNetworks({
          tenantId,
          networks: [
            { name: "plant", cidr: "10.0.0.0/24" },
            { name: "hall", cidr: `10.1.${pick(4)}.0/24` },
          ],
        }),
      () =>
        operator.tenants.setUplink({
          tenantId,
          gatewayId,
          interface: `up${pick(9)}`,
          nextHop: pick(2) ? "10.9.0.1" : null,
        }),
    ];
    // To begin with some of each.
    for (const index of [9, 9, 6, 6, 6, 0, 0, 0, 12, 12]) await operations[index]!();
    let succeeded = 0;
    const refusals: unknown[] = [];
    for (let round = 0; round < 20; round++) {
      const atOnce = Array.from({ length: 4 }, () => operations[pick(operations.length)]!());
      for (const outcome of await Promise.allSettled(atOnce)) {
        if (outcome.status === "fulfilled") succeeded += 1;
        else refusals.push(outcome.reason);
      }
    }
    // Some are refused, since what they name is gone or is so already; none fails for a reason of ours.
    expect(refusals.filter((error) => (error as { code?: string }).code === "INTERNAL_SERVER_ERROR")).toEqual([]);
    expect(succeeded).toBeGreaterThan(20);
    const { stored, projected, revisions } = await documents(tenantId);
    expect(stored).toEqual(projected);
    expect(revisions).toEqual(revisions.map((_, index) => index + 1));
    expect(projected.length).toBeGreaterThan(5);
  });

  test("is empty once the tenant is deleted", async () => {
    const { tenantId, admin, staff } = await createTenantWithAdmin();
    await callAs(admin).devices.create({ tenantId, name: "PLC", address: "10.0.0.9" });
    await callAs(staff).tenants.delete({ tenantId });
    const { stored, projected } = await documents(tenantId);
    expect(stored).toEqual([]);
    expect(projected).toEqual([]);
  });
});
