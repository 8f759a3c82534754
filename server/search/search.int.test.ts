import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accountPrincipal,
  callAs,
  createGatewayRow,
  createMember,
  createTenantWithAdmin,
  createUser,
  unique,
} from "@/e2e/support/principals";
import { closeDatabase, inTenant, system } from "../core/db";
import { closeQueues } from "../core/queue";

const word = unique("quarry").replace("-", "");
let tenantId: string;
let slug: string;
let admin: Awaited<ReturnType<typeof createTenantWithAdmin>>["admin"];
let staff: ReturnType<typeof callAs>;
let accountId: string;
let fingerprint: string;

beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  ({ tenantId, slug, admin } = tenant);
  staff = callAs(tenant.staff);
  const caller = callAs(admin);
  const created = await caller.accounts.create({ tenantId, name: `Jürgen ${word}`, email: `${word}@search.test` });
  accountId = created.account.id;
  await caller.devices.create({ tenantId, name: `Pumpe ${word}`, address: "10.0.0.77" });
  await caller.devices.createGroup({ tenantId, name: `Group ${word}` });
  const gateway = await createGatewayRow();
  fingerprint = randomUUID().replaceAll("-", "").repeat(2);
  await inTenant(system, tenantId, async ({ tx }) => {
    const notAfter = new Date(Date.now() + 3600_000);
    await tx.certificate.create({
      data: { tenantId, accountId, serial: fingerprint, fingerprint, notBefore: new Date(0), notAfter },
    });
    const session = { tenantId, gatewayId: gateway.id, accountId, process: "udp", processBoot: "b", clientId: 1 };
    const at = new Date();
    await tx.session.createMany({
      data: [
        { ...session, id: randomUUID(), connectedAt: at, realAddress: "203.0.113.77:4123", vpnAddress: "100.64.0.9", fingerprint, bytesAt: at }, // biome-ignore format: a row
      ],
    });
  });
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

const kinds = (found: { kind: string }[]) => found.map(({ kind }) => kind);

describe("search", () => {
  test("finds what a tenant has by any word of it, folded, with where it is", async () => {
    const found = await callAs(admin).search.find({ query: `${word.toUpperCase()} jurgen` });
    expect(found).toMatchObject([
      { kind: "account", id: accountId, tenantSlug: slug, title: `Jürgen ${word}` },
      { kind: "session", title: `Jürgen ${word}`, subtitle: "from 203.0.113.77:4123, connected" },
    ]);
    expect(kinds(await callAs(admin).search.find({ query: word }))).toEqual(["account", "device", "session", "group"]);
  });

  test("finds a session by where it comes from, a device by its address, and whose a certificate is", async () => {
    const find = async (query: string) => callAs(admin).search.find({ query });
    expect(kinds(await find("203.0.113.77"))).toEqual(["session"]);
    expect(kinds(await find("10.0.0.7"))).toEqual([]);
    expect(kinds(await find("10.0.0.77"))).toEqual(["device"]);
    const colons = fingerprint.slice(0, 12).toUpperCase().match(/../g)!.join(":");
    expect(await find(colons)).toMatchObject([{ kind: "account", id: accountId }, { kind: "session" }]);
  });

  test("is bound: a member finds nothing of another tenant's, and cannot ask in one", async () => {
    const other = await createTenantWithAdmin();
    expect(await callAs(other.admin).search.find({ query: word })).toEqual([]);
    await expect(callAs(other.admin).search.find({ query: word, tenantId })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await callAs(await createUser()).search.find({ query: word })).toEqual([]);
    const account = callAs(await accountPrincipal(tenantId, accountId));
    await expect(account.search.find({ query: word })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("finds in each of a member's tenants, and staff find in all, tenants too", async () => {
    const other = await createTenantWithAdmin();
    const { userId } = admin;
    await inTenant(system, other.tenantId, ({ tx }) =>
      tx.member.create({ data: { tenantId: other.tenantId, userId, role: "viewer" } }),
    );
    await callAs(other.admin).devices.create({ tenantId: other.tenantId, name: `Kran ${word}`, address: "10.0.0.8" });
    const devices = (found: Awaited<ReturnType<typeof staff.search.find>>) =>
      found.filter(({ kind }) => kind === "device").map(({ tenantSlug }) => tenantSlug);
    expect(devices(await callAs(admin).search.find({ query: word })).sort()).toEqual([slug, other.slug].sort());
    expect(devices(await callAs(admin).search.find({ query: word, tenantId }))).toEqual([slug]);
    expect(devices(await staff.search.find({ query: word })).sort()).toEqual([slug, other.slug].sort());
    expect(devices(await staff.search.find({ query: word, tenantId }))).toEqual([slug]);
    expect(await staff.search.find({ query: slug })).toMatchObject([
      { kind: "tenant", id: tenantId, tenantSlug: slug },
    ]);
    expect(await callAs(await createMember(tenantId, "viewer")).search.find({ query: slug })).toEqual([]);
  });

  test("gives at most five of a kind, and what begins with the words first", async () => {
    const caller = callAs(admin);
    for (let n = 1; n <= 6; n++)
      await caller.devices.create({ tenantId, name: n === 6 ? "Zeche" : `Alte Zeche ${n}`, address: `10.0.0.10${n}` });
    const found = await caller.search.find({ query: "zeche" });
    expect(found.map(({ title }) => title)).toEqual(["Zeche", "Alte Zeche 1", "Alte Zeche 2", "Alte Zeche 3", "Alte Zeche 4"]); // biome-ignore format: a list
  });

  test("of one letter, or of nothing but wildcards, finds nothing", async () => {
    for (const query of ["", " ", "a", "%", "__", "%%%"]) expect(await staff.search.find({ query })).toEqual([]);
  });
});
