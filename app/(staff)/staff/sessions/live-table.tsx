"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Building2, Cable } from "lucide-react";
import { useState } from "react";
import { BlockHolder } from "../../../_blocks/block-holder";
import { cutItems } from "../../../_blocks/cut-items";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { holderItem } from "../../../_sessions/holder-item";
import { holderOf } from "../../../_sessions/session";
import { liveColumns } from "../../../_sessions/session-columns";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TextLink } from "../../../_ui/text-link";
import { usePanel } from "../../../_ui/use-panel";
import { useTableState } from "../../../_ui/use-table-state";
import { useGatewayOptions } from "../_components/use-gateway-options";
import { useRegionOptions } from "../_components/use-region-options";
import { useTenantOptions } from "../_components/use-tenant-options";
import { useStaff } from "../_lib/use-staff";
import { DisconnectLive } from "./disconnect-live";
import { type LiveSession, LiveSheet } from "./live-sheet";

export function LiveTable() {
  const trpc = useTRPC();
  const { whyNot } = useStaff();
  const panel = usePanel();
  const [ending, setEnding] = useState<LiveSession>();
  const [blocking, setBlocking] = useState<LiveSession>();
  const held = blocking && holderOf(blocking);
  const regions = useRegionOptions();
  const gateways = useGatewayOptions();
  const tenants = useTenantOptions();
  const state = useTableState({
    sortable: ["connectedAt", "accountName", "tenantName"],
    sort: "-connectedAt",
    filters: ["tenant", "region", "gateway"],
  });
  const query = useQuery(
    trpc.live.list.queryOptions(
      {
        ...state.input,
        tenantId: state.filters.tenant[0],
        regionId: state.filters.region[0],
        gatewayId: state.filters.gateway[0],
      },
      // The subscription says when to read again; this is for when it is down.
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  );
  return (
    <>
      <DataTable
        label="Live sessions"
        state={state}
        // Rows that follow by themselves are not dimmed while they are read again.
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns}
        rowId={(session) => session.id}
        onOpen={(session) => panel.open(session.id)}
        openRowId={panel.value}
        searchPlaceholder="Search by account, device, tenant or address"
        filters={[
          { name: "tenant", label: "Tenant", single: true, ...tenants },
          { name: "region", label: "Region", single: true, options: regions },
          { name: "gateway", label: "Gateway", single: true, ...gateways },
        ]}
        rowMenu={(session) => [
          ...holderItem(session, paths.tenant(session.slug)),
          { label: "Open the tenant", icon: <Building2 aria-hidden />, href: paths.staff.tenant(session.tenantId) },
          ...cutItems(session.deviceId ? "device" : "account", {
            disconnect: { disabledReason: whyNot("live:write"), onSelect: () => setEnding(session) },
            block: holderOf(session) && { disabledReason: whyNot("live:write"), onSelect: () => setBlocking(session) },
          }),
        ]}
        empty={
          <EmptyState icon={<Cable aria-hidden />} title="Nobody is connected">
            A session appears here by itself, within a second of somebody connecting to any gateway.
          </EmptyState>
        }
      />
      <LiveSheet panel={panel} sessions={query.data?.rows} onBlock={setBlocking} onDisconnect={setEnding} />
      {blocking && held && (
        <BlockHolder tenantId={blocking.tenantId} holder={held} onClose={() => setBlocking(undefined)} />
      )}
      <DisconnectLive session={ending} onClose={() => setEnding(undefined)} />
    </>
  );
}

const [account, ...rest] = liveColumns;
const columns: Column<LiveSession>[] = [
  account!,
  {
    id: "tenantName",
    header: "Tenant",
    sortable: true,
    cell: (session) => (
      <TextLink href={paths.staff.tenant(session.tenantId)} className="text-ink">
        {session.tenantName}
      </TextLink>
    ),
  },
  ...rest,
];
