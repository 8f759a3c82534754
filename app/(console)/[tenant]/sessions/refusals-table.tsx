"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ShieldAlert } from "lucide-react";
import { useTRPC } from "../../../_lib/trpc";
import { refusalColumns, refusalId } from "../../../_sessions/refusal-columns";
import { DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";

/** Attempts to connect that a gateway turned away, with the reason that the person was given. */
export function RefusalsTable() {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const state = useTableState({ sortable: ["at"], sort: "-at", prefix: "refused" });
  const query = useQuery(
    trpc.sessions.refusals.queryOptions({ tenantId, ...state.input }, { placeholderData: keepPreviousData }),
  );
  return (
    <DataTable
      label="Refused connections"
      state={state}
      query={{ ...query, isFetching: query.isPlaceholderData }}
      columns={refusalColumns}
      rowId={refusalId}
      searchPlaceholder="Search by account, address or reason"
      empty={
        <EmptyState icon={<ShieldAlert aria-hidden />} title="Nobody was turned away">
          An attempt with a wrong password, a revoked account or an unknown certificate is listed here, with its reason.
        </EmptyState>
      }
    />
  );
}
