"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { KeyRound, UserCog, UserMinus, Users } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { Badge } from "../../../_ui/badge";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { TimeAgo } from "../../../_ui/time-ago";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";
import { ChangeRole } from "./change-role";
import { RemoveMember } from "./remove-member";
import { roleLabel, roles } from "./roles";
import { SendMemberLink } from "./send-member-link";

type Member = Api["members"]["list"]["rows"][number];

/** @param invite the button that asks somebody in, for where there is nobody */
export function MembersTable({ invite }: { invite: ReactNode }) {
  const trpc = useTRPC();
  const { tenantId, whyNot } = useTenant();
  const [changing, setChanging] = useState<Member>();
  const [sending, setSending] = useState<Member>();
  const [leaving, setLeaving] = useState<Member>();
  const state = useTableState({ sortable: ["name", "email", "createdAt"], sort: "name", filters: ["role"] });
  const members = useQuery(
    trpc.members.list.queryOptions(
      {
        tenantId,
        ...state.input,
        role: roles.map(({ value }) => value).filter((role) => state.filters.role.includes(role)),
      },
      { placeholderData: keepPreviousData },
    ),
  );
  return (
    <>
      <DataTable
        label="Members"
        state={state}
        query={members}
        columns={columns}
        rowId={(member) => member.id}
        searchPlaceholder="Search by name or email"
        filters={[{ name: "role", label: "Role", options: [...roles] }]}
        rowMenu={(member) => [
          {
            label: "Change role…",
            icon: <UserCog aria-hidden />,
            disabledReason: whyNot("members:write"),
            onSelect: () => setChanging(member),
          },
          {
            label: "Send a password link…",
            icon: <KeyRound aria-hidden />,
            disabledReason: whyNot("members:write"),
            onSelect: () => setSending(member),
          },
          { separator: true },
          {
            label: "Remove…",
            icon: <UserMinus aria-hidden />,
            tone: "danger",
            disabledReason: whyNot("members:write"),
            onSelect: () => setLeaving(member),
          },
        ]}
        empty={
          <EmptyState icon={<Users aria-hidden />} title="Nobody has joined yet" action={invite}>
            Invite somebody by email; they set a password of their own.
          </EmptyState>
        }
      />
      {changing && <ChangeRole member={changing} onClose={() => setChanging(undefined)} />}
      {sending && <SendMemberLink member={sending} onClose={() => setSending(undefined)} />}
      {leaving && <RemoveMember member={leaving} onClose={() => setLeaving(undefined)} />}
    </>
  );
}

const columns: Column<Member>[] = [
  { id: "name", header: "Name", sortable: true, cell: (member) => member.name },
  {
    id: "email",
    header: "Email",
    sortable: true,
    cell: (member) => <span className="text-muted">{member.email}</span>,
  },
  {
    id: "role",
    header: "Role",
    width: "8rem",
    cell: (member) => <Badge tone={member.role === "admin" ? "brand" : "neutral"}>{roleLabel(member.role)}</Badge>,
  },
  {
    id: "lastSignInAt",
    header: "Signed in",
    width: "9rem",
    hideBelow: "md",
    cell: (member) => <TimeAgo date={member.lastSignInAt} fallback="never" className="text-muted" />,
  },
  {
    id: "createdAt",
    header: "Joined",
    sortable: true,
    width: "9rem",
    hideBelow: "md",
    cell: (member) => <TimeAgo date={member.createdAt} className="text-muted" />,
  },
];
