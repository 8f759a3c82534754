import { afterAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import type { AccountValue } from "@/gateway/protocol/document";
import { closeDatabase, database, inTenant, inTransaction, system } from "../core/db";
import { createLog } from "../core/log";
import { hashPassword, verifyPassword } from "../core/password";
import { closeQueues } from "../core/queue";
import { fullText } from "../mail/mail";
import { findPrincipal, signIn } from "../sign-in/sign-in";
import { sendLinks } from "./password-links";

const right = "correct horse battery";
const another = "another horse battery";
let addresses = 0;
const stranger = () => callAs(null, `198.51.100.${++addresses}`);

afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

async function accountWith(email = `${unique("link")}@example.test`) {
  const tenant = await createTenantWithAdmin();
  const { tenantId } = tenant;
  const created = await callAs(tenant.admin).accounts.create({ tenantId, name: "Dana Fox", email });
  return { ...tenant, email, accountId: created.account.id, password: created.temporaryPassword };
}

async function userWith(password: string, data: { disabledAt?: Date } = {}) {
  const user = await createUser();
  await database().user.update({
    where: { id: user.userId },
    data: { passwordHash: await hashPassword(password), ...data },
  });
  return user;
}

/** Of the mails to this address, as they are sent: the newest first. */
async function mailsTo(recipient: string): Promise<string[]> {
  const mails = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.findMany({ where: { recipient }, orderBy: { createdAt: "desc" } }),
  );
  return mails.map(fullText);
}

async function newestToken(recipient: string): Promise<string> {
  const [text] = await mailsTo(recipient);
  return /set-password\/(\S+)/.exec(text ?? "")![1]!;
}

const enter = (email: string, password: string) =>
  signIn({ email, password, address: `203.0.113.${++addresses}`, userAgent: "" }, createLog("test"));

