"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Pencil, Router, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { BlockHolder } from "../../../_blocks/block-holder";
import { BlockedUntil } from "../../../_blocks/blocked-until";
import { cutItems } from "../../../_blocks/cut-items";
import { UnblockHolder } from "../../../_blocks/unblock-holder";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { Copyable } from "../../../_ui/copyable";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TimeAgo } from "../../../_ui/time-ago";
import type { usePanel } from "../../../_ui/use-panel";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";
import { GroupLinks } from "../_components/group-links";
import { useGroupOptions } from "../_components/use-group-options";
import { DeleteDevice } from "./delete-device";
import { DevicePresence } from "./device-presence";
import { DevicesBulk } from "./devices-bulk";

type Device = Api["devices"]["list"]["rows"][number];

interface DevicesTableProps {
  panel: ReturnType<typeof usePanel>;
  /** The button that adds one, for where there is none. */
  add: ReactNode;
}

export function DevicesTable({ panel, add }: DevicesTableProps) {
  const trpc = useTRPC();
  const { tenantId, whyNot } = useTenant();
  const [leaving, setLeaving] = useState<Device>();
  const [blocking, setBlocking] = useState<Device>();
  const [unblocking, setUnblocking] = useState<Device>();
  const groups = useGroupOptions();
  const state = useTableState({
    sortable: ["name", "address", "createdAt"],
    sort: "name",
    filters: ["group", "attachment", "show"],
  });
  const query = useQuery(
    trpc.devices.list.queryOptions(
      {
        ...{ tenantId, ...state.input, groupId: state.filters.group[0] },
        show: shows.filter(({ value }) => state.filters.show.includes(value)).map(({ value }) => value),
        attachment: attachments.find(({ value }) => value === state.filters.attachment[0])?.value,
      },
      // Devices on tunnels come and go.
      { placeholderData: keepPreviousData, refetchInterval: 10_000 },
    ),
  );
  return (
    <>
      <DataTable
        label="Devices"
        state={state}
        // Rows that follow by themselves are not dimmed while they are read again.
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns}
        rowId={(device) => device.id}
        onOpen={(device) => panel.open(device.id)}
        openRowId={panel.value}
        searchPlaceholder="Search by name, DNS name or address"
        filters={[
          {
            ...{ name: "group", label: "Group", single: true, ...groups.options },
            options: [{ value: "none", label: "In no group" }, ...groups.options.options],
          },
          { name: "attachment", label: "Reached by", single: true, options: attachments },
          { name: "show", label: "Show", options: shows },
        ]}
        bulkActions={(chosen, clear) => <DevicesBulk devices={chosen} onDone={clear} />}
        rowMenu={(device) => [
          { label: "Edit", icon: <Pencil aria-hidden />, onSelect: () => panel.open(device.id) },
          ...cutItems("device", {
            block: { disabledReason: whyNot("holds:write"), onSelect: () => setBlocking(device) },
            unblock: device.hold && { disabledReason: whyNot("holds:write"), onSelect: () => setUnblocking(device) },
          }),
          {
            label: "Delete…",
            icon: <Trash2 aria-hidden />,
            tone: "danger",
            disabledReason: whyNot("devices:write"),
            onSelect: () => setLeaving(device),
          },
        ]}
        empty={
          <EmptyState icon={<Router aria-hidden />} title="No devices yet" action={add}>
            Add what your people need to reach: one that is in your networks by its address, or one that dials in by
            itself. Then put it into a group that a policy opens.
          </EmptyState>
        }
      />
      {blocking && (
        <BlockHolder tenantId={tenantId} holder={holderOf(blocking)} onClose={() => setBlocking(undefined)} />
      )}
      {unblocking && (
        <UnblockHolder tenantId={tenantId} holder={holderOf(unblocking)} onClose={() => setUnblocking(undefined)} />
      )}
      <DeleteDevice device={leaving} onClose={() => setLeaving(undefined)} />
    </>
  );
}

/** All but the last are of devices on tunnels of their own. */
const shows = [
  { value: "online", label: "Connected now" },
  { value: "never-connected", label: "Never connected" },
  { value: "no-profile", label: "No profile" },
  { value: "ends-soon", label: "Profile ends within 30 days" },
  { value: "blocked", label: "Blocked" },
] as const;

const holderOf = ({ id, name }: Device) => ({ kind: "device", id, name }) as const;

const attachments = [
  { value: "routed", label: "Its network" },
  { value: "openvpn", label: "Its own tunnel" },
] as const;

function DeviceName({ device: { name, hold } }: { device: Device }) {
  return (
    <>
      <span className="block max-w-72 truncate">{name}</span>
      {hold && (
        <span className="block max-w-72 truncate text-xs font-normal text-warn-text" title={hold.reason}>
          blocked <BlockedUntil hold={hold} />
        </span>
      )}
    </>
  );
}

const columns: Column<Device>[] = [
  { id: "name", header: "Name", sortable: true, cell: (device) => <DeviceName device={device} /> },
  {
    id: "presence",
    header: "Where",
    cell: (device) => <DevicePresence device={device} />,
  },
  {
    id: "address",
    header: "Address",
    sortable: true,
    width: "11rem",
    cell: (device) => <Copyable text={device.address} />,
  },
  { id: "groups", header: "Groups", cell: (device) => <GroupLinks groups={device.groups} none="in no group" /> },
  {
    id: "description",
    header: "Description",
    hideBelow: "lg",
    cell: (device) => <span className="block max-w-80 truncate text-muted">{device.description || "–"}</span>,
  },
  {
    id: "createdAt",
    header: "Added",
    sortable: true,
    width: "9rem",
    hideBelow: "md",
    cell: (device) => <TimeAgo date={device.createdAt} className="text-muted" />,
  },
];
