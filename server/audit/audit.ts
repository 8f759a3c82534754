/** Reading the audit: the list on the screen, and the export that can be verified offline. Entries are written by core/audit. */
import type { z } from "zod";
import type { AuditLink } from "../core/audit";
import { auditActions } from "../core/audit-actions";
import { nilTenant, type Tx } from "../core/db";
import { type Page, skipTake } from "../core/listing";
import type { AuditEntry, Prisma } from "../core/prisma/client";
import { searchWords } from "../core/search";
import { signHead } from "./head";
import type { listAuditInput } from "./schema";

export interface AuditRow extends Omit<AuditLink, "tenantId" | "at" | "previousHash"> {
  at: Date;
  hash: string;
}

/** @param tenantId whose chain; none is the operator's own */
export async function listAudit(
  { tx, tenantId = nilTenant }: { tx: Tx; tenantId?: string },
  input: z.infer<typeof listAuditInput>,
): Promise<Page<AuditRow>> {
  const where: Prisma.AuditEntryWhereInput = {
    tenantId,
    ...(input.action.length > 0 ? { action: { in: input.action } } : {}),
    ...(input.subjectKind.length > 0 ? { subjectKind: { in: input.subjectKind } } : {}),
    ...(input.subjectId ? { subjectId: input.subjectId } : {}),
    ...(input.search
      ? { OR: [{ AND: await searchWords({ tx }, input.search) }, { action: { in: actionsSaying(input.search) } }] }
      : {}),
  };
  const entries = await tx.auditEntry.findMany({ where, orderBy: { sequence: input.order }, ...skipTake(input) });
  const total = await tx.auditEntry.count({ where });
  return {
    rows: entries.map((entry) => {
      const { tenantId: _, previousHash: __, ...link } = linkOf(entry);
      return { ...link, at: entry.at, hash: entry.hash };
    }),
    total,
  };
}

/** What is searched for is what is read on the screen: the sentence, beside the action's own name. */
function actionsSaying(search: string): string[] {
  const wanted = search.toLowerCase();
  return Object.entries(auditActions)
    .filter((texts) => texts.some((text) => text.toLowerCase().includes(wanted)))
    .map(([action]) => action);
}

const entriesAtOnce = 2_000;

/**
 * The whole chain in order, a JSON object a line, some at a time: ask again after `next` until it is null. The last line
 * is the head of what was exported, signed.
 */
export async function exportAudit(
  { tx, tenantId = nilTenant }: { tx: Tx; tenantId?: string },
  after: number,
): Promise<{ text: string; next: number | null }> {
  const entries = await tx.auditEntry.findMany({
    where: { tenantId, sequence: { gt: after } },
    orderBy: { sequence: "asc" },
    take: entriesAtOnce,
  });
  const lines = entries.map((entry) => `${JSON.stringify({ ...linkOf(entry), hash: entry.hash })}\n`);
  if (entries.length === entriesAtOnce) return { text: lines.join(""), next: Number(entries.at(-1)!.sequence) };
  const last = entries.at(-1) ?? (await tx.auditEntry.findFirst({ where: { tenantId, sequence: after } }));
  if (last) {
    const head = signHead({ tenantId, sequence: Number(last.sequence), hash: last.hash });
    lines.push(`${JSON.stringify({ head })}\n`);
  }
  return { text: lines.join(""), next: null };
}

function linkOf(entry: AuditEntry): AuditLink {
  return {
    tenantId: entry.tenantId,
    sequence: Number(entry.sequence),
    at: entry.at.toISOString(),
    actor: { kind: entry.actorKind, id: entry.actorId, name: entry.actorName },
    action: entry.action,
    subject: { kind: entry.subjectKind, id: entry.subjectId, name: entry.subjectName },
    details: entry.details,
    previousHash: entry.previousHash,
  };
}
