/** What each rule of a policy let through. */
import type { PolicyRule } from "@/gateway/protocol/document";
import type { TenantScope } from "../core/db";

/** When it was last seen to let something through, and how much it was in these seven days. */
export interface Use {
  lastAt: Date;
  weekBytes: number;
}

export interface RuleUse {
  rule: PolicyRule;
  /** Null: not since we count. */
  use: Use | null;
}

/** In the order of the rules. */
export async function listRuleUses(
  { tx, tenantId }: TenantScope,
  policyId: string,
  rules: readonly PolicyRule[],
): Promise<RuleUse[]> {
  const rows = await tx.$queryRaw<
    { protocol: string; from_port: number; to_port: number; last_at: Date; week_bytes: number }[]
  >`
    SELECT protocol, from_port, to_port, max(used_at) AS last_at,
      coalesce(sum(bytes) FILTER (WHERE day > (now() AT TIME ZONE 'UTC')::date - 7), 0)::float8 AS week_bytes
    FROM policy_rule_use WHERE tenant_id = ${tenantId}::uuid AND policy_id = ${policyId}::uuid
    GROUP BY protocol, from_port, to_port`;
  const keyOf = (...parts: [string, number, number]) => parts.join(" ");
  const uses = new Map(
    rows.map((row) => [
      keyOf(row.protocol, row.from_port, row.to_port),
      { lastAt: row.last_at, weekBytes: row.week_bytes },
    ]),
  );
  return rules.map((rule) => ({ rule, use: uses.get(keyOf(rule.protocol, rule.from ?? 0, rule.to ?? 0)) ?? null }));
}
