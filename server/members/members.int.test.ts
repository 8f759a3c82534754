import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createMember, createTenantWithAdmin, unique } from "@/e2e/support/principals";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { signIn } from "../sign-in/sign-in";
import type { UserPrincipal } from "../trpc/principal";

const password = "correct horse battery";
const anyone = callAs(null);

let tenantId: string;
let slug: string;
let adminUser: UserPrincipal;
let admin: ReturnType<typeof callAs>;
let staff: ReturnType<typeof callAs>;
beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  ({ tenantId, slug } = tenant);
  adminUser = tenant.admin;
  admin = callAs(adminUser);
  staff = callAs(tenant.staff);
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

/** As the person gets it: out of the mail. */
async function invited(email = `${unique("new")}@members.test`, role: "admin" | "manager" | "viewer" = "manager") {
  const { invitationId, mailId } = await admin.members.invite({ tenantId, email, role });
  const mail = await staff.outbox.open({ id: mailId });
  const token = /\/invitation\/([\w-]+)/.exec(mail.text)![1]!;
  return { email, invitationId, token };
}

describe("an invitation", () => {
  test("lets somebody new set a password and in, once; only its hash is kept", async () => {
    const { email, token, invitationId } = await invited();
    expect(await anyone.invitations.open({ token })).toMatchObject({ email, role: "manager", hasUser: false });
    const stored = await inTenant(system, tenantId, ({ tx }) =>
      tx.invitation.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: invitationId } } }),
    );
    expect(JSON.stringify(stored)).not.toContain(token);
    expect(await anyone.invitations.accept({ token, name: "Dana Fox", password })).toEqual({ email, slug });
    await signIn({ email, password, address: "192.0.2.50", userAgent: "" }, createLog("test"));
    const { rows } = await admin.members.list({ tenantId, search: email });
    expect(rows).toMatchObject([{ name: "Dana Fox", role: "manager", lastSignInAt: expect.any(Date) }]);
    const used = { code: "CONFLICT", message: "This invitation was used already. Sign in instead." };
    await expect(anyone.invitations.accept({ token, name: "Eve", password })).rejects.toMatchObject(used);
    await expect(anyone.invitations.open({ token })).rejects.toMatchObject(used);
  });

  test("accepted twice at once lets one in", async () => {
    const { token, email } = await invited();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, (_, n) =>
        anyone.invitations.accept({ token, name: `n${n}`, password: `${password} ${n}` }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await admin.members.list({ tenantId, search: email })).total).toBe(1);
  });

  test("does not open when it has expired, was withdrawn, was followed by another, or never was", async () => {
    const expired = await invited();
    await inTenant(system, tenantId, ({ tx }) =>
      tx.invitation.updateMany({ where: { id: expired.invitationId }, data: { expiresAt: new Date(Date.now() - 1) } }),
    );
    await expect(anyone.invitations.open(expired)).rejects.toThrow("has expired");
    await expect(anyone.invitations.accept({ ...expired, name: "x", password })).rejects.toThrow("has expired");
    const withdrawn = await invited();
    await admin.members.revokeInvitation({ tenantId, invitationId: withdrawn.invitationId });
    await expect(anyone.invitations.open(withdrawn)).rejects.toThrow("was withdrawn");
    const first = await invited();
    const second = await invited(first.email);
    await expect(anyone.invitations.open(first)).rejects.toThrow("was withdrawn");
    await expect(anyone.invitations.open(second)).resolves.toMatchObject({ email: first.email });
    await expect(anyone.invitations.open({ token: "x".repeat(43) })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const open = (await admin.members.invitations({ tenantId })).map(({ id }) => id);
    expect(open).toContain(second.invitationId);
    for (const { invitationId } of [withdrawn, first]) expect(open).not.toContain(invitationId);
  });

  test("of a tenant that is deleted does not open", async () => {
    const gone = await createTenantWithAdmin();
    const mail = await callAs(gone.staff).outbox.open({ id: gone.invitationMailId });
    const token = /\/invitation\/([\w-]+)/.exec(mail.text)![1]!;
    await expect(anyone.invitations.open({ token })).resolves.toMatchObject({ role: "admin" });
    await callAs(gone.staff).tenants.delete({ tenantId: gone.tenantId });
    await expect(anyone.invitations.open({ token })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("is joined by somebody known with the password that they have, and with no other", async () => {
    const known = await invited();
    await anyone.invitations.accept({ ...known, name: "Known", password });
    const other = await createTenantWithAdmin();
    const { mailId } = await callAs(other.admin).members.invite({
      ...{ tenantId: other.tenantId, email: known.email, role: "viewer" },
    });
    const token = /\/invitation\/([\w-]+)/.exec((await staff.outbox.open({ id: mailId })).text)![1]!;
    expect(await anyone.invitations.open({ token })).toMatchObject({ hasUser: true });
    const guess = anyone.invitations.accept({ token, name: "Eve", password: "another horse battery" });
    await expect(guess).rejects.toMatchObject({ code: "BAD_REQUEST", cause: { field: "password" } });
    await anyone.invitations.accept({ token, name: "ignored", password });
    const user = await database().user.findUniqueOrThrow({ where: { email: known.email } });
    expect(user.name).toBe("Known");
  });

  test("asks for a password that keeps the rules, and stays open until it gets one", async () => {
    const person = await invited();
    const weak = anyone.invitations.accept({ ...person, name: "x", password: "short" });
    await expect(weak).rejects.toMatchObject({ code: "BAD_REQUEST", cause: { field: "password" } });
    await expect(anyone.invitations.open(person)).resolves.toMatchObject({ email: person.email });
  });

  test("is not sent to whoever is a member already", async () => {
    const again = admin.members.invite({ tenantId, email: adminUser.email.toUpperCase(), role: "viewer" });
    await expect(again).rejects.toMatchObject({ code: "CONFLICT", cause: { field: "email" } });
  });
});

describe("a member", () => {
  const memberOf = async (user: UserPrincipal) =>
    (await admin.members.list({ tenantId, search: user.email })).rows[0]!.id;

  test("has the new role, and is out, from the next request on", async () => {
    const user = await createMember(tenantId, "viewer");
    const add = () => callAs(user).devices.create({ tenantId, name: unique("d"), address: `10.0.0.${dial()}` });
    await expect(add()).rejects.toMatchObject({ code: "FORBIDDEN" });
    const memberId = await memberOf(user);
    await admin.members.changeRole({ tenantId, memberId, role: "manager" });
    await add();
    await admin.members.remove({ tenantId, memberId });
    await expect(add()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("who is the only admin stays one", async () => {
    const lonely = await createTenantWithAdmin();
    const id = { tenantId: lonely.tenantId };
    const own = callAs(lonely.admin).members;
    const memberId = (await own.list(id)).rows[0]!.id;
    const demote = { ...id, memberId, role: "viewer" as const };
    await expect(own.changeRole(demote)).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(own.remove({ ...id, memberId })).rejects.toMatchObject({ code: "CONFLICT" });
    await createMember(lonely.tenantId, "admin");
    await own.changeRole(demote);
  });

  test("and another, both admins, cannot demote each other at once", async () => {
    const pair = await createTenantWithAdmin();
    const id = { tenantId: pair.tenantId };
    const second = await createMember(pair.tenantId, "admin");
    const { rows } = await callAs(second).members.list(id);
    const demote = (by: UserPrincipal, whom: UserPrincipal) => {
      const memberId = rows.find(({ userId }) => userId === whom.userId)!.id;
      return callAs(by).members.changeRole({ ...id, memberId, role: "viewer" });
    };
    await Promise.allSettled([demote(pair.admin, second), demote(second, pair.admin)]);
    const roles = (await callAs(pair.admin).members.list(id)).rows.map(({ role }) => role);
    expect(roles.filter((role) => role === "admin").length).toBeGreaterThanOrEqual(1);
  });
});

let dialled = 100;
const dial = () => ++dialled;

test("a member is sent a link to set another password, which the admin who has it sent does not read", async () => {
  const tenant = await createTenantWithAdmin();
  const member = await createMember(tenant.tenantId, "viewer");
  await database().user.update({ where: { id: member.userId }, data: { passwordHash: "$argon2id$x" } });
  const caller = callAs(tenant.admin).members;
  const { rows } = await caller.list({ tenantId: tenant.tenantId, search: member.email });
  expect(await caller.sendLink({ tenantId: tenant.tenantId, memberId: rows[0]!.id })).toBeUndefined();
  const sent = await callAs(tenant.staff).outbox.list({ search: member.email });
  expect(sent.rows[0]).toMatchObject({ recipient: member.email, subject: "Set a new password" });
  const audited = await callAs(tenant.admin).audit.list({ tenantId: tenant.tenantId, subjectId: rows[0]!.id });
  expect(audited.rows[0]).toMatchObject({ action: "members.send_link" });
});
