import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import type { AccountValue } from "@/gateway/protocol/document";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { hashPassword, verifyPassword } from "../core/password";
import { closeQueues } from "../core/queue";
import type { Principal } from "../trpc/principal";
import { type Claims, findPrincipal, signIn, wrongCredentials } from "./sign-in";

const right = "correct horse battery";
let addresses = 0;

/** From an address of its own, so that one test's attempts do not count against another's. */
const attempt = (email: string, password: string, address = `198.51.100.${++addresses}`) =>
  signIn({ email, password, address, userAgent: "test" }, createLog("test"));

const refused = { code: "unauthenticated", message: wrongCredentials };

async function userWith(password: string, data: { disabledAt?: Date; mustChangePassword?: boolean } = {}) {
  const user = await createUser();
  await database().user.update({
    where: { id: user.userId },
    data: { passwordHash: await hashPassword(password), ...data },
  });
  return user;
}

async function accountWith(email = `${unique("acc")}@example.test`) {
  const tenant = await createTenantWithAdmin();
  const { tenantId } = tenant;
  const created = await callAs(tenant.admin).accounts.create({ tenantId, name: "Dana Fox", email });
  return { ...tenant, email, accountId: created.account.id, password: created.temporaryPassword };
}

async function principalOf(claims: Claims): Promise<Principal> {
  const principal = await findPrincipal(claims);
  expect(principal).not.toBeNull();
  return principal!;
}

afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

describe("signing in", () => {
  test("a user gets in with the right password, and it is audited", async () => {
    const user = await userWith(right);
    const claims = await attempt(user.email.toUpperCase(), right, "198.51.100.250");
    expect(await principalOf(claims)).toMatchObject({ kind: "user", userId: user.userId, email: user.email });
    const { rows } = await callAs(await createUser("administrator")).audit.platform({ subjectId: user.userId });
    expect(rows[0]).toMatchObject({ action: "sign_in.succeeded", details: { address: "198.51.100.250" } });
  });

  test("whatever is wrong, the answer is the same", async () => {
    const user = await userWith(right);
    const disabled = await userWith(right, { disabledAt: new Date() });
    const invited = await createUser();
    const { email, tenantId, accountId, password } = await accountWith();
    await inTenant(system, tenantId, ({ tx }) =>
      tx.account.update({
        where: { tenantId_id: { tenantId, id: accountId } },
        data: { passwordExpiresAt: new Date(Date.now() - 1000) },
      }),
    );
    await expect(attempt(user.email, "wrong horse battery")).rejects.toMatchObject(refused);
    await expect(attempt("nobody@example.test", right)).rejects.toMatchObject(refused);
    await expect(attempt(disabled.email, right)).rejects.toMatchObject(refused);
    await expect(attempt(invited.email, "")).rejects.toMatchObject(refused);
    await expect(attempt(email, password)).rejects.toMatchObject(refused);
    await expect(attempt(user.email, right + "x".repeat(100_000))).rejects.toMatchObject(refused);
  });

  test("where a user and an account have the same email and password, it is the user", async () => {
    const user = await userWith(right);
    const { tenantId, accountId } = await accountWith(user.email);
    const passwordHash = await hashPassword(right);
    await inTenant(system, tenantId, ({ tx }) =>
      tx.account.update({ where: { tenantId_id: { tenantId, id: accountId } }, data: { passwordHash } }),
    );
    expect((await attempt(user.email, right)).kind).toBe("user");
  });

  test("of accounts with the same email in two tenants, each opens with its own password", async () => {
    const email = `${unique("both")}@example.test`;
    const one = await accountWith(email);
    const other = await accountWith(email);
    expect(await attempt(email, one.password)).toMatchObject({ tenantId: one.tenantId, accountId: one.accountId });
    expect(await attempt(email, other.password)).toMatchObject({
      tenantId: other.tenantId,
      accountId: other.accountId,
    });
  });
});

describe("limits", () => {
  test("after five failures an email is shut for a while, the same whether or not anybody has it", async () => {
    const user = await userWith(right);
    const answers: string[][] = [];
    for (const email of [user.email, `${unique("nobody")}@example.test`]) {
      const given: string[] = [];
      for (let i = 0; i < 6; i++) given.push(await attempt(email, "wrong horse").catch((error) => error.message));
      answers.push(given);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]!.slice(0, 5)).toEqual(Array(5).fill(wrongCredentials));
    expect(answers[0]![5]).toMatch(/^Too many attempts\. Try again in 15 minutes\.$/);
    await expect(attempt(user.email, right)).rejects.toMatchObject({ code: "too_many" });
  });

  test("many attempts at once are as many attempts", async () => {
    const user = await userWith(right);
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => attempt(user.email, "wrong horse")));
    const codes = outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason.code : "in"));
    expect(codes.filter((code) => code === "unauthenticated")).toHaveLength(5);
    expect(codes.filter((code) => code === "too_many")).toHaveLength(7);
  });

  test("getting in wipes the failures before it away", async () => {
    const user = await userWith(right);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 4; i++) await expect(attempt(user.email, "wrong horse")).rejects.toMatchObject(refused);
      await attempt(user.email, right);
    }
  });

  test("one network address is shut after fifty failures, over all emails", async () => {
    const address = "203.0.113.9";
    const codes: string[] = [];
    for (let i = 0; i < 51; i++)
      codes.push(await attempt(`${unique("many")}@example.test`, "x", address).catch((error) => error.code));
    expect(codes.slice(0, 50)).toEqual(Array(50).fill("unauthenticated"));
    expect(codes[50]).toBe("too_many");
  });
});

