/**
 * Revisions and receipts. Every change to what a tenant's gateways must enforce goes through `publish`, which raises the
 * tenant's revision by one in the same transaction, under the tenant's row lock: a tenant's changes are totally ordered
 * and gapless. What a gateway is behind on is `tenant.revision > applied.revision`; a receipt is that, told to a person.
 */
import { entryDigest } from "@/gateway/protocol/digest";
import type { Entry } from "@/gateway/protocol/document";
import type { Scope, TenantScope } from "../core/db";
import { enqueue } from "../core/queue";
import { gatewayPush } from "./jobs";

export interface ChangeNote {
  /** For a person: "revoked Dana Fox". */
  summary: string;
  subject: { kind: string; id: string };
}

/**
 * Puts entries as they now stand (null: gone) into the tenant's document, as one revision, and has the gateways told
 * after commit. Call it once a transaction, with everything that changed.
 * @returns the revision, by which `receipt` is asked for
 */
export async function publish(scope: TenantScope, entries: Entry[], note: ChangeNote): Promise<number> {
  const { tx, tenantId } = scope;
  const [row] = await tx.$queryRaw<{ revision: bigint }[]>`
    UPDATE tenants SET revision = revision + 1 WHERE id = ${tenantId}::uuid RETURNING revision`;
  if (!row) throw new Error(`publish: the transaction is not bound to tenant ${tenantId}`);
  const values = entries.map((entry) => ({
    kind: entry.kind,
    id: entry.id,
    value: entry.value === null ? null : JSON.stringify(entry.value),
    digest: entryDigest(entry).toString("hex"),
  }));
  await tx.$executeRaw`
    INSERT INTO document_entries (tenant_id, kind, id, revision, value, digest)
    SELECT ${tenantId}::uuid, kind, id, ${row.revision}, value::jsonb, decode(digest, 'hex')
    FROM unnest(${values.map((v) => v.kind)}::text[], ${values.map((v) => v.id)}::uuid[], ${values.map((v) => v.value)}::text[], ${values.map((v) => v.digest)}::text[])
      AS entry (kind, id, value, digest)
    ON CONFLICT (tenant_id, kind, id) DO UPDATE SET revision = excluded.revision, value = excluded.value, digest = excluded.digest`;
  await tx.$executeRaw`
    INSERT INTO changes (tenant_id, revision, at, summary, subject_kind, subject_id)
    VALUES (${tenantId}::uuid, ${row.revision}, clock_timestamp(), ${note.summary}, ${note.subject.kind}, ${note.subject.id})`;
  await requestPush(scope);
  return Number(row.revision);
}

/** After commit, every enrolled gateway is sent what it is behind on. */
export async function requestPush(scope: Scope): Promise<void> {
  const gateways = await scope.tx.gateway.findMany({ where: { enrolledAt: { not: null } }, select: { id: true } });
  for (const { id } of gateways) scope.afterCommit(() => requestPushTo(id));
}

export async function requestPushTo(gatewayId: string): Promise<void> {
  await enqueue(gatewayPush, { gatewayId });
}

export type ReceiptStatus = "pending" | "enforced" | "failed";

export interface Receipt {
  revision: number;
  summary: string;
  at: Date;
  gateways: {
    gatewayId: string;
    name: string;
    region: string;
    status: ReceiptStatus;
    /** From the change's commit to the gateway's confirmation, in milliseconds; null until enforced. */
    ms: number | null;
    /** Why it has not come through yet, for a person. */
    error: string | null;
  }[];
}

/** What became of one revision on each enrolled gateway; undefined when the tenant has no such revision. */
export async function findReceipt(scope: TenantScope, revision: number): Promise<Receipt | undefined> {
  const { tx, tenantId } = scope;
  const change = await tx.change.findUnique({ where: { tenantId_revision: { tenantId, revision } } });
  if (!change) return undefined;
  const rows = await tx.$queryRaw<
    {
      id: string;
      name: string;
      region: string;
      applied: bigint | null;
      error: string | null;
      enforced_at: Date | null;
    }[]
  >`
    SELECT g.id, g.name, r.name AS region, a.revision AS applied, coalesce(a.error, g.error) AS error,
      (SELECT p.enforced_at FROM pushes p WHERE p.tenant_id = ${tenantId}::uuid AND p.gateway_id = g.id AND p.to_revision >= ${revision}
       ORDER BY p.to_revision LIMIT 1) AS enforced_at
    FROM gateways g JOIN regions r ON r.id = g.region_id
    LEFT JOIN applied_revisions a ON a.gateway_id = g.id AND a.tenant_id = ${tenantId}::uuid
    WHERE g.enrolled_at IS NOT NULL ORDER BY r.name, g.name`;
  return {
    revision,
    summary: change.summary,
    at: change.at,
    gateways: rows.map((row) => {
      const isEnforced = Number(row.applied ?? 0) >= revision;
      return {
        gatewayId: row.id,
        name: row.name,
        region: row.region,
        status: isEnforced ? "enforced" : row.error ? "failed" : "pending",
        ms: isEnforced && row.enforced_at ? Math.max(0, row.enforced_at.getTime() - change.at.getTime()) : null,
        error: isEnforced ? null : row.error,
      };
    }),
  };
}
