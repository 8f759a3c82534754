/**
 * Members: who has a sign-in in a tenant, and with which role. They come by invitation, and there is always an admin left.
 */
import { createHash, randomBytes } from "node:crypto";
import type { z } from "zod";
import { audit } from "../core/audit";
import type { TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, conflict, notFound } from "../core/errors";
import { type Page, skipTake } from "../core/listing";
import type { MemberRole, Prisma } from "../core/prisma/client";
import { searchWords } from "../core/search";
import { forgetSecrets, nameInMail, sendMail } from "../mail/mail";
import { sendUserLink } from "../password-links/password-links";
import type { changeRoleInput, inviteInput, listMembersInput } from "./schema";

export interface MemberRow {
  id: string;
  userId: string;
  name: string;
  email: string;
  role: MemberRole;
  createdAt: Date;
  lastSignInAt: Date | null;
}

export async function listMembers(
  { tx, tenantId }: TenantScope,
  input: z.infer<typeof listMembersInput>,
): Promise<Page<MemberRow>> {
  const where: Prisma.MemberWhereInput = {
    tenantId,
    ...(input.role.length > 0 ? { role: { in: input.role } } : {}),
    user: { AND: await searchWords({ tx }, input.search) },
  };
  const first: Prisma.MemberOrderByWithRelationInput =
    input.sort === "createdAt" ? { createdAt: input.order } : { user: { [input.sort]: input.order } };
  const members = await tx.member.findMany({
    where,
    include: withUser,
    orderBy: [first, { id: "asc" }],
    ...skipTake(input),
  });
  const total = await tx.member.count({ where });
  return {
    rows: members.map(({ id, userId, role, createdAt, user }) => ({
      id,
      userId,
      role,
      createdAt,
      name: user.name,
      email: user.email,
      lastSignInAt: user.signIns[0]?.createdAt ?? null,
    })),
    total,
  };
}

/** Whom to tell of what concerns the whole tenant. */
export async function findAdmins({
  tx,
  tenantId,
}: Pick<TenantScope, "tx" | "tenantId">): Promise<{ name: string; email: string }[]> {
  const members = await tx.member.findMany({
    where: { tenantId, role: "admin", user: { disabledAt: null } },
    select: { user: { select: { name: true, email: true } } },
  });
  return members.map(({ user }) => user);
}

export async function changeRole(
  scope: TenantScope,
  { memberId, role }: z.infer<typeof changeRoleInput>,
): Promise<void> {
  const member = await getMember(scope, memberId);
  if (member.role === "admin" && role !== "admin") await requireAnotherAdmin(scope, memberId);
  await scope.tx.member.update({ where: keyOf(scope, memberId), data: { role } });
  await audit(scope, {
    action: "members.change_role",
    subject: { kind: "member", id: memberId, name: member.user.name },
    details: { before: member.role, after: role },
  });
}

/** From the next request on, the tenant is not there for them. */
export async function removeMember(scope: TenantScope, memberId: string): Promise<void> {
  const member = await getMember(scope, memberId);
  if (member.role === "admin") await requireAnotherAdmin(scope, memberId);
  await scope.tx.member.delete({ where: keyOf(scope, memberId) });
  await audit(scope, {
    action: "members.remove",
    subject: { kind: "member", id: memberId, name: member.user.name },
    details: { email: member.user.email, role: member.role },
  });
}

/** Their sign-in may be of other tenants too, so nobody sets a password for them: the link goes to them alone. */
export async function sendMemberLink(scope: TenantScope, memberId: string): Promise<void> {
  const { user } = await getMember(scope, memberId);
  const { tenantId: _, ...own } = scope;
  if (!(await sendUserLink(own, user.id)))
    throw new AppError("conflict", `${user.name}'s sign-in was disabled by the operator.`);
  await audit(scope, { action: "members.send_link", subject: { kind: "member", id: memberId, name: user.name } });
}

export interface InvitationRow {
  id: string;
  email: string;
  role: MemberRole;
  invitedBy: string;
  createdAt: Date;
  expiresAt: Date;
  isExpired: boolean;
}

