import { createTransport, type Transporter } from "nodemailer";
import { inTransaction, system } from "../core/db";
import { env } from "../core/env";

/**
 * Handles `mail.send`. Idempotent: a mail that is marked as sent is left alone, and one that was handed over just before
 * a crash carries the same Message-ID the second time, by which receivers know it again.
 * @throws Error when the mail server refuses, so that the job is tried again; the outbox says why meanwhile
 */
export async function sendQueuedMail({ mailId }: { mailId: string }): Promise<void> {
  const mail = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.findUnique({ where: { id: mailId } }),
  );
  if (!mail || mail.sentAt || !env.SMTP_URL) return;
  const error = await deliver(env.SMTP_URL, mail);
  await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.update({
      where: { id: mailId },
      data: { attempts: { increment: 1 }, error: error?.message ?? null, sentAt: error ? null : new Date() },
    }),
  );
  if (error) throw error;
}

async function deliver(
  url: string,
  mail: { id: string; recipient: string; subject: string; text: string },
): Promise<Error | null> {
  try {
    transport ??= createTransport(url);
    await transport.sendMail({
      from: env.MAIL_FROM,
      to: { name: "", address: mail.recipient },
      subject: mail.subject,
      text: mail.text,
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
