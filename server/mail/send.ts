import { createTransport, type Transporter } from "nodemailer";
import { inTransaction, system } from "../core/db";
import { env } from "../core/env";
import type { Mail } from "../core/prisma/client";
import { enqueue } from "../core/queue";
import { mailSend } from "./jobs";
import { fullText } from "./mail";

/**
 * Handles `mail.send`. Idempotent: a mail that is marked as sent is left alone, and one that was handed over just before
 * a crash carries the same Message-ID the second time, by which receivers know it again.
 * @throws Error when the mail server refuses, so that the job is tried again; the outbox says why meanwhile
 */
export async function sendQueuedMail({ mailId }: { mailId: string }): Promise<void> {
  const mail = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.findUnique({ where: { id: mailId } }),
  );
  if (!mail || mail.sentAt || isSpent(mail) || !env.SMTP_URL) return;
  const error = await deliver(env.SMTP_URL, mail);
  await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.update({
      where: { id: mailId },
      data: error
        ? { attempts: { increment: 1 }, error: error.message }
        : { attempts: { increment: 1 }, error: null, sentAt: new Date(), sealedSecret: null },
    }),
  );
  if (error) throw error;
}

/** What it was to bring was used, replaced or withdrawn before it was sent. */
const isSpent = (mail: Mail) => mail.secretOf !== null && mail.sealedSecret === null;

export const sweepMailsEveryMs = 60_000;
const minute = 60_000;
const day = 24 * 60 * minute;

/**
 * Queues what is unsent and not yet given up: the app may end between commit and queue, and a queue may lose what it
 * held. One that still waits is not queued twice. What is older than a day nobody expects any more.
 */
export async function sweepMails(now = Date.now()): Promise<void> {
  if (!env.SMTP_URL) return;
  const createdAt = { gt: new Date(now - day), lt: new Date(now - minute) };
  const unsent = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.findMany({
      where: {
        ...{ sentAt: null, attempts: { lt: mailSend.attempts }, createdAt },
        NOT: { secretOf: { not: null }, sealedSecret: null },
      },
      select: { id: true },
      orderBy: { createdAt: "asc" },
      take: 1_000,
    }),
  );
  for (const { id } of unsent) await enqueue(mailSend, { mailId: id });
}

async function deliver(url: string, mail: Mail): Promise<Error | null> {
  try {
    transport ??= createTransport(url);
    await transport.sendMail({
      from: env.MAIL_FROM,
      to: { name: "", address: mail.recipient },
      subject: mail.subject,
      text: fullText(mail),
      messageId: `<${mail.id}@${new URL(env.APP_URL).hostname}>`,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return null;
  } catch (error) {
    return error as Error;
  }
}

let transport: Transporter | undefined;
