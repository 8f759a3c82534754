"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Ban, Building2, LockOpen, Router } from "lucide-react";
import { useState } from "react";
import { UnblockHolder } from "../../../_blocks/unblock-holder";
import type { Api } from "../../../_lib/api-types";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TextLink } from "../../../_ui/text-link";
import { Until } from "../../../_ui/time-ago";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenantOptions } from "../_components/use-tenant-options";
import { useStaff } from "../_lib/use-staff";

type Held = Api["live"]["held"]["rows"][number];

/** Accounts and devices that are blocked now, by staff or by their own tenant, and the way to unblock them. */
export function BlockedTable() {
  const trpc = useTRPC();
  const { whyNot } = useStaff();
  const tenants = useTenantOptions();
  const [unblocking, setUnblocking] = useState<Held>();
  const state = useTableState({ sortable: ["name", "until"], sort: "until", filters: ["tenant"], prefix: "blocked" });
  const query = useQuery(
    trpc.live.held.queryOptions(
      { ...state.input, tenantId: state.filters.tenant[0] },
      // What lapses, lapses by itself.
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  );
  return (
    <>
      <DataTable
        label="Blocked accounts and devices"
        state={state}
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns}
        rowId={(held) => held.id}
        searchPlaceholder="Search by account, device, tenant or reason"
        filters={[{ name: "tenant", label: "Tenant", single: true, ...tenants }]}
        rowMenu={(held) => [
          { label: "Open the tenant", icon: <Building2 aria-hidden />, href: paths.staff.tenant(held.tenantId) },
          { separator: true },
          {
            label: "Unblock…",
            icon: <LockOpen aria-hidden />,
            disabledReason: whyNot("live:write"),
            onSelect: () => setUnblocking(held),
          },
        ]}
        empty={
          <EmptyState icon={<Ban aria-hidden />} title="Nobody is blocked">
            Block an account or a device from its live session: every gateway turns it away for a time, with the reason
            that you give.
          </EmptyState>
        }
      />
      {unblocking && (
        <UnblockHolder tenantId={unblocking.tenantId} holder={unblocking} onClose={() => setUnblocking(undefined)} />
      )}
    </>
  );
}

const columns: Column<Held>[] = [
  {
    id: "name",
    header: "Account or device",
    sortable: true,
    cell: ({ kind, id, name, slug }) => (
      <span className="inline-flex max-w-full items-center gap-1.5">
        {kind === "device" && <Router role="img" aria-label="device" className="size-3.5 shrink-0 text-faint" />}
        <TextLink href={paths.tenant(slug)[kind](id)} className="truncate text-ink">
          {name}
        </TextLink>
      </span>
    ),
  },
  {
    id: "tenant",
    header: "Tenant",
    cell: (held) => (
      <TextLink href={paths.staff.tenant(held.tenantId)} className="text-ink">
        {held.tenantName}
      </TextLink>
    ),
  },
  { id: "reason", header: "Reason given", cell: (held) => held.reason },
  { id: "until", header: "Until", sortable: true, width: "11rem", cell: (held) => <Until date={held.until} /> },
];
