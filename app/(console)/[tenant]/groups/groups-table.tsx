"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Boxes, Pencil, Router, Trash2 } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { formatNumber } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TextLink } from "../../../_ui/text-link";
import { TimeAgo } from "../../../_ui/time-ago";
import type { usePanel } from "../../../_ui/use-panel";
import { useTableState } from "../../../_ui/use-table-state";
import { type Tenant, useTenant } from "../../_lib/use-tenant";
import { PolicyLinks } from "../_components/policy-links";
import { DeleteGroup, whyGroupStays } from "./delete-group";

type Group = Api["devices"]["listGroups"]["rows"][number];

interface GroupsTableProps {
  panel: ReturnType<typeof usePanel>;
  add: ReactNode;
}

export function GroupsTable({ panel, add }: GroupsTableProps) {
  const trpc = useTRPC();
  const { tenantId, whyNot, paths } = useTenant();
  const [leaving, setLeaving] = useState<Group>();
  const state = useTableState({ sortable: ["name", "createdAt"], sort: "name" });
  const query = useQuery(
    trpc.devices.listGroups.queryOptions({ tenantId, ...state.input }, { placeholderData: keepPreviousData }),
  );
  const columns = useMemo(() => columnsFor(paths), [paths]);
  return (
    <>
      <DataTable
        label="Groups"
        state={state}
        query={query}
        columns={columns}
        rowId={(group) => group.id}
        onOpen={(group) => panel.open(group.id)}
        openRowId={panel.value}
        searchPlaceholder="Search by name"
        rowMenu={(group) => [
          { label: "Edit", icon: <Pencil aria-hidden />, onSelect: () => panel.open(group.id) },
          { label: "Show its devices", icon: <Router aria-hidden />, href: paths.devicesOfGroup(group.id) },
          { separator: true },
          {
            label: "Delete…",
            icon: <Trash2 aria-hidden />,
            tone: "danger",
            disabledReason: whyNot("devices:write") ?? whyGroupStays(group),
            onSelect: () => setLeaving(group),
          },
        ]}
        empty={
          <EmptyState icon={<Boxes aria-hidden />} title="No groups yet" action={add}>
            Put devices that belong together into a group, such as all cranes of a yard. A policy then opens the group.
          </EmptyState>
        }
      />
      <DeleteGroup group={leaving} onClose={() => setLeaving(undefined)} />
    </>
  );
}

const columnsFor = (paths: Tenant["paths"]): Column<Group>[] => [
  { id: "name", header: "Name", sortable: true, cell: (group) => group.name },
  {
    id: "devices",
    header: "Devices",
    align: "right",
    width: "6rem",
    cell: (group) =>
      group.deviceCount > 0 ? (
        <TextLink href={paths.devicesOfGroup(group.id)} className="text-ink">
          {formatNumber(group.deviceCount)}
        </TextLink>
      ) : (
        <span className="text-warn-text">none</span>
      ),
  },
  { id: "policies", header: "Opened by", cell: (group) => <PolicyLinks policies={group.policies} none="no policy" /> },
  {
    id: "description",
    header: "Description",
    hideBelow: "lg",
    cell: (group) => <span className="block max-w-80 truncate text-muted">{group.description || "–"}</span>,
  },
  {
    id: "createdAt",
    header: "Added",
    sortable: true,
    width: "9rem",
    hideBelow: "md",
    cell: (group) => <TimeAgo date={group.createdAt} className="text-muted" />,
  },
];
