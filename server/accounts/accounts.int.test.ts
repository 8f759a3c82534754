import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createMember, createPlan, createTenantWithAdmin, unique } from "@/e2e/support/principals";
import type { AccountValue } from "@/gateway/protocol/document";
import { closeDatabase, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { signIn } from "../sign-in/sign-in";

let tenantId: string;
let admin: ReturnType<typeof callAs>;
let staff: ReturnType<typeof callAs>;
beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  staff = callAs(tenant.staff);
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

let serial = 0;
const create = (overrides: Record<string, unknown> = {}) =>
  admin.accounts.create({ tenantId, name: `Person ${++serial}`, email: `p${serial}@accounts.test`, ...overrides });

async function entry(accountId: string): Promise<{ value: AccountValue | null; revision: number }> {
  return inTenant(system, tenantId, async ({ tx }) => {
    const key = { tenantId, kind: "account", id: accountId };
    const row = await tx.documentEntry.findUniqueOrThrow({ where: { tenantId_kind_id: key } });
    return { value: row.value as unknown as AccountValue, revision: Number(row.revision) };
  });
}

async function addCertificate(accountId: string, fingerprint: string, state: "valid" | "revoked" | "expired") {
  const notAfter = new Date(Date.now() + (state === "expired" ? -1 : 1) * 3600_000);
  await inTenant(system, tenantId, ({ tx }) =>
    tx.certificate.create({
      data: {
        ...{ tenantId, accountId, serial: fingerprint, fingerprint, notBefore: new Date(0), notAfter },
        revokedAt: state === "revoked" ? new Date() : null,
      },
    }),
  );
}

describe("an account", () => {
  test("is made with a password for one showing, which the mail to the person does not hold", async () => {
    const { account, temporaryPassword, revision } = await create({ name: "Dana Fox", email: "Dana@Accounts.Test" });
    expect(account).toMatchObject({ name: "Dana Fox", email: "dana@accounts.test", state: "active" });
    const { value, ...stored } = await entry(account.id);
    expect(stored.revision).toBe(revision);
    expect(value).toMatchObject({ mustChangePassword: true, address: account.address, policies: [], fingerprints: [] });
    const { rows } = await staff.outbox.list({ search: "dana@accounts.test" });
    const mail = await staff.outbox.open({ id: rows[0]!.id });
    expect(mail.text).toContain("http://localhost:3000/sign-in");
    expect(mail.text).not.toContain(temporaryPassword);
    const audited = JSON.stringify(await admin.audit.list({ tenantId, subjectId: account.id }));
    expect(audited).toContain("accounts.create");
    expect(audited).not.toContain(temporaryPassword);
    expect(audited).not.toContain("argon2");
  });

  test.each([
    ["a name with control characters", { name: "Dana\u0007" }, "control characters"],
    ["a name that turns the text around", { name: "Dana\u202e" }, "control characters"],
    ["no name", { name: "  " }, "Give a name"],
    ["a name that is too long", { name: "x".repeat(81) }, "at most 80"],
    ["an email that is none", { email: "dana" }, "Give an email address"],
    ["an email with a line break", { email: "dana@x.test\nBcc: all@x.test" }, "Give an email address"],
    ["a policy that is not there", { policyIds: [crypto.randomUUID()] }, "gone"],
  ])("is refused with %s", async (_, overrides, words) => {
    await expect(create(overrides)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await expect(create(overrides)).rejects.toThrow(words);
  });

  test("is refused with an email that another has, in any case of letters", async () => {
    await create({ email: "same@accounts.test" });
    await expect(create({ email: "SAME@accounts.test" })).rejects.toMatchObject({
      code: "CONFLICT",
      cause: { field: "email" },
    });
  });

  test("lists the certificates that are neither revoked nor expired, sorted", async () => {
    const { account } = await create();
    for (const [fingerprint, state] of [
      ["cc", "valid"],
      ["aa", "valid"],
      ["bb", "revoked"],
      ["dd", "expired"],
    ] as const)
      await addCertificate(account.id, fingerprint, state);
    await admin.accounts.update({ tenantId, accountId: account.id, name: "Renamed" });
    expect((await entry(account.id)).value).toMatchObject({ name: "Renamed", fingerprints: ["aa", "cc"] });
    const details = await admin.accounts.get({ tenantId, accountId: account.id });
    expect(details.certificates).toHaveLength(4);
    const { rows } = await admin.accounts.list({ tenantId, search: "renamed" });
    expect(rows).toMatchObject([{ id: account.id, certificates: 2, isOnline: false, lastSession: null }]);
  });

  test("that is revoked says so and why to the gateways, once, and can be restored as it was", async () => {
    const { account } = await create();
    const { revision } = await admin.accounts.revoke({ tenantId, accountId: account.id, reason: "lost laptop" });
    const revoked = await entry(account.id);
    expect(revoked.revision).toBe(revision);
    expect(revoked.value).toMatchObject({
      state: "revoked",
      reason: expect.stringMatching(/^lost laptop \(by user-.* UTC\)$/),
    });
    expect(revoked.value!.reason!.length).toBeLessThan(220);
    const again = admin.accounts.revoke({ tenantId, accountId: account.id, reason: "twice" });
    await expect(again).rejects.toMatchObject({ code: "CONFLICT" });
    const rows = (await admin.accounts.list({ tenantId, state: "revoked" })).rows;
    expect(rows.map(({ id }) => id)).toEqual([account.id]);

    await admin.accounts.restore({ tenantId, accountId: account.id });
    expect((await entry(account.id)).value).toMatchObject({ state: "active", reason: null });
    await expect(admin.accounts.restore({ tenantId, accountId: account.id })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    for (const reason of ["", "x".repeat(121), "two\nlines"])
      await expect(admin.accounts.revoke({ tenantId, accountId: account.id, reason })).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
  });

  test("that is revoked while its policy is changed stays revoked", async () => {
    const { account } = await create();
    const input = { tenantId, name: "race", rules: [{ protocol: "icmp" as const }], accountIds: [account.id] };
    const { policy } = await admin.policies.create(input);
    await Promise.all([
      ...Array.from({ length: 4 }, (_, n) =>
        admin.policies.update({ ...input, policyId: policy.id, accountIds: n % 2 ? [account.id] : [] }),
      ),
      admin.accounts.revoke({ tenantId, accountId: account.id, reason: "left" }),
    ]);
    expect((await entry(account.id)).value).toMatchObject({ state: "revoked" });
  });

  test("with a reset password keeps the VPN shut until the person has changed it", async () => {
    const { account, temporaryPassword } = await create();
    const before = (await entry(account.id)).value!;
    await inTenant(system, tenantId, ({ tx }) =>
      tx.account.updateMany({ where: { id: account.id }, data: { mustChangePassword: false } }),
    );
    const reset = await admin.accounts.resetPassword({ tenantId, accountId: account.id });
    expect(reset.temporaryPassword).not.toBe(temporaryPassword);
    const after = (await entry(account.id)).value!;
    expect(after.mustChangePassword).toBe(true);
    expect(after.passwordHash).not.toBe(before.passwordHash);
  });

  test("whose email is corrected keeps address, policies, password and profile, and signs in with the new one", async () => {
    const { account, temporaryPassword } = await create();
    const before = await entry(account.id);
    const email = `${unique("corrected")}@example.test`;
    const input = { tenantId, accountId: account.id, name: account.name, policyIds: [] };
    const changed = await admin.accounts.update({ ...input, email });
    expect(changed.account).toMatchObject({ id: account.id, address: account.address, email });
    expect((await entry(account.id)).value).toEqual(before.value);
    const enter = (given: string) =>
      signIn({ email: given, password: temporaryPassword, address: "192.0.2.77", userAgent: "" }, createLog("test"));
    expect((await enter(email)).doors).toMatchObject([{ accountId: account.id }]);
    await expect(enter(account.email)).rejects.toMatchObject({ code: "unauthenticated" });
    const { rows } = await admin.audit.list({ tenantId, subjectId: account.id });
    expect(rows.find(({ action }) => action === "accounts.update")).toMatchObject({
      details: { before: { email: account.email }, after: { email } },
    });
    const { account: other } = await create();
    await expect(admin.accounts.update({ ...input, email: other.email })).rejects.toMatchObject({
      code: "CONFLICT",
      cause: { field: "email" },
    });
    await admin.accounts.update(input);
    expect((await admin.accounts.get({ tenantId, accountId: account.id })).email).toBe(email);
  });

  test("that is deleted is gone for gateways and screens, and stays in the audit", async () => {
    const { account } = await create();
    const { revision } = await admin.accounts.delete({ tenantId, accountId: account.id });
    expect(await entry(account.id)).toEqual({ value: null, revision });
    await expect(admin.accounts.get({ tenantId, accountId: account.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const { rows } = await admin.audit.list({ tenantId, subjectId: account.id });
    expect(rows.map(({ action }) => action)).toEqual(["accounts.delete", "accounts.create"]);
  });
});

test("a plan's number of active accounts is not exceeded, also by many at once; revoked ones take no place", async () => {
  const plan = await createPlan({ maxAccounts: 2 });
  const tenant = await createTenantWithAdmin({ planId: plan.id });
  const caller = callAs(tenant.admin).accounts;
  const add = (n: number) => caller.create({ tenantId: tenant.tenantId, name: `n${n}`, email: `n${n}@plan.test` });
  const outcomes = await Promise.allSettled([add(1), add(2), add(3), add(4)]);
  const made = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.account] : []));
  expect(made).toHaveLength(2);
  const refused = outcomes.find((outcome) => outcome.status === "rejected");
  expect((refused as PromiseRejectedResult).reason).toMatchObject({
    code: "FORBIDDEN",
    message: expect.stringContaining("allows 2 active accounts and 2 are in use"),
  });
  const accountId = made[0]!.id;
  await caller.revoke({ tenantId: tenant.tenantId, accountId, reason: "left" });
  await add(5);
  await expect(caller.restore({ tenantId: tenant.tenantId, accountId })).rejects.toThrow("allows 2 active accounts");
});

test("the list pages, sorts, filters and searches on the server", async () => {
  const tenant = await createTenantWithAdmin();
  const caller = callAs(await createMember(tenant.tenantId, "manager"));
  const id = { tenantId: tenant.tenantId };
  for (const name of ["Carla", "Abel", "Dora", "Berta", "100%"])
    await caller.accounts.create({ ...id, name, email: `${name.replace("%", "")}@list.test` });
  const names = async (input: Record<string, unknown>) => {
    const { rows, total } = await caller.accounts.list({ ...id, ...input });
    return [...rows.map(({ name }) => name), total];
  };
  expect(await names({ pageSize: 2 })).toEqual(["100%", "Abel", 5]);
  expect(await names({ pageSize: 2, page: 3 })).toEqual(["Dora", 5]);
  expect(await names({ sort: "email", order: "desc", pageSize: 1 })).toEqual(["Dora", 5]);
  expect(await names({ search: "ar" })).toEqual(["Carla", 1]);
  expect(await names({ search: "%" })).toEqual(["100%", 1]);
  const { rows } = await caller.accounts.list({ ...id, search: "Abel" });
  expect(await names({ search: rows[0]!.address })).toEqual(["Abel", 1]);
  const { policy } = await caller.policies.create({
    ...{ ...id, name: "p", rules: [{ protocol: "tcp", from: 22, to: 22 }] },
    accountIds: [rows[0]!.id],
  });
  expect(await names({ policyId: [policy.id] })).toEqual(["Abel", 1]);
  expect(await names({ state: ["active", "revoked"] })).toHaveLength(6);
});

test("the list shows who is online, who never connected, who has no profile or one that ends soon, and who is blocked", async () => {
  const own = await createTenantWithAdmin();
  const caller = callAs(own.admin);
  const id = { tenantId: own.tenantId };
  const gatewayId = crypto.randomUUID();
  const day = 24 * 3600_000;
  const put = async (name: string, { sessions = [], days = [] }: { sessions?: (Date | null)[]; days?: number[] }) => {
    const { account } = await caller.accounts.create({ ...id, name, email: `${name}@show.test` });
    await inTenant(system, own.tenantId, async ({ tx }) => {
      for (const disconnectedAt of sessions)
        await tx.session.create({
          data: {
            ...{ ...id, id: crypto.randomUUID(), accountId: account.id, gatewayId, disconnectedAt },
            ...{ connectedAt: new Date(), bytesAt: new Date(), process: "p", processBoot: "b", clientId: 1 },
            ...{ realAddress: "192.0.2.1:1", vpnAddress: account.address, fingerprint: name },
          },
        });
      for (const [at, until] of days.entries())
        await tx.certificate.create({
          data: {
            ...{ ...id, accountId: account.id, serial: `${account.id}${at}`, fingerprint: `${account.id}${at}` },
            ...{ notBefore: new Date(0), notAfter: new Date(Date.now() + until * day) },
          },
        });
    });
    return account.id;
  };
  await put("online", { sessions: [new Date(), null], days: [300] });
  await put("ended", { sessions: [new Date()], days: [10] });
  await put("renewed", { sessions: [new Date()], days: [10, 300] });
  await put("new", {});
  const blocked = await put("stopped", { days: [-1] });
  await caller.accounts.hold({ ...id, accountId: blocked, minutes: 5, reason: "Malware" });
  const gone = await put("gone", {});
  await caller.accounts.revoke({ ...id, accountId: gone, reason: "left" });
  const shown = async (...show: ("online" | "never-connected" | "no-profile" | "ends-soon" | "blocked")[]) =>
    (await caller.accounts.list({ ...id, show })).rows.map(({ name }) => name);
  expect(await shown("online")).toEqual(["online"]);
  expect(await shown("never-connected")).toEqual(["new", "stopped"]);
  expect(await shown("no-profile")).toEqual(["new", "stopped"]);
  expect(await shown("ends-soon")).toEqual(["ended"]);
  expect(await shown("blocked")).toEqual(["stopped"]);
  expect(await shown("online", "ends-soon")).toEqual(["ended", "online"]);
});

test("a ceiling reaches the gateways, stays where it is not named, and is taken away", async () => {
  const { account } = await create();
  const update = (more: object) =>
    admin.accounts.update({ tenantId, accountId: account.id, name: account.name, policyIds: [], ...more });
  await update({ rate: { down: 8_000, up: 4_000 } });
  await update({});
  expect((await entry(account.id)).value).toMatchObject({ rate: { down: 8_000, up: 4_000 } });
  await update({ rate: null });
  expect((await entry(account.id)).value).toMatchObject({ rate: null });
  await expect(update({ rate: { down: 1, up: 4_000 } })).rejects.toThrow("at least 64");
});
