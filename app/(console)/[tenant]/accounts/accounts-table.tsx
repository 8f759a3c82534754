"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Users } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { Copyable } from "../../../_ui/copyable";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TimeAgo } from "../../../_ui/time-ago";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";
import { PolicyLinks } from "../_components/policy-links";
import { usePolicyOptions } from "../_components/use-policy-options";
import { AccountAction, type AccountActionName, accountActions } from "./account-action";
import { AccountStatus } from "./account-status";
import { AccountsBulk } from "./accounts-bulk";

type Account = Api["accounts"]["list"]["rows"][number];

/** @param add the button that makes one, for where there is none */
export function AccountsTable({ add }: { add: ReactNode }) {
  const trpc = useTRPC();
  const tenant = useTenant();
  const policies = usePolicyOptions();
  const [acting, setActing] = useState<{ name: AccountActionName; account: Account }>();
  const state = useTableState({ sortable: ["name", "createdAt"], sort: "name", filters: ["state", "show", "policy"] });
  const accounts = useQuery(
    trpc.accounts.list.queryOptions(
      {
        tenantId: tenant.tenantId,
        ...state.input,
        state: state.filters.state.filter((value) => value === "active" || value === "revoked"),
        show: state.filters.show.filter(isShow),
        policyId: state.filters.policy,
      },
      { placeholderData: keepPreviousData, refetchInterval: 10_000 },
    ),
  );
  return (
    <>
      <DataTable
        label="VPN accounts"
        state={state}
        // Rows that follow by themselves are not dimmed while they are read again.
        query={{ ...accounts, isFetching: accounts.isPlaceholderData }}
        columns={columns}
        rowId={(account) => account.id}
        rowHref={(account) => tenant.paths.account(account.id)}
        searchPlaceholder="Search by name, email or address"
        filters={[
          {
            name: "state",
            label: "State",
            options: [
              { value: "active", label: "Active" },
              { value: "revoked", label: "Revoked" },
            ],
          },
          { name: "show", label: "Show", options: shows },
          { name: "policy", label: "Policy", ...policies },
        ]}
        bulkActions={(chosen, clear) => <AccountsBulk accounts={chosen} onDone={clear} />}
        rowMenu={(account) => accountActions(account, tenant, (name) => setActing({ name, account }))}
        empty={
          <EmptyState icon={<Users aria-hidden />} title="No accounts yet" action={add}>
            Create one for the first person who needs in. They get a mail with a link to choose a password, and download
            their profile.
          </EmptyState>
        }
      />
      {acting && <AccountAction name={acting.name} account={acting.account} onClose={() => setActing(undefined)} />}
    </>
  );
}

const shows = [
  { value: "online", label: "Connected now" },
  { value: "never-connected", label: "Never connected" },
  { value: "no-profile", label: "No profile" },
  { value: "ends-soon", label: "Profile ends within 30 days" },
  { value: "blocked", label: "Blocked" },
] as const;
type Show = (typeof shows)[number]["value"];
const isShow = (value: string): value is Show => shows.some((show) => show.value === value);

const columns: Column<Account>[] = [
  {
    id: "name",
    header: "Name",
    sortable: true,
    cell: (account) => (
      <>
        <span className="block max-w-72 truncate">{account.name}</span>
        <span className="block max-w-72 truncate text-xs font-normal text-faint">{account.email}</span>
      </>
    ),
  },
  { id: "state", header: "State", width: "11rem", cell: (account) => <AccountStatus account={account} /> },
  {
    id: "address",
    header: "Address",
    width: "9rem",
    cell: (account) => <Copyable text={account.address} />,
  },
  {
    id: "policies",
    header: "Reaches by",
    cell: (account) => <Reaches account={account} />,
  },
  {
    id: "seen",
    header: "Last session",
    width: "9rem",
    hideBelow: "md",
    cell: (account) =>
      account.isOnline ? (
        <span className="text-muted">{account.lastSession?.gatewayName}</span>
      ) : (
        <TimeAgo
          date={account.lastSession?.disconnectedAt ?? account.lastSession?.connectedAt}
          fallback="never"
          className="text-muted"
        />
      ),
  },
  {
    id: "createdAt",
    header: "Created",
    sortable: true,
    width: "8rem",
    hideBelow: "xl",
    cell: (account) => <TimeAgo date={account.createdAt} className="text-muted" />,
  },
];

/** Its policies and, while one is in force, that there is a grant. */
function Reaches({ account: { state, policies, grantedUntil } }: { account: Account }) {
  if (state === "revoked") return <span className="text-faint">nothing: revoked</span>;
  if (!grantedUntil) return <PolicyLinks policies={policies} none="reaches nothing" />;
  return (
    <span className="block max-w-80 truncate">
      {policies.length > 0 && (
        <>
          <PolicyLinks policies={policies} none="" />,{" "}
        </>
      )}
      a grant, ends <TimeAgo date={grantedUntil} />
    </span>
  );
}
