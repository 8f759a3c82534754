"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ListChecks } from "lucide-react";
import type { Api } from "../../../../_lib/api-types";
import { formatNumber } from "../../../../_lib/format";
import { paths } from "../../../../_lib/paths";
import { useTRPC } from "../../../../_lib/trpc";
import { type Column, DataTable } from "../../../../_ui/data-table";
import { EmptyState } from "../../../../_ui/empty-state";
import { Status } from "../../../../_ui/status-dot";
import { TimeAgo } from "../../../../_ui/time-ago";
import { useTableState } from "../../../../_ui/use-table-state";

type Applied = Api["gateways"]["applied"]["rows"][number];

/** Tenant by tenant, the revision that it enforces beside the newest. */
export function GatewayApplied({ gatewayId, isEnrolled }: { gatewayId: string; isEnrolled: boolean }) {
  const trpc = useTRPC();
  const state = useTableState({
    sortable: ["tenantName", "enforcedAt", "behind"],
    sort: "tenantName",
    filters: ["only"],
  });
  const query = useQuery(
    trpc.gateways.applied.queryOptions(
      { gatewayId, ...state.input, onlyBehind: state.filters.only.includes("behind") },
      { placeholderData: keepPreviousData, refetchInterval: 2_000 },
    ),
  );
  return (
    <DataTable
      label="Tenants"
      state={state}
      query={{ ...query, isFetching: query.isPlaceholderData }}
      columns={columns}
      rowId={(row) => row.tenantId}
      rowHref={(row) => paths.staff.tenant(row.tenantId)}
      searchPlaceholder="Search by tenant"
      filters={[
        {
          name: "only",
          label: "Only",
          single: true,
          options: [{ value: "behind", label: "Behind, failed or drifted" }],
        },
      ]}
      empty={
        <EmptyState icon={<ListChecks aria-hidden />} title="Nothing to enforce yet">
          {isEnrolled
            ? "No tenant has anything for gateways to enforce. Create a tenant first."
            : "It is sent every tenant's accounts, devices and policies once it is enrolled."}
        </EmptyState>
      }
    />
  );
}

const columns: Column<Applied>[] = [
  {
    id: "tenantName",
    header: "Tenant",
    sortable: true,
    cell: (row) => (
      <>
        {row.tenantName}
        {row.slug.startsWith("~") ? (
          <span className="ml-2 font-normal text-faint">deleted</span>
        ) : (
          <span className="ml-2 font-mono text-xs font-normal text-faint">{row.slug}</span>
        )}
      </>
    ),
  },
  {
    id: "behind",
    header: "State",
    sortable: true,
    cell: (row) =>
      row.error ? (
        <span className="flex min-w-0 items-center gap-2" title={row.error}>
          <Status tone="bad">failed</Status>
          <span className="max-w-72 truncate text-xs text-bad-text">{row.error}</span>
        </span>
      ) : row.applied < row.revision ? (
        <Status tone="warn" pulse>
          {formatNumber(row.revision - row.applied)} behind
        </Status>
      ) : (
        <Status tone="ok">in force</Status>
      ),
  },
  {
    id: "applied",
    header: "Revision",
    align: "right",
    width: "8rem",
    cell: (row) =>
      row.applied === row.revision
        ? formatNumber(row.revision)
        : `${formatNumber(row.applied)} of ${formatNumber(row.revision)}`,
  },
  {
    id: "enforcedAt",
    header: "Enforced",
    sortable: true,
    width: "9rem",
    cell: (row) => <TimeAgo date={row.enforcedAt} fallback="never" className="text-muted" />,
  },
  {
    id: "checked",
    header: "Compared",
    width: "11rem",
    hideBelow: "md",
    cell: (row) =>
      row.isDrifted ? (
        <Status tone="warn">differs, being mended</Status>
      ) : (
        <span className="text-muted">
          <TimeAgo date={row.checkedAt} fallback="not yet" />
        </span>
      ),
  },
];
