import type { Api } from "../_lib/api-types";
import { formatNumber } from "../_lib/format";
import { Copyable } from "../_ui/copyable";
import type { Column } from "../_ui/data-table";
import { TextLink } from "../_ui/text-link";
import { DateTime, TimeAgo } from "../_ui/time-ago";
import { HolderLink } from "./holder-link";
import type { HolderPaths } from "./session";
import { TwoLines } from "./session-cells";

export type RefusedPackets = Api["sessions"]["refusedPackets"]["rows"][number];

/** Tells a row from every other of its tenant. */
export function refusedPacketsKey(row: RefusedPackets): string {
  const sender = row.accountId ?? row.deviceId;
  return [row.firstAt.toISOString(), sender, row.destination, row.protocol, row.port, row.gatewayId].join(" ");
}

export const refusedPacketsHint =
  "Whoever is connected and tries a device or a port that no policy and no grant opens is listed here, within half a minute. Of somebody who tries very many, a sample.";

/** Who tried, what, on which port, how often and when. */
export function refusedPacketsColumns<Row extends RefusedPackets>(pathsOf: (row: Row) => HolderPaths): Column<Row>[] {
  return [
    {
      id: "sender",
      header: "Account or device",
      cell: (row) =>
        (row.accountId ?? row.deviceId) ? (
          <HolderLink session={row} paths={pathsOf(row)} />
        ) : (
          <span className="font-normal text-faint">deleted since</span>
        ),
    },
    { id: "target", header: "Tried to reach", cell: (row) => <RefusedTarget packets={row} paths={pathsOf(row)} /> },
    { id: "port", header: "Port", width: "6.5rem", mono: true, cell: portOf },
    {
      id: "packets",
      header: "Packets",
      sortable: true,
      align: "right",
      width: "6rem",
      cell: (row) => formatNumber(row.packets),
    },
    { id: "lastAt", header: "Last", sortable: true, width: "7rem", cell: (row) => <TimeAgo date={row.lastAt} /> },
    {
      id: "firstAt",
      header: "First that day",
      hideBelow: "lg",
      width: "11rem",
      cell: (row) => <DateTime date={row.firstAt} />,
    },
    { id: "gateway", header: "Gateway", hideBelow: "md", cell: (row) => row.gatewayName },
  ];
}

/** The device, where one had the address, and the address. */
export function RefusedTarget({
  packets: { targetId, targetName, destination },
  paths,
}: {
  packets: RefusedPackets;
  paths: HolderPaths;
}) {
  const address = <Copyable text={destination} />;
  if (!targetId) return <TwoLines top={address} bottom="no device there" />;
  return <TwoLines top={<TextLink href={paths.device(targetId)}>{targetName}</TextLink>} bottom={address} />;
}

/** "tcp 502"; "ping", which has no port. */
export function portOf({ protocol, port }: Pick<RefusedPackets, "protocol" | "port">): string {
  return port === null ? "ping" : `${protocol} ${port}`;
}
