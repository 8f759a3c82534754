/** The outbox where there is no mail server: the only way in which a mail's secret comes to its reader. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, createUser, unique } from "@/e2e/support/principals";
import type { UserPrincipal } from "@/server/trpc/principal";
import { closeDatabase, inTransaction, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { sendMail } from "./mail";

let tenantId: string;
let admin: ReturnType<typeof callAs>;
let support: UserPrincipal;
beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  support = await createUser("support");
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

const open = (id: string) => callAs(support).outbox.open({ id });
const token = /\/invitation\/([\w-]{43})/;
const invite = (email = `${unique("to")}@mail.test`) => admin.members.invite({ tenantId, email, role: "viewer" });

test("whoever opens a mail is read in its tenant's audit, each time", async () => {
  const { mailId } = await invite();
  expect(await open(mailId)).toMatchObject({ secret: "shown", text: expect.stringMatching(token) });
  await open(mailId);
  const { rows } = await admin.audit.list({ tenantId, action: ["outbox.open"], subjectId: mailId });
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatchObject({
    actor: { kind: "staff", id: support.userId, name: support.name },
    subject: { kind: "mail", id: mailId },
    details: { recipient: expect.stringContaining("@mail.test"), secret: "shown" },
  });
});

test("whoever opens a mail that concerns no tenant is read in the operator's own audit", async () => {
  const mailId = await inTransaction(system, {}, (scope) =>
    sendMail(scope, { to: "staff@mail.test", subject: unique("own"), text: "x" }),
  );
  expect(await open(mailId)).toMatchObject({ secret: null, text: "x" });
  const { rows } = await callAs(support).audit.platform({ action: ["outbox.open"], subjectId: mailId });
  expect(rows).toHaveLength(1);
});

test("a mail does not hold its secret any longer than it opens something", async () => {
  const [used, withdrawn, replaced] = [await invite(), await invite(), await invite("twice@mail.test")];
  const [, value] = token.exec((await open(used.mailId)).text)!;
  await callAs(null).invitations.accept({ token: value!, name: "New", password: "correct horse battery staple" });
  await admin.members.revokeInvitation({ tenantId, invitationId: withdrawn.invitationId });
  const newer = await invite("twice@mail.test");
  for (const { mailId } of [used, withdrawn, replaced]) {
    const mail = await open(mailId);
    expect(mail.secret).toBe("forgotten");
    expect(mail.text).not.toMatch(token);
  }
  expect((await open(newer.mailId)).text).toMatch(token);
});
