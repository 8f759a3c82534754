"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Cable } from "lucide-react";
import type { Api } from "../../../_lib/api-types";
import { formatBytes } from "../../../_lib/format";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { type Column, DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { LinkButton } from "../../../_ui/link-button";
import { PageHeader } from "../../../_ui/page-header";
import { Status } from "../../../_ui/status-dot";
import { DateTime, Elapsed } from "../../../_ui/time-ago";
import { useTableState } from "../../../_ui/use-table-state";
import { NotShown } from "../_components/not-shown";

type Session = Api["portal"]["sessions"]["rows"][number];

export function MySessions() {
  const trpc = useTRPC();
  const state = useTableState({ sortable: ["connectedAt"], sort: "-connectedAt" });
  const sessions = useQuery(
    trpc.portal.sessions.queryOptions(state.input, { placeholderData: keepPreviousData, refetchInterval: 5_000 }),
  );
  return (
    <>
      <PageHeader
        title="My sessions"
        description="Each time your profile was used. Somebody else’s? Tell your admin, and change your password."
      />
      {sessions.error && !sessions.data ? (
        <NotShown error={sessions.error} onRetry={sessions.refetch} isRetrying={sessions.isFetching} />
      ) : (
        <DataTable
          label="My sessions"
          state={state}
          query={sessions}
          columns={columns}
          rowId={(session) => session.id}
          searchPlaceholder={false}
          empty={
            <EmptyState
              icon={<Cable aria-hidden />}
              title="You have not connected yet"
              action={
                <LinkButton href={paths.portal.home} variant="primary">
                  To my profile
                </LinkButton>
              }
            >
              Download your profile and import it into a VPN client.
            </EmptyState>
          }
        />
      )}
    </>
  );
}

const columns: Column<Session>[] = [
  {
    id: "connectedAt",
    header: "Connected",
    sortable: true,
    cell: (session) =>
      session.disconnectedAt ? (
        <DateTime date={session.connectedAt} />
      ) : (
        <Status tone="ok" pulse>
          <span>
            Now, since <DateTime date={session.connectedAt} />
          </span>
        </Status>
      ),
  },
  {
    id: "duration",
    header: "For",
    width: "8rem",
    cell: (session) => <Elapsed since={session.connectedAt} until={session.disconnectedAt} />,
  },
  { id: "gateway", header: "Gateway", cell: (session) => session.gatewayName },
  { id: "from", header: "From", mono: true, cell: (session) => session.realAddress },
  {
    id: "bytes",
    header: "Sent, received",
    hideBelow: "md",
    cell: (session) => `${formatBytes(session.received)}, ${formatBytes(session.sent)}`,
  },
  {
    id: "end",
    header: "Ended because",
    hideBelow: "lg",
    cell: (session) => <span className="text-muted">{session.endReason ?? "–"}</span>,
  },
];
