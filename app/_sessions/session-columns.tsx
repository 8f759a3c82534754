import type { Column } from "../_ui/data-table";
import { DateTime, Elapsed } from "../_ui/time-ago";
import type { Session } from "./session";
import { AddressCell, ClientCell, Confirmed, GatewayCell, HolderCell, TrafficCell } from "./session-cells";

const account: Column<Session> = {
  id: "accountName",
  header: "Account or device",
  sortable: true,
  cell: (session) => <HolderCell session={session} />,
};
const common: Column<Session>[] = [
  { id: "addresses", header: "VPN and real address", cell: (session) => <AddressCell session={session} /> },
  { id: "gateway", header: "Gateway", cell: (session) => <GatewayCell session={session} /> },
  { id: "client", header: "Client", cell: (session) => <ClientCell session={session} />, hideBelow: "lg" },
];
const traffic: Column<Session> = {
  id: "traffic",
  header: "Traffic",
  width: "11rem",
  cell: (session) => <TrafficCell session={session} />,
};

export const liveColumns: Column<Session>[] = [
  account,
  ...common,
  {
    id: "connectedAt",
    header: "Since",
    sortable: true,
    width: "7.5rem",
    cell: (session) => <Elapsed since={session.connectedAt} />,
  },
  traffic,
  {
    id: "confirmed",
    header: "Confirmed",
    width: "6.5rem",
    cell: (session) => <Confirmed session={session} />,
  },
];

export const pastColumns: Column<Session>[] = [
  account,
  ...common,
  {
    id: "connectedAt",
    header: "Connected",
    sortable: true,
    width: "11rem",
    cell: (session) => <DateTime date={session.connectedAt} />,
  },
  {
    id: "lasted",
    header: "Lasted",
    width: "6.5rem",
    cell: (session) => <Elapsed since={session.connectedAt} until={session.disconnectedAt} />,
  },
  traffic,
  {
    id: "ended",
    header: "Ended because",
    cell: (session) => (
      <span className="block max-w-64 truncate text-muted" title={session.endReason ?? undefined}>
        {session.endReason ?? session.endCode ?? "still open"}
      </span>
    ),
  },
];
