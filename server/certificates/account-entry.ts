import type { Entry } from "@/gateway/protocol/document";
import type { TenantScope } from "../core/db";

/** The document's entries of these accounts as they now stand. */
export async function accountEntries({ tx, tenantId }: TenantScope, ids: string[]): Promise<Entry[]> {
  const accounts = await tx.account.findMany({
    where: { tenantId, id: { in: ids } },
    include: { certificates: { where: { revokedAt: null } }, policies: { select: { policyId: true } } },
  });
  return accounts.map((account) => ({
    kind: "account",
    id: account.id,
    value: {
      name: account.name,
      state: account.state,
      reason: account.revokedReason,
      address: account.address.replace(/\/32$/, ""),
      passwordHash: account.passwordHash,
      mustChangePassword: account.mustChangePassword,
      fingerprints: account.certificates.map(({ fingerprint }) => fingerprint).sort(),
      policies: account.policies.map(({ policyId }) => policyId).sort(),
    },
  }));
}