describe("a session", () => {
  let claims: Claims & { kind: "user" };
  let principal: Principal;
  beforeAll(async () => {
    const user = await userWith(right);
    claims = (await attempt(user.email, right)) as typeof claims;
    principal = await principalOf(claims);
  });

  test("is void at once when it is ended, from another browser too", async () => {
    const other = await attempt(principal.email, right);
    expect(await callAs(principal).signIn.list()).toHaveLength(3);
    await callAs(principal).signIn.end({ signInId: other.signInId });
    expect(await findPrincipal(other)).toBeNull();
    await expect(callAs(principal).signIn.end({ signInId: other.signInId })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    const third = await attempt(principal.email, right);
    // The one made with the user, and the third.
    expect(await callAs(principal).signIn.endOthers()).toEqual({ ended: 2 });
    expect(await findPrincipal(third)).toBeNull();
    expect(await findPrincipal(claims)).not.toBeNull();
  });

  test("is nobody else's to end", async () => {
    const stranger = await principalOf(await attempt((await userWith(right)).email, right));
    await expect(callAs(stranger).signIn.end({ signInId: claims.signInId })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await findPrincipal(claims)).not.toBeNull();
  });

  test("is void when it has expired, when claimed by another, and when its user is disabled", async () => {
    expect(await findPrincipal({ ...claims, userId: (await createUser()).userId })).toBeNull();
    const where = { id: claims.signInId };
    await database().userSignIn.update({ where, data: { expiresAt: new Date(Date.now() - 1000) } });
    expect(await findPrincipal(claims)).toBeNull();
    await database().userSignIn.update({ where, data: { expiresAt: new Date(Date.now() + 60_000) } });
    await database().user.update({ where: { id: claims.userId }, data: { disabledAt: new Date() } });
    expect(await findPrincipal(claims)).toBeNull();
  });

  test("ends by signing out", async () => {
    const signedIn = await attempt((await userWith(right)).email, right);
    await callAs(await principalOf(signedIn)).signIn.signOut();
    expect(await findPrincipal(signedIn)).toBeNull();
  });
});

describe("a temporary password", () => {
  test("must be changed before anything else; then the VPN opens with the new one, and other sign-ins end", async () => {
    const { tenantId, accountId, email, password } = await accountWith();
    const other = await attempt(email, password);
    const principal = await principalOf(await attempt(email, password));
    const portal = callAs(principal);
    expect(await portal.viewer.me()).toMatchObject({ kind: "account", mustChangePassword: true });
    await expect(portal.portal.profile()).rejects.toMatchObject({ code: "FORBIDDEN", cause: { field: "password" } });

    const wrong = portal.signIn.changePassword({ current: "not it", next: "another horse battery" });
    await expect(wrong).rejects.toMatchObject({ code: "BAD_REQUEST", cause: { field: "current" } });
    const same = portal.signIn.changePassword({ current: password, next: password });
    await expect(same).rejects.toMatchObject({ code: "BAD_REQUEST", cause: { field: "next" } });
    const { revision } = await portal.signIn.changePassword({ current: password, next: "another horse battery" });
    expect(revision).toBe(3);

    expect(await findPrincipal(other)).toBeNull();
    const fresh = await principalOf({ kind: "account", tenantId, accountId, signInId: principal.signInId });
    expect(await callAs(fresh).portal.profile()).toMatchObject({ state: "active", reason: null });
    const value = await inTenant(system, tenantId, async ({ tx }) => {
      const key = { tenantId, kind: "account", id: accountId };
      const entry = await tx.documentEntry.findUniqueOrThrow({ where: { tenantId_kind_id: key } });
      return entry.value as unknown as AccountValue;
    });
    expect(value.mustChangePassword).toBe(false);
    expect(await verifyPassword(value.passwordHash, "another horse battery")).toBe(true);
  });

  test("of a user must be changed too", async () => {
    const user = await userWith(right, { mustChangePassword: true });
    const claims = await attempt(user.email, right);
    const forced = callAs(await principalOf(claims));
    await expect(forced.tenants.bySlug({ slug: "any" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await forced.signIn.changePassword({ current: right, next: "another horse battery" });
    expect(await findPrincipal(claims)).toMatchObject({ mustChangePassword: false });
    await expect(attempt(user.email, right)).rejects.toMatchObject(refused);
  });
});

describe("a revoked account", () => {
  test("is signed out, and let in again only to read why", async () => {
    const { tenantId, accountId, email, password, admin } = await accountWith();
    const before = await attempt(email, password);
    await callAs(admin).accounts.revoke({ tenantId, accountId, reason: "left the company" });
    expect(await findPrincipal(before)).toBeNull();

    await expect(attempt(email, "wrong horse battery")).rejects.toMatchObject(refused);
    const portal = callAs(await principalOf(await attempt(email, password)));
    expect(await portal.portal.profile()).toMatchObject({
      state: "revoked",
      reason: expect.stringMatching(/^left the company \(by user-/),
    });
    const why = { code: "FORBIDDEN", message: expect.stringContaining("Your access was revoked: left the company") };
    await expect(portal.portal.reach()).rejects.toMatchObject(why);
    await expect(portal.portal.sessions({})).rejects.toMatchObject(why);
    await expect(portal.certificates.issue({ csr: "x" })).rejects.toMatchObject(why);
    const change = portal.signIn.changePassword({ current: password, next: "another horse battery" });
    await expect(change).rejects.toMatchObject(why);
  });
});
