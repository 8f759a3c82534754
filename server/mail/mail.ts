/** Mail: every one is a row of the outbox, which staff can open; with SMTP_URL a job sends it after commit. */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Scope } from "../core/db";
import { env } from "../core/env";
import { notFound } from "../core/errors";
import { containing, type Page, skipTake } from "../core/listing";
import type { Prisma } from "../core/prisma/client";
import { enqueue } from "../core/queue";
import { mailSend } from "./jobs";
import type { listMailsInput } from "./schema";

/** @returns the mail's id in the outbox */
export async function sendMail(scope: Scope, mail: { to: string; subject: string; text: string }): Promise<string> {
  const id = randomUUID();
  // createMany, since whoever writes mail may not read it back.
  await scope.tx.mail.createMany({ data: [{ id, recipient: mail.to, subject: mail.subject, text: mail.text }] });
  if (env.SMTP_URL) scope.afterCommit(() => enqueue(mailSend, { mailId: id }));
  return id;
}

export interface MailRow {
  id: string;
  recipient: string;
  subject: string;
  createdAt: Date;
  sentAt: Date | null;
  attempts: number;
  error: string | null;
}

export async function listMails({ tx }: Scope, input: z.infer<typeof listMailsInput>): Promise<Page<MailRow>> {
  const where: Prisma.MailWhereInput = input.search
    ? {
        OR: [{ recipient: containing(input.search) }, { subject: containing(input.search) }],
      }
    : {};
  const rows = await tx.mail.findMany({
    where,
    omit: { text: true },
    orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
    ...skipTake(input),
  });
  return { rows, total: await tx.mail.count({ where }) };
}

export async function getMail({ tx }: Scope, id: string): Promise<MailRow & { text: string }> {
  const mail = await tx.mail.findUnique({ where: { id } });
  if (!mail) throw notFound("mail");
  return mail;
}
