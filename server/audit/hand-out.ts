/**
 * Hands out each chain's signed head, daily, to where nobody of ours takes it back: by mail to the tenant's admins (of the
 * operator's own chain, to its administrators), and to a file that the operator names. A later export that does not hold
 * the entry of such a head was made anew or cut off. A head is marked in the transaction of its mails, and is in the file
 * before that: there it may stand twice, and is never missing.
 */
import { appendFile } from "node:fs/promises";
import { inTenant, inTransaction, nilTenant, system, type TenantScope } from "../core/db";
import { env } from "../core/env";
import { sendMail } from "../mail/mail";
import { findAdmins } from "../members/members";
import { type SignedHead, signHead } from "./head";

const day = 24 * 60 * 60_000;

/** @returns how many heads */
export async function handOutHeads(now = new Date(), file = env.AUDIT_HEADS_FILE): Promise<number> {
  const due = new Date(now.getTime() - day);
  const found = await inTransaction(
    system,
    { isWorker: true },
    ({ tx }) =>
      tx.$queryRaw<{ tenantId: string }[]>`
      SELECT tenant_id AS "tenantId" FROM audit_heads
      WHERE sequence > handed_sequence AND handed_at <= ${due}::timestamptz ORDER BY handed_at`,
  );
  for (const { tenantId } of found) await inTenant(system, tenantId, (scope) => handOut(scope, now, file));
  return found.length;
}

async function handOut(scope: TenantScope, now: Date, file: string | undefined): Promise<void> {
  const { tx, tenantId } = scope;
  const { sequence, hash } = await tx.auditHead.findUniqueOrThrow({ where: { tenantId } });
  const head = signHead({ tenantId, sequence: Number(sequence), hash }, now);
  await tx.auditHead.update({ where: { tenantId }, data: { handedSequence: sequence, handedAt: now } });
  const { whose, readers } = await findReaders(scope);
  for (const reader of readers) await sendMail(scope, mailWith(head, whose, reader));
  if (file) await appendFile(file, `${JSON.stringify(head)}\n`, { mode: 0o640 });
}

interface Reader {
  name: string;
  email: string;
}

async function findReaders(scope: TenantScope): Promise<{ whose: string; readers: Reader[] }> {
  const { tx, tenantId } = scope;
  if (tenantId === nilTenant) {
    const readers = await tx.user.findMany({ where: { staffRole: "administrator", disabledAt: null } });
    return { whose: "the operator", readers };
  }
  const { name } = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId } });
  return { whose: name, readers: await findAdmins(scope) };
}

const mailWith = (head: SignedHead, whose: string, { name, email }: Reader) => ({
  to: email,
  subject: `The audit log of ${whose} on ${head.at.slice(0, 10)}`,
  text: `Hello ${name},

the audit log of ${whose} has ${head.sequence} ${head.sequence === 1 ? "entry" : "entries"}. This is its newest one's hash, signed:

${JSON.stringify(head)}

Keep this mail. Should anybody ever make the log anew or cut it off, an export of it no longer fits what you have here:
npm run audit:verify -- EXPORT-FILE FILE-WITH-THIS-MAIL
`,
});
