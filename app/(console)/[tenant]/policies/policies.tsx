"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Pencil, Plus, ShieldCheck, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { formatNumber } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { PageHeader } from "../../../_ui/page-header";
import { useShortcuts } from "../../../_ui/shortcuts";
import { Status } from "../../../_ui/status-dot";
import { TimeAgo } from "../../../_ui/time-ago";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";
import { GroupLinks } from "../_components/group-links";
import { DeletePolicy } from "./delete-policy";
import { PolicyUse } from "./policy-use";
import { formatRules } from "./rules";

type Policy = Api["policies"]["list"]["rows"][number];

/** Who may reach what. Everything that no policy opens is shut. */
export function Policies() {
  const trpc = useTRPC();
  const { tenantId, can, whyNot, paths } = useTenant();
  const router = useRouter();
  const [leaving, setLeaving] = useState<Policy>();
  const state = useTableState({ sortable: ["name", "createdAt"], sort: "name" });
  const query = useQuery(
    trpc.policies.list.queryOptions({ tenantId, ...state.input }, { placeholderData: keepPreviousData }),
  );
  const openNew = () => router.push(paths.newPolicy);
  useShortcuts([{ keys: "n", label: "New policy", group: "Policies", run: openNew }], can("policies:write"));
  const add = (
    <Button variant="primary" icon={<Plus aria-hidden />} disabledReason={whyNot("policies:write")} onClick={openNew}>
      New policy
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Policies"
        description="A policy lets people reach groups of devices on the ports that you name. Everything that no policy opens is shut."
        actions={add}
      />
      <DataTable
        label="Policies"
        state={state}
        query={query}
        columns={columns}
        rowId={(policy) => policy.id}
        rowHref={(policy) => paths.policy(policy.id)}
        searchPlaceholder="Search by name"
        rowMenu={(policy) => [
          { label: "Edit", icon: <Pencil aria-hidden />, href: paths.policy(policy.id) },
          { separator: true },
          {
            label: "Delete…",
            icon: <Trash2 aria-hidden />,
            tone: "danger",
            disabledReason: whyNot("policies:write"),
            onSelect: () => setLeaving(policy),
          },
        ]}
        empty={
          <EmptyState icon={<ShieldCheck aria-hidden />} title="No policies yet, so everything is shut" action={add}>
            Say who may reach which group of devices, and on which ports.
          </EmptyState>
        }
      />
      <DeletePolicy policy={leaving} onClose={() => setLeaving(undefined)} />
    </>
  );
}

const columns: Column<Policy>[] = [
  { id: "name", header: "Name", sortable: true, cell: (policy) => policy.name },
  {
    id: "state",
    header: "State",
    width: "5rem",
    cell: (policy) => <Status tone={policy.isEnabled ? "ok" : "neutral"}>{policy.isEnabled ? "On" : "Off"}</Status>,
  },
  {
    id: "accounts",
    header: "Accounts",
    align: "right",
    width: "6rem",
    cell: (policy) => <Count value={policy.accounts} />,
  },
  {
    id: "groups",
    header: "Opens",
    cell: (policy) => <GroupLinks groups={policy.groups} none="no group" />,
  },
  {
    id: "devices",
    header: "Devices",
    align: "right",
    width: "5.5rem",
    hideBelow: "md",
    cell: (policy) => <Count value={policy.devices} />,
  },
  {
    id: "rules",
    header: "On",
    cell: (policy) => (
      <span className="block max-w-72 truncate font-mono text-xs" title={formatRules(policy.rules)}>
        {formatRules(policy.rules) || <span className="font-sans text-warn-text">no ports</span>}
      </span>
    ),
  },
  {
    id: "use",
    header: "Used",
    width: "10rem",
    hideBelow: "md",
    cell: (policy) => <PolicyUse use={policy.use} />,
  },
  {
    id: "createdAt",
    header: "Added",
    sortable: true,
    width: "9rem",
    hideBelow: "xl",
    cell: (policy) => <TimeAgo date={policy.createdAt} className="text-muted" />,
  },
];

function Count({ value }: { value: number }) {
  return value > 0 ? formatNumber(value) : <span className="text-warn-text">none</span>;
}
