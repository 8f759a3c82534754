/**
 * Audit entries, written in the transaction of what they tell of and chained by hash to the tenant's previous one: an
 * entry that is changed, left out or put in later breaks every hash after it. `npm run audit:verify` checks an export.
 */
import { createHash } from "node:crypto";
import { canonical } from "@/gateway/protocol/canonical";
import type { AuditAction } from "./audit-actions";
import { nilTenant, type Scope, type Tx, whileBound } from "./db";

export interface AuditRecord {
  action: AuditAction;
  subject: { kind: string; id: string; name: string };
  /** What changed; never a secret. */
  details?: Record<string, unknown>;
}

/** The hashed part of an entry, as an export holds it. */
export interface AuditLink {
  tenantId: string;
  sequence: number;
  /** ISO 8601, UTC, milliseconds. */
  at: string;
  actor: { kind: string; id: string | null; name: string };
  action: string;
  subject: { kind: string; id: string; name: string };
  details: unknown;
  previousHash: string;
}

/** The first entry's previous hash. */
export const genesisHash = "0".repeat(64);

export function auditHash(link: AuditLink): string {
  return createHash("sha256").update(canonical(link)).digest("hex");
}

const audited = new WeakSet<Tx>();

/** Whether this transaction has written an entry; the ladder asks it of every mutation. */
export const isAudited = (tx: Tx): boolean => audited.has(tx);

/** Writes one entry to the chain of the tenant that the scope is bound to, or else to the operator's own. */
export async function audit(scope: Scope & { tenantId?: string }, record: AuditRecord): Promise<void> {
  audited.add(scope.tx);
  if (scope.tenantId) return append(scope, scope.tenantId, record);
  await whileBound(scope.tx, nilTenant, () => append(scope, nilTenant, record));
}

async function append(scope: Scope, tenantId: string, record: AuditRecord): Promise<void> {
  // The head's row lock orders the entries of one tenant.
  await scope.tx
    .$executeRaw`INSERT INTO audit_heads (tenant_id, sequence, hash) VALUES (${tenantId}::uuid, 0, ${genesisHash}) ON CONFLICT DO NOTHING`;
  const [head] = await scope.tx.$queryRaw<{ sequence: bigint; hash: string; now: Date }[]>`
    SELECT sequence, hash, date_trunc('milliseconds', clock_timestamp()) AS now FROM audit_heads WHERE tenant_id = ${tenantId}::uuid FOR UPDATE`;
  const link: AuditLink = {
    tenantId,
    sequence: Number(head!.sequence) + 1,
    at: head!.now.toISOString(),
    actor: { kind: scope.actor.kind, id: scope.actor.id, name: scope.actor.name },
    action: record.action,
    subject: record.subject,
    details: JSON.parse(JSON.stringify(record.details ?? {})),
    previousHash: head!.hash,
  };
  const hash = auditHash(link);
  await scope.tx.auditEntry.create({
    data: {
      tenantId,
      sequence: link.sequence,
      at: head!.now,
      actorKind: link.actor.kind,
      actorId: link.actor.id,
      actorName: link.actor.name,
      action: link.action,
      subjectKind: link.subject.kind,
      subjectId: link.subject.id,
      subjectName: link.subject.name,
      details: link.details as object,
      previousHash: link.previousHash,
      hash,
    },
  });
  await scope.tx.auditHead.update({ where: { tenantId }, data: { sequence: link.sequence, hash } });
}
