import { formatNumber } from "../_lib/format";
import { Badge } from "../_ui/badge";
import { Copyable } from "../_ui/copyable";
import type { Column } from "../_ui/data-table";
import { DateTime, Until } from "../_ui/time-ago";

export interface Refusal {
  at: Date;
  firstAt: Date;
  times: number;
  accountName: string | null;
  deviceName: string | null;
  code: string;
  reason: string;
  realAddress: string;
  gatewayName: string;
  process: string;
}

/** Tells one row from another. */
export const refusalId = ({ at, gatewayName, realAddress, code }: Refusal) =>
  `${at.toISOString()} ${gatewayName} ${realAddress} ${code}`;

/** How often it was tried that day; nothing where it was once. */
export function Repeated({ refusal: { times, firstAt } }: { refusal: Pick<Refusal, "times" | "firstAt"> }) {
  if (times === 1) return null;
  return (
    <span className="block text-xs text-faint">
      {formatNumber(times)} times since <Until date={firstAt} />
    </span>
  );
}

export const refusalColumns: Column<Refusal>[] = [
  {
    id: "account",
    header: "Account or device",
    cell: (refusal) =>
      refusal.accountName ?? refusal.deviceName ?? <span className="font-normal text-faint">nobody known</span>,
  },
  {
    id: "at",
    header: "When",
    sortable: true,
    width: "11rem",
    cell: (refusal) => (
      <>
        <DateTime date={refusal.at} />
        <Repeated refusal={refusal} />
      </>
    ),
  },
  { id: "reason", header: "Reason given", cell: (refusal) => refusal.reason },
  {
    id: "code",
    header: "Code",
    hideBelow: "md",
    cell: (refusal) => (
      <Badge tone="warn" mono>
        {refusal.code}
      </Badge>
    ),
  },
  { id: "realAddress", header: "From", cell: (refusal) => <Copyable text={refusal.realAddress} /> },
  {
    id: "gateway",
    header: "Gateway",
    hideBelow: "lg",
    cell: (refusal) => (
      <>
        {refusal.gatewayName} <span className="font-mono text-xs text-muted">{refusal.process}</span>
      </>
    ),
  },
];
