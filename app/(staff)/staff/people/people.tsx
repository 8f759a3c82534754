"use client";

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ban, KeyRound, RotateCcw, Users } from "lucide-react";
import { useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { PageHeader } from "../../../_ui/page-header";
import { Status } from "../../../_ui/status-dot";
import { TimeAgo } from "../../../_ui/time-ago";
import { toast } from "../../../_ui/toast";
import { useTableState } from "../../../_ui/use-table-state";
import { roleNames, useStaff } from "../_lib/use-staff";
import { StaffActionDialog, type StaffActionName } from "./staff-action";

type Person = Api["staff"]["list"]["rows"][number];

/** The operator's own people, who may sign in across tenants. */
export function People() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { whyNot } = useStaff();
  const [asked, setAsked] = useState<{ person: Person; action: StaffActionName }>();
  const state = useTableState({ sortable: ["name", "email", "createdAt"], sort: "name" });
  const query = useQuery(trpc.staff.list.queryOptions(state.input, { placeholderData: keepPreviousData }));
  const enable = useMutation(
    trpc.staff.enable.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(),
      onError: (error) => toast.bad(error.message),
    }),
  );
  return (
    <>
      <PageHeader title="Staff" description="Who of the operator may sign in, and as what." />
      <DataTable
        label="Staff"
        state={state}
        query={query}
        columns={columns}
        rowId={(person) => person.userId}
        searchPlaceholder="Search by name or email"
        rowMenu={(person) => [
          {
            label: "Send a password link…",
            icon: <KeyRound aria-hidden />,
            disabledReason: whyNot("staff:write") ?? (person.disabledAt ? "Enable the sign-in first." : null),
            onSelect: () => setAsked({ person, action: "sendLink" }),
          },
          { separator: true },
          person.disabledAt
            ? {
                label: "Enable",
                icon: <RotateCcw aria-hidden />,
                disabledReason: whyNot("staff:write"),
                onSelect: () => enable.mutate({ userId: person.userId }),
              }
            : {
                label: "Disable…",
                icon: <Ban aria-hidden />,
                tone: "danger",
                disabledReason: whyNot("staff:write"),
                onSelect: () => setAsked({ person, action: "disable" }),
              },
        ]}
        empty={
          <EmptyState icon={<Users aria-hidden />} title="Nobody of that name">
            Search by another part of the name or the email.
          </EmptyState>
        }
      />
      {asked && <StaffActionDialog {...asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

const columns: Column<Person>[] = [
  { id: "name", header: "Name", sortable: true, cell: (person) => person.name },
  {
    id: "email",
    header: "Email",
    sortable: true,
    cell: (person) => <span className="text-muted">{person.email}</span>,
  },
  { id: "role", header: "Role", width: "10rem", cell: (person) => roleNames[person.role] },
  {
    id: "state",
    header: "State",
    width: "8rem",
    cell: (person) => (
      <Status tone={person.disabledAt ? "bad" : "ok"}>{person.disabledAt ? "Disabled" : "Enabled"}</Status>
    ),
  },
  {
    id: "lastSignInAt",
    header: "Signed in",
    width: "9rem",
    hideBelow: "md",
    cell: (person) => <TimeAgo date={person.lastSignInAt} fallback="never" className="text-muted" />,
  },
];
