"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { MailOpen } from "lucide-react";
import type { Api } from "../../../_lib/api-types";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { PageHeader } from "../../../_ui/page-header";
import { DateTime } from "../../../_ui/time-ago";
import { useTableState } from "../../../_ui/use-table-state";
import { MailState } from "./mail-state";

type Mail = Api["outbox"]["list"]["rows"][number];

/** Every mail that Drawbridge writes, whether it is sent or only kept. */
export function Outbox() {
  const trpc = useTRPC();
  const state = useTableState({ sortable: ["createdAt", "recipient", "subject"], sort: "-createdAt" });
  const query = useQuery(
    trpc.outbox.list.queryOptions(state.input, { placeholderData: keepPreviousData, refetchInterval: 5_000 }),
  );
  return (
    <>
      <PageHeader
        title="Outbox"
        description="Every mail that Drawbridge writes. Without a mail server they are kept here, and you pass the links on yourself."
      />
      <DataTable
        label="Mails"
        state={state}
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={columns}
        rowId={(mail) => mail.id}
        rowHref={(mail) => paths.staff.mail(mail.id)}
        searchPlaceholder="Search by recipient or subject"
        empty={
          <EmptyState icon={<MailOpen aria-hidden />} title="No mail yet">
            The invitation of a tenant's first admin will be the first: create a tenant.
          </EmptyState>
        }
      />
    </>
  );
}

const columns: Column<Mail>[] = [
  { id: "subject", header: "Subject", sortable: true, cell: (mail) => mail.subject },
  { id: "recipient", header: "To", sortable: true, cell: (mail) => mail.recipient },
  { id: "state", header: "State", width: "10rem", cell: (mail) => <MailState mail={mail} /> },
  {
    id: "createdAt",
    header: "Written",
    sortable: true,
    width: "11rem",
    cell: (mail) => <DateTime date={mail.createdAt} className="text-muted" />,
  },
];
