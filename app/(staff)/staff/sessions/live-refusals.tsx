"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ShieldAlert } from "lucide-react";
import type { Api } from "../../../_lib/api-types";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { refusalColumns, refusalId } from "../../../_sessions/refusal-columns";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TextLink } from "../../../_ui/text-link";
import { useTableState } from "../../../_ui/use-table-state";
import { useGatewayOptions } from "../_components/use-gateway-options";
import { useTenantOptions } from "../_components/use-tenant-options";

type LiveRefusal = Api["live"]["refusals"]["rows"][number];

/** Attempts that any gateway turned away, also those of nobody that it knows. */
export function LiveRefusals() {
  const trpc = useTRPC();
  const gateways = useGatewayOptions();
  const tenants = useTenantOptions();
  const state = useTableState({
    sortable: ["at"],
    sort: "-at",
    filters: ["tenant", "gateway"],
    prefix: "refused",
  });
  const query = useQuery(
    trpc.live.refusals.queryOptions(
      { ...state.input, tenantId: state.filters.tenant[0], gatewayId: state.filters.gateway[0] },
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  );
  return (
    <DataTable
      label="Refused connections"
      state={state}
      query={{ ...query, isFetching: query.isPlaceholderData }}
      columns={columns}
      rowId={refusalId}
      searchPlaceholder="Search by account, address or reason"
      filters={[
        { name: "tenant", label: "Tenant", single: true, ...tenants },
        { name: "gateway", label: "Gateway", single: true, ...gateways },
      ]}
      empty={
        <EmptyState icon={<ShieldAlert aria-hidden />} title="Nobody was turned away">
          An attempt with a wrong password, a revoked account or an unknown certificate is listed here, with its reason.
        </EmptyState>
      }
    />
  );
}

const [account, ...rest] = refusalColumns;
const columns: Column<LiveRefusal>[] = [
  account!,
  {
    id: "tenant",
    header: "Tenant",
    cell: (refusal) =>
      refusal.tenantId ? (
        <TextLink href={paths.staff.tenant(refusal.tenantId)} className="text-ink">
          {refusal.tenantName}
        </TextLink>
      ) : (
        <span className="text-faint">nobody known</span>
      ),
  },
  ...rest,
];
