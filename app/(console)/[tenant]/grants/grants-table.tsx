"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Hourglass, TimerOff } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { Status } from "../../../_ui/status-dot";
import { TextLink } from "../../../_ui/text-link";
import { TimeAgo } from "../../../_ui/time-ago";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";
import { GroupLinks } from "../_components/group-links";
import { formatRules } from "../policies/rules";
import { EndGrant } from "./end-grant";

export type Grant = Api["grants"]["list"]["rows"][number];

/** @param add the button that makes one, for where there is none */
export function GrantsTable({ add }: { add: ReactNode }) {
  const trpc = useTRPC();
  const { tenantId, whyNot } = useTenant();
  const [ending, setEnding] = useState<Grant>();
  const state = useTableState({ sortable: ["until", "createdAt"], sort: "-until", filters: ["state"] });
  const query = useQuery(
    trpc.grants.list.queryOptions(
      { tenantId, ...state.input, state: state.filters.state.filter(isState) },
      // The time goes on by itself.
      { placeholderData: keepPreviousData, refetchInterval: 10_000 },
    ),
  );
  return (
    <>
      <DataTable
        label="Grants"
        state={state}
        // Rows that follow by themselves are not dimmed while they are read again.
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns}
        rowId={(grant) => grant.id}
        searchPlaceholder="Search by account or reason"
        filters={[{ name: "state", label: "State", options: states.map((one) => ({ value: one, label: words[one] })) }]}
        rowMenu={(grant) => [
          {
            label: "End now…",
            icon: <TimerOff aria-hidden />,
            tone: "danger",
            disabledReason: whyNot("grants:write") ?? (grant.state === "active" ? null : "It is over already."),
            onSelect: () => setEnding(grant),
          },
        ]}
        empty={
          <EmptyState icon={<Hourglass aria-hidden />} title="Nothing is granted" action={add}>
            For what somebody needs once, such as a repair this afternoon: it opens at once and shuts by itself.
          </EmptyState>
        }
      />
      <EndGrant grant={ending} onClose={() => setEnding(undefined)} />
    </>
  );
}

const states = ["active", "lapsed", "ended"] as const;
const words = { active: "In force", lapsed: "Over", ended: "Ended early" };
const tones = { active: "ok", lapsed: "neutral", ended: "neutral" } as const;
const isState = (value: string): value is Grant["state"] => (states as readonly string[]).includes(value);

const columns: Column<Grant>[] = [
  { id: "account", header: "Account", cell: (grant) => <AccountLink account={grant.account} /> },
  {
    id: "state",
    header: "State",
    width: "8rem",
    cell: ({ state }) => <Status tone={tones[state]}>{words[state]}</Status>,
  },
  {
    id: "until",
    header: "Ends",
    sortable: true,
    width: "9rem",
    cell: (grant) => <TimeAgo date={grant.state === "ended" ? grant.endedAt : grant.until} />,
  },
  { id: "groups", header: "Opens", cell: (grant) => <GroupLinks groups={grant.groups} none="nothing any more" /> },
  {
    id: "rules",
    header: "On",
    width: "10rem",
    cell: (grant) => <span className="font-mono text-xs">{formatRules(grant.rules)}</span>,
  },
  {
    id: "reason",
    header: "Why",
    hideBelow: "lg",
    cell: (grant) => (
      <>
        <span className="block max-w-72 truncate" title={grant.reason}>
          {grant.reason}
        </span>
        <span className="block max-w-72 truncate text-xs text-faint">by {grant.createdBy}</span>
      </>
    ),
  },
  {
    id: "createdAt",
    header: "Given",
    sortable: true,
    width: "8rem",
    hideBelow: "xl",
    cell: (grant) => <TimeAgo date={grant.createdAt} className="text-muted" />,
  },
];

function AccountLink({ account }: { account: Grant["account"] }) {
  const { paths } = useTenant();
  return <TextLink href={paths.account(account.id)}>{account.name}</TextLink>;
}
