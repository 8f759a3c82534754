"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Ban, Pencil, Plus, Tag } from "lucide-react";
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
import { usePanel } from "../../../_ui/use-panel";
import { useTableState } from "../../../_ui/use-table-state";
import { useStaff } from "../_lib/use-staff";
import { formatMoney } from "./money";
import { PlanSheet } from "./plan-sheet";
import { WithdrawPlan } from "./withdraw-plan";

type Plan = Api["plans"]["list"]["rows"][number];

/** What is sold: how much a tenant may use, and for how much. */
export function Plans() {
  const trpc = useTRPC();
  const { can, whyNot } = useStaff();
  const panel = usePanel();
  const [leaving, setLeaving] = useState<Plan>();
  const state = useTableState({ sortable: ["name", "monthlyPrice", "createdAt"], sort: "monthlyPrice" });
  const query = useQuery(trpc.plans.list.queryOptions(state.input, { placeholderData: keepPreviousData }));
  useShortcuts([{ keys: "n", label: "New plan", group: "Plans", run: () => panel.open("new") }], can("plans:write"));
  const add = (
    <Button
      variant="primary"
      icon={<Plus aria-hidden />}
      disabledReason={whyNot("plans:write")}
      onClick={() => panel.open("new")}
    >
      New plan
    </Button>
  );
  return (
    <>
      <PageHeader title="Plans" description="How much a tenant may use, and for how much." actions={add} />
      <DataTable
        label="Plans"
        state={state}
        query={query}
        columns={columns}
        rowId={(plan) => plan.id}
        onOpen={(plan) => panel.open(plan.id)}
        openRowId={panel.value}
        searchPlaceholder="Search by name"
        rowMenu={(plan) => [
          { label: "Edit", icon: <Pencil aria-hidden />, onSelect: () => panel.open(plan.id) },
          { separator: true },
          {
            label: "Withdraw…",
            icon: <Ban aria-hidden />,
            tone: "danger",
            disabledReason: whyNot("plans:write") ?? (plan.isOffered ? null : "It is withdrawn already."),
            onSelect: () => setLeaving(plan),
          },
        ]}
        empty={
          <EmptyState icon={<Tag aria-hidden />} title="No plans yet" action={add}>
            A tenant is created on a plan, so make one first.
          </EmptyState>
        }
      />
      <PlanSheet panel={panel} plans={query.data?.rows} />
      <WithdrawPlan plan={leaving} onClose={() => setLeaving(undefined)} />
    </>
  );
}

const columns: Column<Plan>[] = [
  { id: "name", header: "Name", sortable: true, cell: (plan) => plan.name },
  {
    id: "offered",
    header: "State",
    width: "8rem",
    cell: (plan) => (
      <Status tone={plan.isOffered ? "ok" : "neutral"}>{plan.isOffered ? "Offered" : "Withdrawn"}</Status>
    ),
  },
  {
    id: "monthlyPrice",
    header: "A month",
    sortable: true,
    align: "right",
    width: "8rem",
    cell: (plan) => formatMoney(plan.monthlyPrice, plan.currency),
  },
  { id: "accounts", header: "Accounts", align: "right", width: "7rem", cell: (plan) => formatNumber(plan.maxAccounts) },
  { id: "devices", header: "Devices", align: "right", width: "7rem", cell: (plan) => formatNumber(plan.maxDevices) },
  { id: "tenants", header: "Tenants", align: "right", width: "6rem", cell: (plan) => <Tenants plan={plan} /> },
  {
    id: "description",
    header: "Description",
    hideBelow: "lg",
    cell: (plan) => <span className="block max-w-80 truncate text-muted">{plan.description || "–"}</span>,
  },
];

function Tenants({ plan: { tenants, behind } }: { plan: Plan }) {
  return (
    <>
      {formatNumber(tenants)}
      {behind > 0 && (
        <span className="block text-xs text-warn" title="They have the plan's former speed limit until then">
          telling {formatNumber(behind)}
        </span>
      )}
    </>
  );
}
