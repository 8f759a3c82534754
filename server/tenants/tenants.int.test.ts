import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  callAs,
  createGatewayRow,
  createMember,
  createPlan,
  createTenantWithAdmin,
  createUser,
  unique,
} from "@/e2e/support/principals";
import { isInside, parseAddress, parseCidr } from "@/gateway/protocol/addresses";
import { createAccount } from "../accounts/accounts";
import { closeDatabase, database, inTenant, lockTenant, system, type TenantScope } from "../core/db";
import { closeQueues } from "../core/queue";
import { createDevice } from "../devices/devices";
import type { UserPrincipal } from "../trpc/principal";
import { allocateAddress, firstFree } from "./tenants";

let staff: UserPrincipal;
beforeAll(async () => {
  staff = await createUser("account_manager");
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

async function newTenant(overrides: Record<string, unknown> = {}) {
  return callAs(staff).tenants.create({
    name: "Acme",
    slug: unique("acme"),
    planId: (await createPlan()).id,
    networks: [{ name: "plant", cidr: "10.0.0.0/24" }],
    admin: { email: "first@acme.test" },
    ...overrides,
  });
}

describe("creating a tenant", () => {
  test("gives it a block, its networks, an uplink on every gateway, and invites its first admin", async () => {
    const gateway = await createGatewayRow();
    const { tenantId, slug, invitationMailId, revision } = await newTenant();
    const tenant = await callAs(staff).tenants.get({ tenantId });
    expect(tenant).toMatchObject({
      slug,
      state: "active",
      revision,
      accounts: 0,
      members: 0,
      isEnforcedEverywhere: false,
    });
    expect(tenant.blocks).toHaveLength(1);
    expect(tenant.networks).toMatchObject([{ name: "plant", cidr: "10.0.0.0/24" }]);
    expect(tenant.uplinks).toContainEqual(
      expect.objectContaining({ gatewayId: gateway.id, interface: `up-${tenant.number}`, nextHop: null }),
    );
    expect(tenant.invitations).toMatchObject([{ email: "first@acme.test", role: "admin", isExpired: false }]);
    const mail = await callAs(staff).outbox.open({ id: invitationMailId });
    expect(mail).toMatchObject({ recipient: "first@acme.test", sentAt: null });
    expect(mail.text).toMatch(/http:\/\/localhost:3000\/invitation\/[\w-]{43}\n/);
    const { rows } = await callAs(staff).tenants.list({ search: slug });
    expect(rows).toMatchObject([{ id: tenantId, name: "Acme" }]);
  });

  test("many at once, no two share a number or an address", async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => newTenant()));
    const tenants = await Promise.all(made.map(({ tenantId }) => callAs(staff).tenants.get({ tenantId })));
    const blocks = tenants.flatMap((tenant) => tenant.blocks);
    expect(new Set(blocks).size).toBe(6);
    expect(new Set(tenants.map((tenant) => tenant.number)).size).toBe(6);
    for (const block of blocks) expect(isInside(parseAddress("100.64.0.1"), parseCidr(block))).toBe(false);
  });

  test.each([
    [
      "a network in the platform's range",
      { networks: [{ name: "x", cidr: "100.96.0.0/16" }] },
      "networks.0.cidr",
      "100.64.0.0/10",
    ],
    ["a plan that is not there", { planId: crypto.randomUUID() }, "planId", "gone"],
    ["a region that is not there", { homeRegionId: crypto.randomUUID() }, "homeRegionId", "gone"],
  ])("is refused with %s", async (_, overrides, field, words) => {
    await expect(newTenant(overrides)).rejects.toMatchObject({
      code: "BAD_REQUEST",
      message: expect.stringContaining(words),
      cause: { field },
    });
  });

  test("is refused with a slug that is taken, with a plan that was withdrawn, and with control characters", async () => {
    const { slug } = await newTenant();
    await expect(newTenant({ slug })).rejects.toMatchObject({ code: "CONFLICT", cause: { field: "slug" } });
    const plan = await createPlan();
    await callAs(staff).plans.withdraw({ planId: plan.id });
    await expect(newTenant({ planId: plan.id })).rejects.toMatchObject({
      cause: { field: "planId", message: expect.stringContaining("no longer offered") },
    });
    await expect(newTenant({ name: "Acme\u202eevil" })).rejects.toThrow("control characters");
    await expect(newTenant({ name: "Acme\nevil" })).rejects.toThrow("control characters");
  });
});

