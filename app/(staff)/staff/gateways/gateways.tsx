"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { MapPin, Plus, Server } from "lucide-react";
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
import { useRegionOptions } from "../_components/use-region-options";
import { useStaff } from "../_lib/use-staff";
import { CertificateEnd } from "./certificate-end";
import { type Gateway, GatewayStatus } from "./gateway-status";
import { NewGatewaySheet } from "./new-gateway-sheet";
import { NewRegionSheet } from "./new-region-sheet";

/** The VPN hosts, and whether each does what it should. */
export function Gateways() {
  const trpc = useTRPC();
  const { can, whyNot } = useStaff();
  const panel = usePanel();
  const regions = useRegionOptions();
  const state = useTableState({ sortable: ["name", "region", "createdAt"], sort: "name", filters: ["region"] });
  const query = useQuery(
    trpc.gateways.list.queryOptions(
      { ...state.input, regionId: state.filters.region[0] },
      { placeholderData: keepPreviousData, refetchInterval: 2_000 },
    ),
  );
  useShortcuts(
    [{ keys: "n", label: "New gateway", group: "Gateways", run: () => panel.open("new") }],
    can("gateways:write"),
  );
  const add = (
    <Button
      variant="primary"
      icon={<Plus aria-hidden />}
      disabledReason={whyNot("gateways:write")}
      onClick={() => panel.open("new")}
    >
      New gateway
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Gateways"
        description="The hosts that clients connect to. The control plane calls them; they call nobody."
        actions={
          <>
            <Button
              icon={<MapPin aria-hidden />}
              disabledReason={whyNot("gateways:write")}
              onClick={() => panel.open("region")}
            >
              New region
            </Button>
            {add}
          </>
        }
      />
      <DataTable
        label="Gateways"
        state={state}
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns}
        rowId={(gateway) => gateway.id}
        rowHref={(gateway) => paths.staff.gateway(gateway.id)}
        searchPlaceholder="Search by name or host"
        filters={[{ name: "region", label: "Region", single: true, options: regions }]}
        empty={
          <EmptyState icon={<Server aria-hidden />} title="No gateways yet" action={add}>
            Describe a host, run one command on it with the token that you are shown, and it enrols by itself.
          </EmptyState>
        }
      />
      <NewGatewaySheet panel={panel} />
      <NewRegionSheet panel={panel} />
    </>
  );
}

const columns: Column<Gateway>[] = [
  { id: "name", header: "Name", sortable: true, cell: (gateway) => gateway.name },
  { id: "region", header: "Region", sortable: true, cell: (gateway) => gateway.region },
  {
    id: "status",
    header: "Health",
    cell: (gateway) => (
      <span title={gateway.notes.join(" ") || undefined}>
        <GatewayStatus gateway={gateway} />
      </span>
    ),
  },
  {
    id: "processes",
    header: "Processes",
    align: "right",
    width: "6.5rem",
    cell: (gateway) => {
      const running = gateway.state?.processes.filter((process) => process.status === "running").length ?? 0;
      return gateway.state
        ? `${formatNumber(running)} of ${formatNumber(gateway.processes.length)}`
        : formatNumber(gateway.processes.length);
    },
  },
  {
    id: "sessions",
    header: "Sessions",
    align: "right",
    width: "6rem",
    cell: (gateway) => (gateway.state ? formatNumber(gateway.state.sessions) : "–"),
  },
  {
    id: "behind",
    header: "In force",
    width: "8rem",
    cell: (gateway) =>
      gateway.enrolledAt === null ? (
        <span className="text-faint">–</span>
      ) : gateway.behind > 0 ? (
        <Status tone="warn">{gateway.behind} behind</Status>
      ) : (
        <Status tone="ok">all tenants</Status>
      ),
  },
  {
    id: "certificate",
    header: "Certificate ends",
    width: "9rem",
    hideBelow: "md",
    cell: (gateway) => <CertificateEnd at={gateway.certificateNotAfter} />,
  },
  {
    id: "seen",
    header: "Seen",
    width: "7rem",
    hideBelow: "md",
    cell: (gateway) => <TimeAgo date={gateway.lastSeenAt} fallback="never" className="text-muted" />,
  },
  {
    id: "publicHost",
    header: "Clients connect to",
    mono: true,
    hideBelow: "xl",
    cell: (gateway) => gateway.publicHost,
  },
];
