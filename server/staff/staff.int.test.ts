import { afterAll, describe, expect, test } from "vitest";
import { callAs, createUser, unique } from "@/e2e/support/principals";
import { closeDatabase, database } from "../core/db";
import { createLog } from "../core/log";
import { hashPassword } from "../core/password";
import { closeQueues } from "../core/queue";
import { findPrincipal, signIn } from "../sign-in/sign-in";

const right = "correct horse battery";

afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

let addresses = 0;
const enter = (email: string) =>
  signIn({ email, password: right, address: `203.0.113.${++addresses}`, userAgent: "" }, createLog("test"));

async function createSupport() {
  const support = await createUser("support");
  await database().user.update({
    where: { id: support.userId },
    data: { passwordHash: await hashPassword(right), name: unique("Carla") },
  });
  return support;
}

describe("a member of staff", () => {
  test("who is disabled is out at once and does not come in, until enabled again", async () => {
    const administrator = await createUser("administrator");
    const { staff, audit } = callAs(administrator);
    const { userId, email } = await createSupport();
    const [signedIn] = (await enter(email)).doors;
    await staff.disable({ userId });
    expect(await findPrincipal(signedIn)).toBeNull();
    await expect(enter(email)).rejects.toMatchObject({ code: "unauthenticated" });
    const listed = async () => (await staff.list({ search: email })).rows[0];
    expect(await listed()).toMatchObject({ userId, role: "support", disabledAt: expect.any(Date) });
    await expect(staff.disable({ userId })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(staff.sendLink({ userId })).rejects.toMatchObject({ code: "CONFLICT" });
    await staff.enable({ userId });
    expect(await listed()).toMatchObject({ disabledAt: null });
    // What was ended stays so.
    expect(await findPrincipal(signedIn)).toBeNull();
    expect((await enter(email)).doors).toMatchObject([{ kind: "user", userId }]);
    const { rows } = await audit.platform({ subjectId: userId });
    expect(rows.map(({ action }) => action)).toEqual(expect.arrayContaining(["staff.disable", "staff.enable"]));
  });

  test("is sent a link to set another password", async () => {
    const { staff, outbox } = callAs(await createUser("administrator"));
    const { userId, email } = await createSupport();
    await staff.sendLink({ userId });
    const { rows } = await outbox.list({ search: email });
    expect(rows[0]).toMatchObject({ recipient: email, subject: "Set a new password" });
  });

  test("does not disable themselves, and nobody but an administrator disables anybody; who is no staff is not found", async () => {
    const administrator = await createUser("administrator");
    const { staff } = callAs(administrator);
    await expect(staff.disable({ userId: administrator.userId })).rejects.toMatchObject({ code: "CONFLICT" });
    const { userId } = await createSupport();
    for (const role of ["support", "account_manager"] as const)
      await expect(callAs(await createUser(role)).staff.disable({ userId })).rejects.toMatchObject({
        code: "FORBIDDEN",
      });
    const member = await createUser();
    await expect(staff.disable({ userId: member.userId })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
