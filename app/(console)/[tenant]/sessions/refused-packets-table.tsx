"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { BrickWall } from "lucide-react";
import { useTRPC } from "../../../_lib/trpc";
import {
  refusedPacketsColumns,
  refusedPacketsHint,
  refusedPacketsKey,
} from "../../../_sessions/refused-packets-columns";
import { DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { LinkButton } from "../../../_ui/link-button";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";

/** What people and devices sent that no policy and no grant gave: the answer to "why can't they reach it?". */
export function RefusedPacketsTable() {
  const trpc = useTRPC();
  const { tenantId, paths } = useTenant();
  const state = useTableState({ sortable: ["lastAt", "packets"], sort: "-lastAt", prefix: "packets" });
  const query = useQuery(
    trpc.sessions.refusedPackets.queryOptions(
      { tenantId, ...state.input },
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  );
  return (
    <DataTable
      label="Refused packets"
      state={state}
      query={{ ...query, isFetching: query.isPlaceholderData }}
      columns={refusedPacketsColumns(() => paths)}
      rowId={refusedPacketsKey}
      searchPlaceholder="Search by account, device, address or port"
      empty={
        <EmptyState
          icon={<BrickWall aria-hidden />}
          title="Nothing was refused"
          action={<LinkButton href={paths.policies}>See what policies open</LinkButton>}
        >
          {refusedPacketsHint}
        </EmptyState>
      }
    />
  );
}