describe("stable addresses", () => {
  test("rest when they are given back, and a full block is followed by a further one, which gateways hear of", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    const first = (await callAs(staff).tenants.get({ tenantId })).blocks[0]!;
    const { base, size } = parseCidr(first);
    const create = (n: number) =>
      callAs(admin).accounts.create({ tenantId, name: `n ${n}`, email: `n${n}@blocks.test` });
    const one = await create(1);
    expect(parseAddress(one.account.address)).toBe(base + 1);
    await callAs(admin).accounts.delete({ tenantId, accountId: one.account.id });
    expect(parseAddress((await create(2)).account.address)).toBe(base + 2);

    await inTenant(system, tenantId, ({ tx }) => tx.addressBlock.updateMany({ data: { nextOffset: size - 2 } }));
    const last = await create(3);
    expect(parseAddress(last.account.address)).toBe(base + size - 2);
    const beyond = await create(4);
    const { blocks } = await callAs(staff).tenants.get({ tenantId });
    expect(blocks).toHaveLength(2);
    const second = blocks.find((block) => block !== first)!;
    expect(parseAddress(beyond.account.address)).toBe(parseCidr(second).base + 1);
    const stored = await inTenant(system, tenantId, ({ tx }) =>
      tx.documentEntry.findUniqueOrThrow({ where: { tenantId_kind_id: { tenantId, kind: "tenant", id: tenantId } } }),
    );
    expect(stored.value).toMatchObject({ blocks });
    expect(Number(stored.revision)).toBe(beyond.revision);
  });

  test("asked for by many at once are all different, also of those that have rested", async () => {
    const { tenantId } = await createTenantWithAdmin();
    const ask = () => inTenant(system, tenantId, async (scope) => (await allocateAddress(scope)).address);
    await Promise.all(Array.from({ length: 3 }, async () => release(tenantId, await ask(), { daysAgo: 31 })));
    const addresses = await Promise.all(Array.from({ length: 12 }, ask));
    expect(new Set(addresses).size).toBe(12);
  });

  test("are given again after thirty days, the longest released first, before any that nobody has had", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    const { account: ann } = await inTenant(system, tenantId, (scope) => createAccount(scope, person("Ann")));
    const { account: ben } = await inTenant(system, tenantId, (scope) => createAccount(scope, person("Ben")));
    const { device } = await inTenant(system, tenantId, (scope) => createDevice(scope, crane("Crane")));
    const had = [ann.address, ben.address, device.address];
    const sessionId = await endedSession(tenantId, ann);
    await callAs(admin).devices.delete({ tenantId, deviceId: device.id });
    await callAs(admin).accounts.delete({ tenantId, accountId: ben.id });
    const { revision } = await callAs(admin).accounts.delete({ tenantId, accountId: ann.id });
    const age = (address: string, days: number) =>
      inTenant(system, tenantId, ({ tx }) =>
        tx.releasedAddress.update({ where: { address }, data: { releasedAt: daysAgo(days) } }),
      );
    await age(device.address, 29.9);
    await age(ben.address, 40);
    await age(ann.address, 50);

    const create = (name: string, appliedRevision: number) =>
      withGatewaysAt(tenantId, appliedRevision, async (scope) => (await createAccount(scope, person(name))).account);
    const early = await create("Before every gateway has dropped them", revision - 3);
    expect(had).not.toContain(early.address);
    const [next, after] = [await create("Cara", revision), await create("Dee", revision)];
    expect([next.address, after.address]).toEqual([ann.address, ben.address]);
    const fresh = await create("Eve, while the crane's rests", revision);
    expect(parseAddress(fresh.address)).toBe(parseAddress(early.address) + 1);
    await age(device.address, 30.1);
    const again = await withGatewaysAt(tenantId, revision, (scope) => createDevice(scope, crane("Crane 2")));
    expect(again.device.address).toBe(device.address);

    const { rows } = await callAs(admin).sessions.list({ tenantId, search: ann.address });
    expect(rows, "what was Ann's stays Ann's").toMatchObject([{ id: sessionId, accountId: ann.id, accountName: null }]);
    expect((await callAs(admin).sessions.list({ tenantId, accountId: next.id })).total).toBe(0);
  });

  test("cannot overlap another tenant's, whatever the code believes", async () => {
    const ours = await createTenantWithAdmin();
    const theirs = await createTenantWithAdmin();
    const [block] = (await callAs(staff).tenants.get({ tenantId: theirs.tenantId })).blocks;
    const attempt = inTenant(system, ours.tenantId, async (scope) => {
      await lockTenant(scope);
      await scope.tx.addressBlock.create({ data: { tenantId: ours.tenantId, cidr: block!.replace("/20", "/24") } });
    });
    await expect(attempt).rejects.toThrow(/address_blocks_do_not_overlap|23P01|exclusion/);
    expect(firstFree(parseCidr("100.64.0.0/10"), 4096, [parseCidr(block!)])).not.toBe(parseCidr(block!).base);
  });
});

