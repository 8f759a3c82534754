"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { BrickWall } from "lucide-react";
import type { Api } from "../../../_lib/api-types";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import {
  refusedPacketsColumns,
  refusedPacketsHint,
  refusedPacketsKey,
} from "../../../_sessions/refused-packets-columns";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TextLink } from "../../../_ui/text-link";
import { useTableState } from "../../../_ui/use-table-state";
import { useGatewayOptions } from "../_components/use-gateway-options";
import { useTenantOptions } from "../_components/use-tenant-options";

type LiveRefusedPackets = Api["live"]["refusedPackets"]["rows"][number];

/** As each tenant sees its own: what was sent that no policy and no grant gave, at any gateway. */
export function LiveRefusedPackets() {
  const trpc = useTRPC();
  const gateways = useGatewayOptions();
  const tenants = useTenantOptions();
  const state = useTableState({
    sortable: ["lastAt", "packets"],
    sort: "-lastAt",
    filters: ["tenant", "gateway"],
    prefix: "packets",
  });
  const query = useQuery(
    trpc.live.refusedPackets.queryOptions(
      { ...state.input, tenantId: state.filters.tenant[0], gatewayId: state.filters.gateway[0] },
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  );
  return (
    <DataTable
      label="Refused packets"
      state={state}
      query={{ ...query, isFetching: query.isPlaceholderData }}
      columns={columns}
      rowId={(row) => `${row.tenantId} ${refusedPacketsKey(row)}`}
      searchPlaceholder="Search by account, device, address or port"
      filters={[
        { name: "tenant", label: "Tenant", single: true, ...tenants },
        { name: "gateway", label: "Gateway", single: true, ...gateways },
      ]}
      empty={
        <EmptyState icon={<BrickWall aria-hidden />} title="Nothing was refused">
          {refusedPacketsHint}
        </EmptyState>
      }
    />
  );
}

const [sender, ...rest] = refusedPacketsColumns<LiveRefusedPackets>(({ slug }) => paths.tenant(slug));
const columns: Column<LiveRefusedPackets>[] = [
  sender!,
  {
    id: "tenant",
    header: "Tenant",
    cell: (row) => (
      <TextLink href={paths.staff.tenant(row.tenantId)} className="text-ink">
        {row.tenantName}
      </TextLink>
    ),
  },
  ...rest,
];
