"use client";

import { useQuery } from "@tanstack/react-query";
import { LayoutDashboard } from "lucide-react";
import { formatNumber } from "../../../../_lib/format";
import { paths } from "../../../../_lib/paths";
import { useTRPC } from "../../../../_lib/trpc";
import { Badge } from "../../../../_ui/badge";
import { Callout } from "../../../../_ui/callout";
import { ErrorState } from "../../../../_ui/error-state";
import { LinkButton } from "../../../../_ui/link-button";
import { PageHeader } from "../../../../_ui/page-header";
import { Skeleton } from "../../../../_ui/skeleton";
import { Stat, StatGroup } from "../../../../_ui/stat";
import { tenantStates } from "../tenant-status";
import { TenantActions } from "./tenant-actions";
import { TenantApplied } from "./tenant-applied";
import { TenantDetails } from "./tenant-details";
import { TenantNetworks } from "./tenant-networks";
import { TenantPeople } from "./tenant-people";
import { TenantUplinks } from "./tenant-uplinks";

const breadcrumbs = [{ label: "Tenants", href: paths.staff.tenants }];

/** One customer as the operator sees it. */
export function Tenant({ tenantId }: { tenantId: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.tenants.get.queryOptions({ tenantId }, { refetchInterval: 5_000 }));
  const tenant = query.data;
  if (query.error && !tenant)
    return (
      <>
        <PageHeader title="Tenant" breadcrumbs={breadcrumbs} />
        <ErrorState
          frame="box"
          error={query.error}
          title="This tenant could not be loaded"
          onRetry={query.refetch}
          isRetrying={query.isFetching}
        />
      </>
    );
  if (!tenant)
    return (
      <>
        <PageHeader title="Tenant" breadcrumbs={breadcrumbs} />
        <Skeleton className="h-96 w-full" />
      </>
    );
  const { tone, label } = tenantStates[tenant.state];
  const isThere = tenant.state !== "deleted";
  return (
    <>
      <PageHeader
        title={tenant.name}
        breadcrumbs={breadcrumbs}
        badge={
          <Badge tone={tone} dot>
            {label}
          </Badge>
        }
        actions={
          isThere && (
            <>
              <LinkButton icon={<LayoutDashboard aria-hidden />} href={paths.tenant(tenant.slug).overview}>
                Look into its console
              </LinkButton>
              <TenantActions tenant={tenant} />
            </>
          )
        }
      />
      {tenant.state === "suspended" && (
        <Callout tone="warn" className="mb-4" title="Suspended">
          {tenant.suspendedReason && `“${tenant.suspendedReason}” `}
          Nobody of {tenant.name} can connect, and nothing crosses the gateways. Everything that was set up is kept.
        </Callout>
      )}
      {!isThere && (
        <Callout tone="neutral" className="mb-4" title="Deleted">
          Its data is gone. What is left here stays until every gateway has dropped it, and its audit log is kept.
        </Callout>
      )}
      {isThere && (
        <StatGroup className="mb-4">
          <Stat label="VPN accounts" value={formatNumber(tenant.accounts)} href={paths.tenant(tenant.slug).accounts} />
          <Stat label="Devices" value={formatNumber(tenant.devices)} href={paths.tenant(tenant.slug).devices} />
          <Stat
            label="Live sessions"
            value={formatNumber(tenant.liveSessions)}
            href={paths.staff.sessionsOfTenant(tenant.id)}
          />
          <Stat label="Members" value={formatNumber(tenant.members)} />
        </StatGroup>
      )}
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <div className="flex min-w-0 flex-col gap-4">
          <TenantDetails tenant={tenant} />
          {isThere && <TenantPeople tenant={tenant} />}
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <TenantApplied tenant={tenant} />
          {isThere && <TenantNetworks tenant={tenant} />}
          {isThere && <TenantUplinks tenant={tenant} />}
        </div>
      </div>
    </>
  );
}