const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 3600_000);

const release = (tenantId: string, address: string, { daysAgo: days }: { daysAgo: number }) =>
  inTenant(system, tenantId, ({ tx }) =>
    tx.releasedAddress.create({ data: { tenantId, address, revision: 0, releasedAt: daysAgo(days) } }),
  );

const person = (name: string) => ({ name, email: `${unique("person")}@released.test`, policyIds: [] });
const crane = (name: string) => ({ name, attachment: "openvpn" as const, address: "", description: "", groupIds: [] });

/** As if every gateway that is there had applied it. Other tests make theirs in the same database: they wait meanwhile. */
function withGatewaysAt<T>(tenantId: string, revision: number, work: (scope: TenantScope) => Promise<T>): Promise<T> {
  return inTenant(system, tenantId, async (scope) => {
    await lockTenant(scope);
    await scope.tx.$executeRaw`LOCK TABLE gateways IN SHARE MODE`;
    const gateways = await scope.tx.gateway.findMany();
    expect(gateways.length).toBeGreaterThan(0);
    await scope.tx.appliedRevision.deleteMany({ where: { tenantId } });
    const data = gateways.map(({ id }) => ({ tenantId, gatewayId: id, revision }));
    await scope.tx.appliedRevision.createMany({ data });
    return work(scope);
  });
}

async function endedSession(tenantId: string, account: { id: string; address: string }): Promise<string> {
  const gateway = await createGatewayRow();
  const { id } = await inTenant(system, tenantId, ({ tx }) =>
    tx.session.create({
      data: {
        ...{ tenantId, id: crypto.randomUUID(), gatewayId: gateway.id, accountId: account.id, process: "udp-1194" },
        ...{ processBoot: "x", clientId: 0, realAddress: "192.0.2.4:5000", vpnAddress: account.address },
        ...{ fingerprint: "ab", connectedAt: new Date(), bytesAt: new Date(), disconnectedAt: new Date() },
      },
    }),
  );
  return id;
}

