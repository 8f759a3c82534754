/** Opening and accepting an invitation: its token is all that is known of whoever comes with it. */
import type { z } from "zod";
import { audit } from "../core/audit";
import { beginAttempt } from "../core/budget";
import { bind, inTransaction, lockTenant, type Scope, system } from "../core/db";
import { AppError, conflict, invalid, notFound } from "../core/errors";
import { hashPassword, requireGoodPassword, verifyPassword } from "../core/password";
import type { Invitation, MemberRole } from "../core/prisma/client";
import { strangerBudgets } from "../core/sign-in-budgets";
import { forgetSecrets } from "../mail/mail";
import { hashToken } from "./members";
import type { acceptInvitationInput } from "./schema";

export interface OpenInvitation {
  tenantName: string;
  email: string;
  role: MemberRole;
  /** They have a password already, and join with it. */
  hasUser: boolean;
}

export async function openInvitation(token: string): Promise<OpenInvitation> {
  return inTransaction(system, { invitation: hashToken(token) }, async (scope) => {
    const { invitation, tenantName } = await getOpen(scope, token);
    const user = await scope.tx.user.findUnique({ where: { email: invitation.email } });
    return { tenantName, email: invitation.email, role: invitation.role, hasUser: Boolean(user?.passwordHash) };
  });
}

/** Of two that accept at once, one wins. Somebody new sets a password; somebody known gives the one that they have. */
export async function acceptInvitation(
  input: z.infer<typeof acceptInvitationInput>,
  address: string,
): Promise<{ email: string; slug: string }> {
  const before = await openInvitation(input.token);
  const attempt = before.hasUser ? await beginAttempt(strangerBudgets(before.email, address)) : undefined;
  const accepted = await inTransaction(system, { invitation: hashToken(input.token) }, async (unbound) => {
    const { invitation, slug } = await getOpen(unbound, input.token);
    const { tenantId, email, role } = invitation;
    await bind(unbound.tx, { tenantId });
    await lockTenant({ ...unbound, tenantId });
    const user = await joiningUser(unbound, email, input);
    const scope = { ...unbound, tenantId, actor: { kind: "user", id: user.id, name: user.name } as const };
    const { count } = await scope.tx.invitation.updateMany({
      where: { tenantId, id: invitation.id, acceptedAt: null, revokedAt: null, expiresAt: { gt: new Date() } },
      data: { acceptedAt: new Date() },
    });
    if (count === 0) throw used();
    await forgetSecrets(scope, [invitation.id]);
    const member = await scope.tx.member.upsert({
      where: { tenantId_userId: { tenantId, userId: user.id } },
      create: { tenantId, userId: user.id, role },
      update: {},
    });
    await audit(scope, {
      action: "members.join",
      subject: { kind: "member", id: member.id, name: user.name },
      details: { email, role: member.role, invitationId: invitation.id },
    });
    return { email, slug };
  });
  await attempt?.succeed();
  return accepted;
}

async function joiningUser({ tx }: Scope, email: string, input: { name: string; password: string }) {
  const known = await tx.user.findUnique({ where: { email } });
  if (known?.passwordHash) {
    if (known.disabledAt || !(await verifyPassword(known.passwordHash, input.password)))
      throw invalid("password", "This is not the password that you sign in with.");
    return known;
  }
  await requireGoodPassword("password", input.password, { email, currentHash: null });
  const data = { name: input.name, passwordHash: await hashPassword(input.password), mustChangePassword: false };
  return tx.user.upsert({ where: { email }, create: { email, ...data }, update: data });
}

/** @throws by name: unknown, used, revoked, expired */
async function getOpen(
  { tx }: Scope,
  token: string,
): Promise<{ invitation: Invitation; tenantName: string; slug: string }> {
  const invitation = await tx.invitation.findUnique({ where: { tokenHash: hashToken(token) } });
  if (!invitation) throw notFound("invitation");
  if (invitation.acceptedAt) throw used();
  if (invitation.revokedAt)
    throw new AppError("conflict", "This invitation was withdrawn. Ask for a new one.", { field: "token" });
  if (invitation.expiresAt <= new Date())
    throw new AppError("conflict", "This invitation has expired. Ask for a new one.", { field: "token" });
  await bind(tx, { tenantId: invitation.tenantId });
  const tenant = await tx.tenant.findUnique({ where: { id: invitation.tenantId } });
  if (!tenant || tenant.state === "deleted") throw notFound("invitation");
  return { invitation, tenantName: tenant.name, slug: tenant.slug };
}

const used = () => conflict("token", "This invitation was used already. Sign in instead.");
