"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Building2, Cable, LayoutDashboard, Plus } from "lucide-react";
import type { Api } from "../../../_lib/api-types";
import { formatNumber } from "../../../_lib/format";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { PageHeader } from "../../../_ui/page-header";
import { useShortcuts } from "../../../_ui/shortcuts";
import { Status } from "../../../_ui/status-dot";
import { TimeAgo } from "../../../_ui/time-ago";
import { usePanel } from "../../../_ui/use-panel";
import { useTableState } from "../../../_ui/use-table-state";
import { useStaff } from "../_lib/use-staff";
import { NewTenantSheet } from "./new-tenant-sheet";
import { TenantStatus } from "./tenant-status";

type Tenant = Api["tenants"]["list"]["rows"][number];

/** The customers. */
export function Tenants() {
  const trpc = useTRPC();
  const { can, whyNot } = useStaff();
  const panel = usePanel();
  const state = useTableState({ sortable: ["name", "createdAt"], sort: "name", filters: ["state"] });
  const query = useQuery(
    trpc.tenants.list.queryOptions(
      { ...state.input, state: state.filters.state as Tenant["state"][] },
      { placeholderData: keepPreviousData },
    ),
  );
  useShortcuts(
    [{ keys: "n", label: "New tenant", group: "Tenants", run: () => panel.open("new") }],
    can("tenants:write"),
  );
  const add = (
    <Button
      variant="primary"
      icon={<Plus aria-hidden />}
      disabledReason={whyNot("tenants:write")}
      onClick={() => panel.open("new")}
    >
      New tenant
    </Button>
  );
  return (
    <>
      <PageHeader title="Tenants" description="Customer organisations, and what each of them uses." actions={add} />
      <DataTable
        label="Tenants"
        state={state}
        query={query}
        columns={columns}
        rowId={(tenant) => tenant.id}
        rowHref={(tenant) => paths.staff.tenant(tenant.id)}
        searchPlaceholder="Search by name or slug"
        filters={[{ name: "state", label: "State", options: stateOptions }]}
        rowMenu={(tenant) =>
          tenant.state === "deleted"
            ? []
            : [
                {
                  label: "Look into its console",
                  icon: <LayoutDashboard aria-hidden />,
                  href: paths.tenant(tenant.slug).overview,
                },
                {
                  label: "Its live sessions",
                  icon: <Cable aria-hidden />,
                  href: paths.staff.sessionsOfTenant(tenant.id),
                },
              ]
        }
        empty={
          <EmptyState icon={<Building2 aria-hidden />} title="No tenants yet" action={add}>
            Create a customer on a plan and invite its first admin, who sets up the rest.
          </EmptyState>
        }
      />
      <NewTenantSheet panel={panel} />
    </>
  );
}

const stateOptions = [
  { value: "active", label: "Active" },
  { value: "suspended", label: "Suspended" },
  { value: "deleted", label: "Deleted" },
];

const columns: Column<Tenant>[] = [
  {
    id: "name",
    header: "Name",
    sortable: true,
    cell: (tenant) => (
      <>
        {tenant.name}
        {tenant.state !== "deleted" && (
          <span className="ml-2 font-mono text-xs font-normal text-faint">{tenant.slug}</span>
        )}
      </>
    ),
  },
  { id: "state", header: "State", width: "7.5rem", cell: (tenant) => <TenantStatus state={tenant.state} /> },
  { id: "plan", header: "Plan", cell: (tenant) => tenant.plan.name },
  {
    id: "accounts",
    header: "Accounts",
    align: "right",
    width: "6rem",
    cell: (tenant) => formatNumber(tenant.accounts),
  },
  {
    id: "devices",
    header: "Devices",
    align: "right",
    width: "6rem",
    hideBelow: "md",
    cell: (tenant) => formatNumber(tenant.devices),
  },
  {
    id: "members",
    header: "Members",
    align: "right",
    width: "6rem",
    hideBelow: "lg",
    cell: (tenant) => formatNumber(tenant.members),
  },
  { id: "live", header: "Live", align: "right", width: "5rem", cell: (tenant) => formatNumber(tenant.liveSessions) },
  {
    id: "enforced",
    header: "In force",
    width: "9rem",
    hideBelow: "md",
    cell: (tenant) =>
      tenant.isEnforcedEverywhere ? <Status tone="ok">everywhere</Status> : <Status tone="warn">not everywhere</Status>,
  },
  {
    id: "createdAt",
    header: "Since",
    sortable: true,
    width: "8rem",
    hideBelow: "lg",
    cell: (tenant) => <TimeAgo date={tenant.createdAt} className="text-muted" />,
  },
];