/** Those that were neither accepted nor revoked. */
export async function listInvitations({
  tx,
  tenantId,
}: Pick<TenantScope, "tx" | "tenantId">): Promise<InvitationRow[]> {
  const invitations = await tx.invitation.findMany({
    where: { tenantId, acceptedAt: null, revokedAt: null },
    omit: { tokenHash: true, tenantId: true, acceptedAt: true, revokedAt: true },
    orderBy: { createdAt: "desc" },
  });
  return invitations.map((invitation) => ({ ...invitation, isExpired: invitation.expiresAt <= new Date() }));
}

const invitationDays = 7;

/** By mail, for one use. An invitation that is open for the same address no longer works. */
export async function invite(
  scope: TenantScope,
  { email, role }: z.infer<typeof inviteInput>,
): Promise<{ invitationId: string; mailId: string }> {
  const { tx, tenantId } = scope;
  if ((await tx.member.count({ where: { tenantId, user: { email } } })) > 0)
    throw conflict("email", `${email} is a member already.`);
  const replaced = await tx.invitation.updateManyAndReturn({
    where: { tenantId, email, acceptedAt: null, revokedAt: null },
    data: { revokedAt: new Date() },
    select: { id: true },
  });
  await forgetSecrets(
    scope,
    replaced.map(({ id }) => id),
  );
  const token = randomBytes(32).toString("base64url");
  const expiresAt = new Date(Date.now() + invitationDays * 24 * 3600_000);
  const invitation = await tx.invitation.create({
    data: { tenantId, email, role, tokenHash: hashToken(token), invitedBy: scope.actor.name, expiresAt },
  });
  await audit(scope, {
    action: "members.invite",
    subject: { kind: "invitation", id: invitation.id, name: email },
    details: { role, expiresAt },
  });
  const tenant = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { name: true } });
  const mailId = await sendMail(scope, {
    to: email,
    subject: `Join ${nameInMail(tenant.name)} on Drawbridge`,
    text: `Hello,

${nameInMail(scope.actor.name)} invites you to ${nameInMail(tenant.name)} on Drawbridge, as ${roleNames[role]}.

Accept the invitation here:
${env.APP_URL}/invitation/${token}

It works once, for ${invitationDays} days. If you did not expect it, ignore this mail.
`,
    secret: { value: token, of: invitation.id },
  });
  return { invitationId: invitation.id, mailId };
}

export async function revokeInvitation(scope: TenantScope, invitationId: string): Promise<void> {
  const { tx, tenantId } = scope;
  const invitation = await tx.invitation.findUnique({ where: { tenantId_id: { tenantId, id: invitationId } } });
  if (!invitation) throw notFound("invitation");
  if (invitation.acceptedAt) throw new AppError("conflict", "This invitation was accepted already.");
  await tx.invitation.update({
    where: { tenantId_id: { tenantId, id: invitationId } },
    data: { revokedAt: invitation.revokedAt ?? new Date() },
  });
  await forgetSecrets(scope, [invitationId]);
  await audit(scope, {
    action: "members.revoke_invitation",
    subject: { kind: "invitation", id: invitationId, name: invitation.email },
  });
}

/** All that is kept of an invitation's token. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

const roleNames: Record<MemberRole, string> = { admin: "an admin", manager: "a manager", viewer: "a viewer" };

const withUser = {
  user: {
    select: {
      name: true,
      email: true,
      signIns: { select: { createdAt: true }, orderBy: { createdAt: "desc" }, take: 1 },
    },
  },
} as const;

const keyOf = ({ tenantId }: TenantScope, id: string) => ({ tenantId_id: { tenantId, id } });

async function getMember(scope: TenantScope, memberId: string) {
  const member = await scope.tx.member.findUnique({ where: keyOf(scope, memberId), include: { user: true } });
  if (!member) throw notFound("member");
  return member;
}

async function requireAnotherAdmin({ tx, tenantId }: TenantScope, memberId: string): Promise<void> {
  const others = await tx.member.count({ where: { tenantId, role: "admin", id: { not: memberId } } });
  if (others === 0)
    throw new AppError("conflict", "This is the only admin. Make somebody else an admin first.", { field: "role" });
}
