/** The operator's own people: who they are, and how one of them is shut out at once and let in again. */
import type { z } from "zod";
import { audit } from "../core/audit";
import type { Scope } from "../core/db";
import { AppError, notFound } from "../core/errors";
import { type Page, skipTake } from "../core/listing";
import type { StaffRole } from "../core/prisma/client";
import { searchWords } from "../core/search";
import { sendUserLink } from "../password-links/password-links";
import type { listStaffInput } from "./schema";

export interface StaffRow {
  userId: string;
  name: string;
  email: string;
  role: StaffRole;
  disabledAt: Date | null;
  createdAt: Date;
  lastSignInAt: Date | null;
}

export async function listStaff({ tx }: Scope, input: z.infer<typeof listStaffInput>): Promise<Page<StaffRow>> {
  const where = { staffRole: { not: null }, AND: await searchWords({ tx }, input.search) };
  const users = await tx.user.findMany({
    where,
    include: { signIns: { select: { createdAt: true }, orderBy: { createdAt: "desc" }, take: 1 } },
    orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
    ...skipTake(input),
  });
  return {
    rows: users.map(({ id, name, email, staffRole, disabledAt, createdAt, signIns }) => ({
      ...{ userId: id, name, email, role: staffRole!, disabledAt, createdAt },
      lastSignInAt: signIns[0]?.createdAt ?? null,
    })),
    total: await tx.user.count({ where }),
  };
}

/** Out from the next request on, in every browser and as a member of tenants too. Whoever does it stays, so one always does. */
export async function disableStaff(scope: Scope, userId: string): Promise<void> {
  const user = await getStaff(scope, userId);
  if (userId === scope.actor.id)
    throw new AppError("conflict", "This is your own sign-in. Another administrator can disable it.");
  if (user.disabledAt) throw new AppError("conflict", `${user.name}'s sign-in is disabled already.`);
  await scope.tx.user.update({ where: { id: userId }, data: { disabledAt: new Date() } });
  const { count: signInsEnded } = await scope.tx.userSignIn.updateMany({
    where: { userId, endedAt: null },
    data: { endedAt: new Date() },
  });
  await audit(scope, { action: "staff.disable", subject: subjectOf(user), details: { signInsEnded } });
}

/** With the password and the role that they had. */
export async function enableStaff(scope: Scope, userId: string): Promise<void> {
  const user = await getStaff(scope, userId);
  if (!user.disabledAt) throw new AppError("conflict", `${user.name}'s sign-in is not disabled.`);
  await scope.tx.user.update({ where: { id: userId }, data: { disabledAt: null } });
  await audit(scope, { action: "staff.enable", subject: subjectOf(user) });
}

export async function sendStaffLink(scope: Scope, userId: string): Promise<void> {
  const user = await getStaff(scope, userId);
  if (!(await sendUserLink(scope, userId)))
    throw new AppError("conflict", `${user.name}'s sign-in is disabled. Enable it first.`);
}

/** Under the row's lock. */
async function getStaff({ tx }: Scope, userId: string) {
  await tx.$queryRaw`SELECT 1 FROM users WHERE id = ${userId}::uuid FOR UPDATE`;
  const user = await tx.user.findUnique({ where: { id: userId } });
  if (!user?.staffRole) throw notFound("member of staff");
  return user;
}

const subjectOf = ({ id, name }: { id: string; name: string }) => ({ kind: "user", id, name });
