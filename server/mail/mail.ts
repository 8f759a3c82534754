/**
 * Mail: every one is a row of the outbox; with SMTP_URL a job sends it after commit. A secret in it is kept sealed and
 * apart from the text, is put in by whoever sends the mail, and is forgotten once the mail was sent or the secret used.
 */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { audit } from "../core/audit";
import { type Budget, inWords, take } from "../core/budget";
import { nilTenant, type Scope, type TenantScope, whileBound } from "../core/db";
import { env } from "../core/env";
import { AppError, notFound } from "../core/errors";
import { type Page, skipTake } from "../core/listing";
import type { Mail, Prisma } from "../core/prisma/client";
import { enqueue } from "../core/queue";
import { seal, unseal } from "../core/seal";
import { searchWords } from "../core/search";
import { mailSend } from "./jobs";
import type { listMailsInput } from "./schema";

export interface NewMail {
  to: string;
  subject: string;
  text: string;
  /** The part of the text that is its recipient's alone, such as a token, and the id of what it opens. */
  secret?: { value: string; of: string };
}

/**
 * @param scope bound to the tenant that the mail concerns, or to none for one of the operator's own
 * @returns the mail's id in the outbox
 * @throws too_many where the sender, the tenant or the recipient has had as many as they may for now
 */
export async function sendMail(
  scope: Scope & { tenantId?: string },
  { to: recipient, subject, text, secret }: NewMail,
): Promise<string> {
  const id = randomUUID();
  const tenantId = scope.tenantId ?? nilTenant;
  for (const budget of budgetsOf(scope, tenantId, recipient)) {
    const waitMs = await take(scope.tx, budget);
    if (waitMs > 0)
      throw new AppError("too_many", `Too many mails were sent (${budget.of}). Try again in ${inWords(waitMs)}.`, {
        field: "email",
      });
  }
  const kept = secret && {
    text: text.replaceAll(secret.value, leftOut),
    sealedSecret: seal(secret.value, contextOf(id)),
    secretOf: secret.of,
  };
  // createMany, since whoever writes mail of the operator's own may not read it back.
  await scope.tx.mail.createMany({ data: [{ id, tenantId, recipient, subject, text, ...kept }] });
  if (env.SMTP_URL) scope.afterCommit(() => enqueue(mailSend, { mailId: id }));
  return id;
}

const minute = 60_000;

/** In this order for all, so that two transactions that hold some never wait for each other crosswise. */
function budgetsOf({ actor }: Scope, tenantId: string, recipient: string): (Budget & { of: string })[] {
  // What we send of our own accord has a pace of its own, and people are not to miss it.
  if (actor.kind === "system") return [];
  return [
    { key: `mails by ${actor.kind} ${actor.id}`, holds: 300, everyMs: minute, of: "by you" },
    { key: `mails of tenant ${tenantId}`, holds: 600, everyMs: minute / 2, of: "by your organisation" },
    { key: `mails to ${recipient.toLowerCase()}`, holds: 10, everyMs: 10 * minute, of: `to ${recipient}` },
  ];
}

/**
 * A name, as a mail to somebody may hold it: whoever sends one chooses names, and must not write the mail by them. What
 * is left is short, on one line, and nothing that a mail program makes a link of.
 */
export function nameInMail(name: string): string {
  const plain = name
    .replace(/[^\p{L}\p{M}\p{N} .,'’&()+-]/gu, " ")
    // A dot between letters is what makes a link.
    .replace(/\.(?=\S)/gu, ". ")
    .replace(/ {2,}/g, " ")
    .trim();
  const letters = [...plain];
  return letters.length <= maxNameInMail ? plain : `${letters.slice(0, maxNameInMail).join("").trim()}…`;
}

const maxNameInMail = 40;

/**
 * Forgets the secret of whatever mail held it: call it where what it opens was used, replaced or withdrawn.
 * @param of as in `NewMail.secret`
 */
export async function forgetSecrets(scope: Scope & { tenantId?: string }, of: string[]): Promise<void> {
  const tenantId = scope.tenantId ?? nilTenant;
  await whileBound(scope.tx, tenantId, () =>
    scope.tx.mail.updateMany({ where: { tenantId, secretOf: { in: of } }, data: { sealedSecret: null } }),
  );
}

/** What its recipient reads; where the secret was forgotten, what is left of it. */
export function fullText({ id, text, sealedSecret }: Pick<Mail, "id" | "text" | "sealedSecret">): string {
  return sealedSecret ? text.replaceAll(leftOut, () => unseal(sealedSecret, contextOf(id)).toString()) : text;
}

const leftOut = "[left out: its recipient's alone]";
const contextOf = (id: string) => `mail ${id}`;

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
  const where: Prisma.MailWhereInput = { AND: await searchWords({ tx }, input.search) };
  const rows = await tx.mail.findMany({
    where,
    omit: { tenantId: true, text: true, sealedSecret: true, secretOf: true },
    orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
    ...skipTake(input),
  });
  return { rows, total: await tx.mail.count({ where }) };
}

export interface OpenedMail extends MailRow {
  text: string;
  /** Whether its secret stands in the text, is left out of it, or is kept no more; null where it has none. */
  secret: "shown" | "left out" | "forgotten" | null;
}

/**
 * One mail as staff read it: each opening is audited, with the tenant's entries where the mail concerns one. Its secret is
 * in the text only where no mail server is told it, since there is no other way to pass it on.
 */
export async function openMail(scope: Scope, id: string): Promise<OpenedMail> {
  const mail = await scope.tx.mail.findUnique({ where: { id } });
  if (!mail) throw notFound("mail");
  const { tenantId, sealedSecret, secretOf, ...row } = mail;
  const kept = env.SMTP_URL ? "left out" : "shown";
  const secret = secretOf ? (sealedSecret ? kept : "forgotten") : null;
  await whileBound(scope.tx, tenantId, () =>
    audit({ ...scope, tenantId } as TenantScope, {
      action: "outbox.open",
      subject: { kind: "mail", id, name: mail.subject },
      details: { recipient: mail.recipient, secret },
    }),
  );
  return { ...row, text: secret === "shown" ? fullText(mail) : mail.text, secret };
}
