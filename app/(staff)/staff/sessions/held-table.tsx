"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Building2, CircleSlash, Router, Undo2 } from "lucide-react";
import { useState } from "react";
import { LetInHolder } from "../../../_holds/let-in-holder";
import type { Api } from "../../../_lib/api-types";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TextLink } from "../../../_ui/text-link";
import { DateTime } from "../../../_ui/time-ago";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenantOptions } from "../_components/use-tenant-options";
import { useStaff } from "../_lib/use-staff";

type Held = Api["live"]["held"]["rows"][number];

/** Accounts and devices that are put off now, by staff or by their own tenant, and the way to let them back in. */
export function HeldTable() {
  const trpc = useTRPC();
  const { whyNot } = useStaff();
  const tenants = useTenantOptions();
  const [lettingIn, setLettingIn] = useState<Held>();
  const state = useTableState({ sortable: ["name", "until"], sort: "until", filters: ["tenant"], prefix: "kicked" });
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
        label="Kicked accounts and devices"
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
            label: "Let back in…",
            icon: <Undo2 aria-hidden />,
            disabledReason: whyNot("live:write"),
            onSelect: () => setLettingIn(held),
          },
        ]}
        empty={
          <EmptyState icon={<CircleSlash aria-hidden />} title="Nobody is kicked">
            Kick an account or a device from its live session: every gateway turns it away for a time, with the reason
            that you give.
          </EmptyState>
        }
      />
      {lettingIn && (
        <LetInHolder tenantId={lettingIn.tenantId} holder={lettingIn} onClose={() => setLettingIn(undefined)} />
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
  { id: "until", header: "Until", sortable: true, width: "11rem", cell: (held) => <DateTime date={held.until} /> },
];
