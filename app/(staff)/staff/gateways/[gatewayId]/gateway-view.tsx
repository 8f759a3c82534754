"use client";

import { useQuery } from "@tanstack/react-query";
import { formatBytes, formatNumber } from "../../../../_lib/format";
import { paths } from "../../../../_lib/paths";
import { useTRPC } from "../../../../_lib/trpc";
import { Callout } from "../../../../_ui/callout";
import { ErrorState } from "../../../../_ui/error-state";
import { PageHeader } from "../../../../_ui/page-header";
import { Skeleton } from "../../../../_ui/skeleton";
import { Stat, StatGroup } from "../../../../_ui/stat";
import { GatewayBadge } from "../gateway-status";
import { GatewayActions } from "./gateway-actions";
import { GatewayApplied } from "./gateway-applied";
import { GatewayFacts } from "./gateway-facts";
import { GatewayLinks } from "./gateway-links";
import { GatewayPlots } from "./gateway-plots";
import { GatewayProcesses } from "./gateway-processes";

const breadcrumbs = [{ label: "Gateways", href: paths.staff.gateways }];

/** One gateway: what it runs, how it is, and what it enforces. */
export function GatewayView({ gatewayId }: { gatewayId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.gateways.get.queryOptions({ gatewayId }, { refetchInterval: 2_000 }));
  const gateway = query.data;
  if (!gateway)
    return (
      <>
        <PageHeader title="Gateway" breadcrumbs={breadcrumbs} />
        {query.error ? (
          <ErrorState
            frame="box"
            error={query.error}
            title="This gateway could not be loaded"
            onRetry={query.refetch}
            isRetrying={query.isFetching}
          />
        ) : (
          <Skeleton className="h-96 w-full" />
        )}
      </>
    );
  const { state } = gateway;
  return (
    <>
      <PageHeader
        title={gateway.name}
        breadcrumbs={breadcrumbs}
        description={gateway.region}
        badge={<GatewayBadge gateway={gateway} />}
        actions={<GatewayActions gateway={gateway} />}
      />
      {gateway.notes.length > 0 && (
        <Callout
          className="mb-4"
          tone={gateway.status === "unreachable" ? "bad" : "warn"}
          title={gateway.status === "unreachable" ? "We cannot reach it" : "It needs a look"}
        >
          <ul className="list-inside list-disc marker:text-faint">
            {gateway.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
          {gateway.status === "unreachable" && (
            <p className="mt-1">It goes on by itself with what it has: clients stay connected, and events are kept.</p>
          )}
        </Callout>
      )}
      {state && (
        <StatGroup className="mb-4">
          <Stat
            label="Sessions"
            value={formatNumber(state.sessions)}
            href={paths.staff.sessionsOfGateway(gateway.id)}
          />
          <Stat
            label="Tenants behind"
            value={formatNumber(gateway.behind)}
            detail={gateway.drifted > 0 ? `${gateway.drifted} differ` : "no drift found"}
          />
          <Stat label="Events waiting" value={formatNumber(state.spooled)} detail="in its spool" />
          <Stat label="Agent's memory" value={formatBytes(state.memoryBytes)} />
        </StatGroup>
      )}
      <div className="mb-4 grid items-start gap-4 xl:grid-cols-2">
        <div className="grid gap-4">
          <GatewayProcesses gateway={gateway} />
          <GatewayLinks gateway={gateway} />
        </div>
        <GatewayFacts gateway={gateway} />
      </div>
      {gateway.enrolledAt && <GatewayPlots gatewayId={gateway.id} />}
      <h2 className="mb-3 text-base font-medium">What it enforces</h2>
      <GatewayApplied gatewayId={gateway.id} isEnrolled={gateway.enrolledAt !== null} />
    </>
  );
}
