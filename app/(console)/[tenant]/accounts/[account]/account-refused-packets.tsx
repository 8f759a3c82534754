"use client";

import { useQuery } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import type { Api } from "../../../../_lib/api-types";
import { formatNumber, plural } from "../../../../_lib/format";
import { useTRPC } from "../../../../_lib/trpc";
import { portOf, RefusedTarget, refusedPacketsKey } from "../../../../_sessions/refused-packets-columns";
import { Card } from "../../../../_ui/card";
import { EmptyState } from "../../../../_ui/empty-state";
import { ErrorState } from "../../../../_ui/error-state";
import { SkeletonText } from "../../../../_ui/skeleton";
import { TextLink } from "../../../../_ui/text-link";
import { TimeAgo } from "../../../../_ui/time-ago";
import { useTenant } from "../../../_lib/use-tenant";

const shown = 10;

/** What they tried that no policy and no grant gave them, the newest first. */
export function AccountRefusedPackets({ account }: { account: Pick<Api["accounts"]["get"], "id" | "email"> }) {
  const trpc = useTRPC();
  const { tenantId, paths } = useTenant();
  const query = useQuery(
    trpc.sessions.refusedPackets.queryOptions(
      { tenantId, accountId: account.id, pageSize: shown },
      { refetchInterval: 15_000 },
    ),
  );
  const total = query.data?.total ?? 0;
  const all = total > shown && (
    <TextLink href={paths.refusedPackets(account.email)}>All {formatNumber(total)}</TextLink>
  );
  return (
    <Card title="Refused packets" description="What they tried that nothing gives them" actions={all} padding="none">
      {!query.data ? (
        query.error ? (
          <ErrorState error={query.error} onRetry={query.refetch} isRetrying={query.isFetching} />
        ) : (
          <div className="p-4">
            <SkeletonText lines={3} />
          </div>
        )
      ) : query.data.rows.length === 0 ? (
        <EmptyState icon={<ShieldCheck aria-hidden />} title="None" className="py-8">
          Gateways saw nothing from this account but what its policies and grants allow. What they refuse is listed here
          within half a minute.
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {query.data.rows.map((row) => (
            <li
              key={refusedPacketsKey(row)}
              className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 px-4 py-2.5"
            >
              <RefusedTarget packets={row} paths={paths} />
              <span className="font-mono text-xs text-ink">{portOf(row)}</span>
              <p className="w-full text-xs text-faint">
                {plural(row.packets, "packet")} at {row.gatewayName}, the last <TimeAgo date={row.lastAt} />
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
