import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import type { AccountValue } from "@/gateway/protocol/document";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { hashPassword, verifyPassword } from "../core/password";
import { closeQueues } from "../core/queue";
import type { Claims, Principal } from "../trpc/principal";
import { findPrincipal, signIn, wrongCredentials } from "./sign-in";

const right = "correct horse battery";
let addresses = 0;

/** From an address of its own, so that one test's attempts do not count against another's. */
const enter = (email: string, password: string, address = `198.51.100.${++addresses}`, browser?: string) =>
  signIn({ email, password, address, userAgent: "test", browser }, createLog("test"));
/** As whom it then is. */
const attempt = async (...given: Parameters<typeof enter>) => (await enter(...given)).doors[0];

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

type Opened = Awaited<ReturnType<typeof accountWith>>;
const idsOf = ({ tenantId, accountId }: Opened) => ({ tenantId, accountId });

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

  test("where one password opens several doors, all of them are open, and what is of use comes first", async () => {
    const user = await userWith(right);
    const accounts = [await accountWith(user.email), await accountWith(user.email), await accountWith(user.email)];
    const passwordHash = await hashPassword(right);
    for (const { tenantId, accountId } of accounts.slice(0, 2))
      await inTenant(system, tenantId, ({ tx }) =>
        tx.account.update({ where: { tenantId_id: { tenantId, id: accountId } }, data: { passwordHash } }),
      );
    const [revoked, live, other] = accounts as [Opened, Opened, Opened];
    await callAs(revoked.admin).accounts.revoke({ ...idsOf(revoked), reason: "left" });
    const idsFound = async () =>
      (await enter(user.email, right)).doors.map((door) => (door.kind === "user" ? door.userId : door.accountId));
    // The user belongs to nothing as yet.
    expect(await idsFound()).toEqual([live.accountId, user.userId, revoked.accountId]);
    await inTenant(system, live.tenantId, ({ tx }) =>
      tx.member.create({ data: { tenantId: live.tenantId, userId: user.userId, role: "viewer" } }),
    );
    expect(await idsFound()).toEqual([user.userId, live.accountId, revoked.accountId]);
    // The one with another password is not among them.
    expect((await enter(user.email, other.password)).doors).toMatchObject([{ accountId: other.accountId }]);
  });

  test("whoever fits several doors is told of all that stand, and can switch from one to the other", async () => {
    const user = await userWith(right);
    const account = await accountWith(user.email);
    const where = { tenantId_id: { tenantId: account.tenantId, id: account.accountId } };
    const data = { passwordHash: await hashPassword(right), mustChangePassword: false };
    await inTenant(system, account.tenantId, ({ tx }) => tx.account.update({ where, data }));
    const { doors } = await enter(user.email, right);
    for (const claims of doors) {
      const caller = callAs({ ...(await principalOf(claims)), doors });
      expect(await caller.viewer.me()).toMatchObject({ kind: claims.kind, hasOtherDoors: true });
      expect((await caller.signIn.doors()).map(({ kind, isCurrent }) => [kind, isCurrent])).toEqual([
        ["account", claims.kind === "account"],
        ["user", claims.kind === "user"],
      ]);
    }
    await callAs(account.admin).accounts.revoke({ ...idsOf(account), reason: "left" });
    const staying = { ...(await principalOf(doors[1]!)), doors };
    expect((await callAs(staying).signIn.doors()).map(({ isRevoked }) => isRevoked)).toEqual([true, false]);
    await callAs(account.admin).accounts.delete(idsOf(account));
    expect(await callAs(staying).signIn.doors()).toHaveLength(1);
    expect(await callAs(await principalOf(doors[1]!)).viewer.me()).toMatchObject({ hasOtherDoors: false });
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
  const wrong = (email: string, address?: string, browser?: string) =>
    attempt(email, "wrong horse", address, browser).then(
      () => "in",
      (error) => error.code as string,
    );
  const many = async (count: number, one: (n: number) => Promise<string>) => {
    const codes: string[] = [];
    for (let n = 0; n < count; n++) codes.push(await one(n));
    return codes;
  };
  const refusedTimes = (count: number) => Array(count).fill("unauthenticated");

  test("after five failures from one network an email waits a minute there, the same whether or not anybody has it", async () => {
    const user = await userWith(right);
    for (const email of [user.email, `${unique("nobody")}@example.test`]) {
      const address = `198.51.100.${++addresses}`;
      expect(await many(5, () => wrong(email, address))).toEqual(refusedTimes(5));
      await expect(attempt(email, right, address)).rejects.toMatchObject({
        code: "too_many",
        message: expect.stringMatching(/^Too many attempts\. Try again in (60|[3-5]\d) seconds\.$/),
      });
    }
    // Whose email it is was never shut out: theirs is another network.
    await expect(attempt(user.email, right)).resolves.toMatchObject({ kind: "user" });
  });

  test("one IPv6 network is one, whichever of its addresses somebody takes", async () => {
    const user = await userWith(right);
    expect(await many(6, (n) => wrong(user.email, `2001:db8:77:1::${n}`))).toEqual([...refusedTimes(5), "too_many"]);
    await expect(attempt(user.email, right, "2001:db8:77:2::1")).resolves.toMatchObject({ kind: "user" });
  });

  test("many attempts at once are as many attempts", async () => {
    const user = await userWith(right);
    const codes = await Promise.all(Array.from({ length: 12 }, () => wrong(user.email, "203.0.113.10")));
    expect(codes.filter((code) => code === "unauthenticated")).toHaveLength(5);
    expect(codes.filter((code) => code === "too_many")).toHaveLength(7);
  });

  test("getting in takes back its own attempt and none of those before it", async () => {
    const user = await userWith(right);
    const address = "203.0.113.11";
    expect(await many(4, () => wrong(user.email, address))).toEqual(refusedTimes(4));
    for (let n = 0; n < 3; n++) await attempt(user.email, right, address);
    expect(await many(2, () => wrong(user.email, address))).toEqual(["unauthenticated", "too_many"]);
  });

  test("who knows the password of one account gets no further attempts at another of the same email by it", async () => {
    const user = await userWith(right);
    const own = await accountWith(user.email);
    const address = "203.0.113.12";
    let browser: string | undefined;
    const codes: string[] = [];
    for (let n = 0; n < 8; n++) {
      codes.push(await wrong(user.email, address, browser));
      ({ browser } = await enter(user.email, own.password, address, browser).catch(() => ({ browser })));
    }
    expect(codes.slice(0, 5)).toEqual(refusedTimes(5));
    // From here on the guesses are tried on the guesser's own account alone, by its browser's budget.
    await expect(attempt(user.email, right, address, browser)).rejects.toMatchObject(refused);
  });

  test("who gives an account of their own the password that they guess gets no more guesses by it", async () => {
    const user = await userWith(right);
    const { tenantId, accountId } = await accountWith(user.email);
    const guess = async (n: number) => {
      const password = `a guess at it, ${n}`;
      const passwordHash = await hashPassword(password);
      await inTenant(system, tenantId, ({ tx }) =>
        tx.account.update({ where: { tenantId_id: { tenantId, id: accountId } }, data: { passwordHash } }),
      );
      return enter(user.email, password, "203.0.113.13").then(
        () => "in",
        ({ code }) => code,
      );
    };
    const codes: string[] = [];
    for (let n = 0; n < 7; n++) codes.push(await guess(n));
    expect(codes).toEqual([...Array(5).fill("in"), "too_many", "too_many"]);
  });

  test("a browser that has signed in before gets in, however many others guess from everywhere", async () => {
    const user = await userWith(right);
    const { browser } = await enter(user.email, right);
    const codes = await many(56, (n) => wrong(user.email, `203.0.${n}.1`));
    expect(codes.slice(0, 49)).toEqual(refusedTimes(49));
    expect(codes.at(-1)).toBe("too_many");
    await expect(attempt(user.email, right, "203.0.55.1")).rejects.toMatchObject({ code: "too_many" });
    await expect(attempt(user.email, right, "203.0.55.1", browser)).resolves.toMatchObject({ kind: "user" });
    // Of its own budget, which is one as well; and a cookie that was made up is none.
    expect(await many(11, () => wrong(user.email, "203.0.56.1", browser))).toEqual([...refusedTimes(10), "too_many"]);
    const forged = browser.replace(/[^.]+$/, "A".repeat(22));
    await expect(attempt(user.email, right, "203.0.57.1", forged)).rejects.toMatchObject({ code: "too_many" });
  });

  test("one network is slowed down after fifty failures, over all emails", async () => {
    const codes = await many(51, () => wrong(`${unique("many")}@example.test`, "203.0.113.9"));
    expect(codes.slice(0, 50)).toEqual(refusedTimes(50));
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
  test("that is signed in reads why there, and so does whoever signs in again; nothing else opens", async () => {
    const { tenantId, accountId, email, password, admin } = await accountWith();
    const before = await attempt(email, password);
    await callAs(admin).accounts.revoke({ tenantId, accountId, reason: "left the company" });
    await expect(attempt(email, "wrong horse battery")).rejects.toMatchObject(refused);
    for (const claims of [before, await attempt(email, password)]) await readsWhy(claims, password);
  });

  async function readsWhy(claims: Claims, password: string) {
    const portal = callAs(await principalOf(claims));
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
  }
});