describe("a second session", () => {
  test("is what the tenant's admin says, which is published, and written down", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    expect(await callAs(admin).tenants.secondSession({ tenantId })).toEqual({ secondSession: "replace" });
    const { revision } = await callAs(admin).tenants.setSecondSession({ tenantId, secondSession: "refuse" });
    expect(await callAs(admin).tenants.secondSession({ tenantId })).toEqual({ secondSession: "refuse" });
    const [entry, written] = await inTenant(system, tenantId, ({ tx }) =>
      Promise.all([
        tx.documentEntry.findFirstOrThrow({ where: { tenantId, kind: "tenant" } }),
        tx.auditEntry.findFirstOrThrow({ where: { tenantId }, orderBy: { sequence: "desc" } }),
      ]),
    );
    expect(entry).toMatchObject({ revision: BigInt(revision), value: { secondSession: "refuse" } });
    expect(written).toMatchObject({ action: "tenants.setSecondSession", actorName: admin.name });
  });

  test("is for staff who may edit the tenant to choose, too, which its admin reads in the audit", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    const tenant = await callAs(staff).tenants.get({ tenantId });
    const keep = { tenantId, name: tenant.name, planId: tenant.plan.id };
    const { revision } = await callAs(staff).tenants.update({ ...keep, secondSession: "refuse" });
    expect(await callAs(admin).tenants.secondSession({ tenantId })).toEqual({ secondSession: "refuse" });
    const entry = await inTenant(system, tenantId, ({ tx }) =>
      tx.documentEntry.findFirstOrThrow({ where: { tenantId, kind: "tenant" } }),
    );
    expect(entry).toMatchObject({ revision: BigInt(revision), value: { secondSession: "refuse" } });
    const { rows } = await callAs(admin).audit.list({ tenantId, action: "tenants.update" });
    expect(rows[0]).toMatchObject({
      actor: { kind: "staff", name: staff.name },
      details: { before: { secondSession: "replace" }, after: { secondSession: "refuse" } },
    });
    await callAs(staff).tenants.update(keep);
    expect(await callAs(admin).tenants.secondSession({ tenantId })).toEqual({ secondSession: "refuse" });
    const support = callAs(await createUser("support"));
    await expect(support.tenants.update({ ...keep, secondSession: "replace" })).rejects.toThrow("tenants:write");
  });

  test("is not for a manager to decide", async () => {
    const { tenantId } = await createTenantWithAdmin();
    const manager = await createMember(tenantId, "manager");
    const refuse = callAs(manager).tenants.setSecondSession({ tenantId, secondSession: "refuse" });
    await expect(refuse).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("networks", () => {
  test("are replaced as a whole, unless a device would be left outside, which is named", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    await callAs(admin).devices.create({ tenantId, name: "Pump 7", address: "10.0.0.7" });
    const set = (...cidrs: string[]) =>
      callAs(staff).tenants.setNetworks({ tenantId, networks: cidrs.map((cidr) => ({ name: cidr, cidr })) });
    await expect(set("10.1.0.0/24")).rejects.toMatchObject({
      code: "CONFLICT",
      message: "These devices would be outside every network: Pump 7 (10.0.0.7).",
    });
    const { revision } = await set("10.0.0.0/16", "192.168.7.7/32");
    const { networks, ...tenant } = await callAs(staff).tenants.get({ tenantId });
    expect(networks.map(({ cidr }) => cidr)).toEqual(["10.0.0.0/16", "192.168.7.7/32"]);
    expect(tenant.revision).toBe(revision);
    await expect(set("10.0.0.0/16", "100.64.3.0/24")).rejects.toThrow("100.64.3.0/24 overlaps 100.64.0.0/10");
  });

  test("are changed beside a device on a tunnel, whose address is in none of them", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    await callAs(admin).devices.create({ tenantId, name: "Hoist", attachment: "openvpn" });
    const networks = [{ name: "other", cidr: "10.9.0.0/24" }];
    await expect(callAs(staff).tenants.setNetworks({ tenantId, networks })).resolves.toBeDefined();
  });

  test("do not overlap a block of the tenant's, wherever that is, and it is named", async () => {
    const { tenantId } = await createTenantWithAdmin();
    const cidr = "10.77.16.0/20";
    const block = await inTenant(system, tenantId, ({ tx }) => tx.addressBlock.create({ data: { tenantId, cidr } }));
    const networks = [
      { name: "plant", cidr: "10.0.0.0/24" },
      { name: "yard", cidr: "10.77.17.0/24" },
    ];
    await expect(callAs(staff).tenants.setNetworks({ tenantId, networks })).rejects.toMatchObject({
      cause: { field: "networks.1.cidr", message: expect.stringContaining("10.77.17.0/24 overlaps 10.77.16.0/20") },
    });
    await inTenant(system, tenantId, ({ tx }) => tx.addressBlock.deleteMany({ where: { tenantId, id: block.id } }));
  });

  test("of two tenants may overlap", async () => {
    await createTenantWithAdmin({ networks: [{ name: "a", cidr: "172.16.0.0/16" }] });
    await expect(createTenantWithAdmin({ networks: [{ name: "b", cidr: "172.16.0.0/16" }] })).resolves.toBeDefined();
  });
});