describe("a new person", () => {
  test("sets the first password by the link in the mail, once; no admin's temporary one is needed, or works after it", async () => {
    const { tenantId, accountId, email, password, admin } = await accountWith();
    const token = await newestToken(email);
    expect(await stranger().passwordLinks.open({ token })).toMatchObject({ email, tenantName: expect.any(String) });
    const weak = stranger().passwordLinks.set({ token, password: "short" });
    await expect(weak).rejects.toMatchObject({ code: "BAD_REQUEST", cause: { field: "password" } });
    const remembered: string[] = [];
    const caller = callAs(null, "198.51.100.99", async (id) => void remembered.push(id));
    await caller.passwordLinks.set({ token, password: right });
    expect(remembered).toEqual([accountId]);

    const principal = await findPrincipal((await enter(email, right)).doors[0]);
    expect(principal).toMatchObject({ kind: "account", accountId, mustChangePassword: false });
    await expect(enter(email, password)).rejects.toMatchObject({ code: "unauthenticated" });
    await expect(stranger().passwordLinks.set({ token, password: another })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    // The gateways have it, nobody reads the link any more, and it is audited.
    const entry = await inTenant(system, tenantId, ({ tx }) =>
      tx.documentEntry.findUniqueOrThrow({ where: { tenantId_kind_id: { tenantId, kind: "account", id: accountId } } }),
    );
    const value = entry.value as unknown as AccountValue;
    expect(value.mustChangePassword).toBe(false);
    expect(await verifyPassword(value.passwordHash, right)).toBe(true);
    expect((await mailsTo(email)).join()).not.toContain(token);
    const { rows } = await callAs(admin).audit.list({ tenantId, subjectId: accountId });
    expect(rows.map(({ action }) => action)).toContain("sign_in.set_password");
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test("who signs in with an admin's temporary password must change it all the same", async () => {
    const { email, password } = await accountWith();
    const principal = await findPrincipal((await enter(email, password)).doors[0]);
    expect(principal).toMatchObject({ mustChangePassword: true });
  });
});

describe("whoever has forgotten their password", () => {
  test("gets a link for each user and account that they may sign in as, and each sets that one's alone", async () => {
    const user = await userWith(right);
    const { email } = user;
    const [one, gone] = [await accountWith(email), await accountWith(email)];
    await callAs(gone.admin).accounts.revoke({ tenantId: gone.tenantId, accountId: gone.accountId, reason: "left" });
    const before = (await mailsTo(email)).length;
    const signedIn = (await enter(email, right)).doors[0];
    await sendLinks({ email });
    const mails = await mailsTo(email);
    expect(mails).toHaveLength(before + 2);
    const [forAccount, forUser] = mails.map((text) => /set-password\/(\S+)/.exec(text)?.[1]) as [string, string];
    await stranger().passwordLinks.set({ token: forUser, password: another });
    expect((await enter(email, another)).doors).toMatchObject([{ kind: "user", userId: user.userId }]);
    expect(await findPrincipal(signedIn)).toBeNull();
    expect((await enter(email, one.password)).doors).toMatchObject([{ accountId: one.accountId }]);
    await stranger().passwordLinks.set({ token: forAccount, password: right });
    expect((await enter(email, right)).doors).toMatchObject([{ accountId: one.accountId }]);
  });

  test("is answered the same whether or not anybody has the address, and by the same limit", async () => {
    const { email } = await accountWith();
    const ask = (to: string) =>
      stranger()
        .passwordLinks.request({ email: to })
        .then(
          (answer) => answer ?? "sent",
          ({ code, message }) => `${code} ${message}`,
        );
    const answers: unknown[][] = [];
    for (const to of [email, `${unique("nobody")}@example.test`]) {
      const given: unknown[] = [];
      for (let n = 0; n < 4; n++) given.push(await ask(to));
      answers.push(given);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]!.slice(0, 3)).toEqual(["sent", "sent", "sent"]);
    expect(answers[0]![3]).toBe("TOO_MANY_REQUESTS Too many attempts. Try again in 10 minutes.");
  });

  test("is sent one by an admin, which lasts as long as a first one where they have not come in yet", async () => {
    const { tenantId, accountId, email, admin } = await accountWith();
    const send = () => callAs(admin).passwordLinks.sendToAccount({ tenantId, accountId });
    await send();
    const [mail] = await mailsTo(email);
    expect(mail).toContain("works once, for 7 days");
    await stranger().passwordLinks.set({ token: /set-password\/(\S+)/.exec(mail!)![1]!, password: another });
    await send();
    expect((await mailsTo(email))[0]).toContain("works once, for an hour");
    await callAs(admin).accounts.revoke({ tenantId, accountId, reason: "left" });
    await expect(send()).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("is sent nothing when they are disabled, or nobody", async () => {
    const disabled = await userWith(right, { disabledAt: new Date() });
    const invited = await createUser();
    for (const email of [disabled.email, invited.email, "nobody@links.test"]) {
      await sendLinks({ email });
      expect(await mailsTo(email)).toEqual([]);
    }
  });
});

describe("a link", () => {
  test("is void once the password or the email is another, and when its account is revoked", async () => {
    const { tenantId, accountId, email, admin } = await accountWith();
    const caller = callAs(admin).accounts;
    const first = await newestToken(email);
    await caller.resetPassword({ tenantId, accountId });
    await expect(stranger().passwordLinks.open({ token: first })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await sendLinks({ email });
    const second = await newestToken(email);
    const corrected = `${unique("corrected")}@example.test`;
    await caller.update({ tenantId, accountId, name: "Dana Fox", email: corrected });
    await expect(stranger().passwordLinks.open({ token: second })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await sendLinks({ email: corrected });
    const third = await newestToken(corrected);
    await caller.revoke({ tenantId, accountId, reason: "left" });
    await expect(stranger().passwordLinks.set({ token: third, password: right })).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("left"),
    });
  });

  test("that was changed, cut or made up opens nothing", async () => {
    const { email, tenantId, accountId } = await accountWith();
    const token = await newestToken(email);
    const later = token.replace(/\.[0-9a-z]+\.([\w-]+)$/, ".zzzzzz.$1");
    const forged = [later, token.slice(0, -1), `${token}x`, `${tenantId}.${accountId}`, "", "x".repeat(200)];
    for (const one of forged)
      await expect(stranger().passwordLinks.open({ token: one })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("used twice at once sets one password", async () => {
    const { email } = await accountWith();
    const token = await newestToken(email);
    const outcomes = await Promise.allSettled(
      [right, another].map((password) => stranger().passwordLinks.set({ token, password })),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});
