"use client";

import { formatNumber } from "../../../../_lib/format";
import { paths } from "../../../../_lib/paths";
import { Card } from "../../../../_ui/card";
import { Status } from "../../../../_ui/status-dot";
import { TextLink } from "../../../../_ui/text-link";
import { TimeAgo } from "../../../../_ui/time-ago";
import type { TenantFacts } from "./tenant-facts";

/** Which revision each gateway enforces. */
export function TenantApplied({ tenant }: { tenant: TenantFacts }) {
  return (
    <Card title="In force" description={`Revision ${formatNumber(tenant.revision)} is the newest.`} padding="none">
      {tenant.applied.length === 0 && (
        <p className="p-4 text-sm text-muted">
          No gateway is enrolled, so nothing is enforced. <TextLink href={paths.staff.gateways}>Enrol one</TextLink>.
        </p>
      )}
      <ul>
        {tenant.applied.map((gateway) => (
          <li key={gateway.gatewayId} className="border-b border-line/70 px-4 py-2 last:border-b-0">
            <div className="flex items-center justify-between gap-3">
              <TextLink href={paths.staff.gateway(gateway.gatewayId)} className="truncate text-ink">
                {gateway.gatewayName}
              </TextLink>
              <span className="flex items-center gap-3">
                <TimeAgo date={gateway.enforcedAt} fallback="never" className="text-xs text-faint" />
                <AppliedStatus error={gateway.error} applied={gateway.revision} revision={tenant.revision} />
              </span>
            </div>
            {gateway.error && <p className="mt-1 text-xs text-bad-text">{gateway.error}</p>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function AppliedStatus({ error, applied, revision }: { error: string | null; applied: number; revision: number }) {
  if (error) return <Status tone="bad">failed after {formatNumber(applied)}</Status>;
  if (applied < revision)
    return (
      <Status tone="warn" pulse>
        {formatNumber(revision - applied)} behind
      </Status>
    );
  return <Status tone="ok">revision {formatNumber(applied)}</Status>;
}