describe("a tenant that is deleted", () => {
  test("leaves nothing that one of the same name would see", async () => {
    const slug = unique("again");
    const old = await createTenantWithAdmin({ slug });
    const { tenantId, admin } = old;
    const { account } = await callAs(admin).accounts.create({ tenantId, name: "Dana", email: "dana@again.test" });
    const { device } = await callAs(admin).devices.create({ tenantId, name: "PLC", address: "10.0.0.5" });
    const { group } = await callAs(admin).devices.createGroup({ tenantId, name: "PLCs", deviceIds: [device.id] });
    const input = { tenantId, name: "web", rules: [{ protocol: "tcp" as const, from: 80, to: 80 }] };
    await callAs(admin).policies.create({ ...input, accountIds: [account.id], groupIds: [group.id] });
    await callAs(staff).tenants.invite({ tenantId, email: "other@again.test", role: "viewer" });
    const oldBlocks = (await callAs(staff).tenants.get({ tenantId })).blocks;

    const { revision } = await callAs(staff).tenants.delete({ tenantId });
    await inTenant(system, tenantId, async ({ tx }) => {
      const where = { tenantId };
      const left = await tx.documentEntry.findMany({ where });
      expect(left.length).toBeGreaterThan(5);
      for (const entry of left) expect(entry).toMatchObject({ value: null, revision: BigInt(revision) });
      const counts = await Promise.all([
        tx.account.count({ where }),
        tx.device.count({ where }),
        tx.deviceGroup.count({ where }),
        tx.policy.count({ where }),
        tx.member.count({ where }),
        tx.invitation.count({ where }),
        tx.network.count({ where }),
        tx.uplink.count({ where }),
        tx.accountSignIn.count({ where }),
      ]);
      expect(counts).toEqual(counts.map(() => 0));
    });
    await expect(callAs(admin).tenants.bySlug({ slug })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(callAs(staff).tenants.bySlug({ slug })).rejects.toMatchObject({ code: "NOT_FOUND" });

    const again = await createTenantWithAdmin({ slug });
    expect(again.tenantId).not.toBe(tenantId);
    const seen = callAs(again.admin);
    const id = { tenantId: again.tenantId };
    expect((await seen.accounts.list(id)).total).toBe(0);
    expect((await seen.devices.list(id)).total).toBe(0);
    expect((await seen.devices.listGroups(id)).total).toBe(0);
    expect((await seen.policies.list(id)).total).toBe(0);
    expect((await seen.members.list(id)).total).toBe(1);
    expect((await seen.audit.list(id)).rows.map(({ action }) => action)).toEqual(["members.invite", "tenants.create"]);
    for (const path of [
      () => seen.accounts.get({ ...id, accountId: account.id }),
      () => seen.devices.get({ ...id, deviceId: device.id }),
      () => seen.devices.getGroup({ ...id, groupId: group.id }),
    ])
      await expect(path()).rejects.toMatchObject({ code: "NOT_FOUND" });
    // A gateway may not have dropped the old one yet: its addresses stay its own.
    const blocks = (await callAs(staff).tenants.get(id)).blocks;
    expect(blocks.some((block) => oldBlocks.includes(block))).toBe(false);

    const kept = await callAs(staff).audit.platform({ ofTenant: tenantId });
    expect(kept.rows[0]).toMatchObject({ action: "tenants.delete", details: { slug } });
    expect((await callAs(staff).audit.platform({ subjectId: tenantId, action: "tenants.delete" })).total).toBe(1);
    await expect(callAs(staff).tenants.delete({ tenantId })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a tenant's standing", () => {
  test("is told to members and staff by its address, and to nobody else", async () => {
    const { tenantId, slug, admin } = await createTenantWithAdmin();
    const mine = await callAs(admin).tenants.bySlug({ slug });
    expect(mine).toMatchObject({ id: tenantId, standing: { kind: "member", role: "admin" } });
    expect(mine.permissions).toContain("members:write");
    const theirs = await callAs(staff).tenants.bySlug({ slug });
    expect(theirs).toMatchObject({ standing: { kind: "staff", role: "account_manager" } });
    expect(theirs.permissions.filter((permission) => permission.endsWith(":write"))).toEqual([]);
    await expect(callAs(await createUser()).tenants.bySlug({ slug })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await callAs(admin).viewer.me()).toMatchObject({ tenants: [{ id: tenantId, role: "admin" }] });
  });

  test("suspended with a reason, and resumed, reaches the gateways, once each", async () => {
    const { tenantId, slug, admin } = await createTenantWithAdmin();
    const suspend = (reason: string) => callAs(staff).tenants.suspend({ tenantId, reason });
    await expect(suspend(" ")).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await suspend("Invoice 2041 is unpaid.");
    await expect(suspend("twice")).rejects.toMatchObject({ code: "CONFLICT" });
    const told = async () => (await callAs(admin).tenants.bySlug({ slug })).suspendedReason;
    expect(await told()).toBe("Invoice 2041 is unpaid.");
    const state = () =>
      inTenant(system, tenantId, async ({ tx }) => {
        const key = { tenantId, kind: "tenant", id: tenantId };
        const entry = await tx.documentEntry.findUniqueOrThrow({ where: { tenantId_kind_id: key } });
        return (entry.value as { state: string }).state;
      });
    expect(await state()).toBe("suspended");
    await callAs(staff).tenants.resume({ tenantId });
    expect(await state()).toBe("active");
    expect(await told()).toBeNull();
  });

  test("does not fit a plan that is too small", async () => {
    const { tenantId, admin } = await createTenantWithAdmin();
    const accounts = callAs(admin).accounts;
    await accounts.create({ tenantId, name: "a", email: "a@plan.test" });
    await accounts.create({ tenantId, name: "b", email: "b@plan.test" });
    const small = await createPlan({ maxAccounts: 1 });
    await expect(callAs(staff).tenants.update({ tenantId, name: "Acme", planId: small.id })).rejects.toMatchObject({
      cause: { field: "planId", message: expect.stringContaining("allows 1 active accounts") },
    });
  });
});

describe("an uplink", () => {
  test("is set by whoever may manage gateways, and an interface's name cannot smuggle anything in", async () => {
    const administrator = await createUser("administrator");
    const gateway = await createGatewayRow();
    const { tenantId } = await createTenantWithAdmin();
    const input = { tenantId, gatewayId: gateway.id, interface: "ens4.100", nextHop: "10.9.0.1" };
    await expect(callAs(staff).tenants.setUplink(input)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const { revision } = await callAs(administrator).tenants.setUplink(input);
    const tenant = await callAs(staff).tenants.get({ tenantId });
    expect(tenant).toMatchObject({ revision });
    expect(tenant.uplinks.find(({ gatewayId }) => gatewayId === gateway.id)).toMatchObject({
      interface: "ens4.100",
      nextHop: "10.9.0.1",
    });
    for (const bad of [{ interface: 'x" accept' }, { interface: "sixteen-letters-" }, { nextHop: "10.9.0" }])
      await expect(callAs(administrator).tenants.setUplink({ ...input, ...bad })).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
  });
});

test("the overview tells what is there, what changed, and what is still to do", async () => {
  const { tenantId, admin } = await createTenantWithAdmin();
  const gateway = await createGatewayRow();
  await callAs(admin).devices.create({ tenantId, name: "PLC", address: "10.0.0.5" });
  const { account, revision } = await callAs(admin).accounts.create({
    tenantId,
    name: "Dana",
    email: "dana@over.test",
  });
  const start = new Date(Date.now() - 3600_000);
  await inTenant(system, tenantId, async ({ tx }) => {
    const { at } = await tx.change.findUniqueOrThrow({ where: { tenantId_revision: { tenantId, revision } } });
    const enforcedAt = new Date(at.getTime() + 250);
    await tx.appliedRevision.create({ data: { tenantId, gatewayId: gateway.id, revision, enforcedAt } });
    await tx.push.create({
      data: { tenantId, gatewayId: gateway.id, fromRevision: 0, toRevision: revision, enforcedAt, tookMs: 5 },
    });
    const sessionId = crypto.randomUUID();
    await tx.session.create({
      data: {
        ...{ tenantId, id: sessionId, connectedAt: start, gatewayId: gateway.id, accountId: account.id },
        ...{ process: "udp-1194", processBoot: "x", clientId: 0, realAddress: "192.0.2.4:5000", bytesAt: start },
        ...{ vpnAddress: account.address, fingerprint: "ab" },
      },
    });
    const sample = (minutes: number, received: number) => ({
      ...{ tenantId, sessionId, at: new Date(start.getTime() + minutes * 60_000), received, sent: 2 * received },
    });
    await tx.trafficSample.createMany({ data: [sample(1, 9_000), sample(2, 18_000), sample(3, 18_000)] });
  });
  const overview = await callAs(admin).tenants.overview({ tenantId });
  expect(overview).toMatchObject({
    accounts: { active: 1, revoked: 0, max: 100 },
    devices: { total: 1, max: 100 },
    policies: 0,
    liveSessions: 1,
    networks: [{ cidr: "10.0.0.0/24" }],
    onboarding: {
      invited: true,
      hasDevice: true,
      hasGroup: false,
      hasAccount: true,
      hasPolicy: false,
      downloaded: false,
      connected: true,
    },
  });
  expect(overview.recentChanges[0]).toMatchObject({ revision, summary: "added account Dana", slowestMs: 250 });
  expect(overview.recentChanges[0]!.enforced).toBe(1);
  expect(overview.recentChanges[0]!.of).toBeGreaterThanOrEqual(1);
  expect(overview.traffic).toHaveLength(97);
  const bytes = (rate: "receivedRate" | "sentRate") =>
    overview.traffic.reduce((sum, point) => sum + point[rate] * 900, 0);
  expect(bytes("receivedRate")).toBeCloseTo(18_000, 3);
  expect(bytes("sentRate")).toBeCloseTo(36_000, 3);

  const portal = await callAs(admin).accounts.get({ tenantId, accountId: account.id });
  expect(portal).toMatchObject({
    isOnline: true,
    lastSession: { gatewayName: gateway.name },
    sessions: [{ received: 0 }],
  });
  expect(await database().gateway.count({ where: { id: gateway.id } })).toBe(1);
});
