"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Cable, History } from "lucide-react";
import { useState } from "react";
import { BlockHolder } from "../../../_blocks/block-holder";
import { cutItems } from "../../../_blocks/cut-items";
import type { Holder } from "../../../_blocks/holder";
import { useTRPC } from "../../../_lib/trpc";
import { holderItem } from "../../../_sessions/holder-item";
import { holderOf, type Session } from "../../../_sessions/session";
import { liveColumns, pastColumns } from "../../../_sessions/session-columns";
import { DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { LinkButton } from "../../../_ui/link-button";
import { usePanel } from "../../../_ui/use-panel";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";
import { RevokeAccount } from "../accounts/revoke-account";
import { DisconnectSession } from "./disconnect-session";
import { SessionSheet } from "./session-sheet";

/** Sessions that are open now, or those that have ended; newest first. */
export function SessionsTable({ isLive }: { isLive: boolean }) {
  const trpc = useTRPC();
  const { tenantId, whyNot, paths } = useTenant();
  const panel = usePanel();
  const [ending, setEnding] = useState<Session>();
  const [blocking, setBlocking] = useState<Holder | null>(null);
  const [revoking, setRevoking] = useState<Holder | null>(null);
  const state = useTableState({
    sortable: ["connectedAt", "accountName"],
    sort: "-connectedAt",
    prefix: isLive ? "" : "past",
  });
  const query = useQuery(
    trpc.sessions.list.queryOptions(
      { tenantId, ...state.input, live: isLive },
      // The subscription says when to read again; this is for when it is down.
      { placeholderData: keepPreviousData, refetchInterval: 15_000 },
    ),
  );
  const cut = (session: Session) => {
    const holder = holderOf(session);
    return cutItems(session.deviceId ? "device" : "account", {
      disconnect: { disabledReason: whyNot("sessions:write"), onSelect: () => setEnding(session) },
      block: holder && { disabledReason: whyNot("holds:write"), onSelect: () => setBlocking(holder) },
      revoke:
        holder?.kind === "account"
          ? { disabledReason: whyNot("accounts:write"), onSelect: () => setRevoking(holder) }
          : null,
    });
  };
  return (
    <>
      <DataTable
        label={isLive ? "Live sessions" : "Past sessions"}
        state={state}
        // Rows that follow by themselves are not dimmed while they are read again.
        query={{ ...query, isFetching: query.isPlaceholderData }}
        columns={isLive ? liveColumns : pastColumns}
        rowId={(session) => session.id}
        onOpen={(session) => panel.open(session.id)}
        openRowId={panel.value}
        searchPlaceholder="Search by account, device or address"
        rowMenu={(session) => [...holderItem(session, paths), ...(session.disconnectedAt ? [] : cut(session))]}
        empty={
          isLive ? (
            <EmptyState
              icon={<Cable aria-hidden />}
              title="Nobody is connected"
              action={<LinkButton href={paths.accounts}>See who may connect</LinkButton>}
            >
              A session appears here by itself, within a second of somebody connecting.
            </EmptyState>
          ) : (
            <EmptyState icon={<History aria-hidden />} title="No session has ended yet">
              Each session stays here after it ends, with why it ended.
            </EmptyState>
          )
        }
      />
      <SessionSheet panel={panel} sessions={query.data?.rows} onDisconnect={setEnding} />
      {blocking && <BlockHolder tenantId={tenantId} holder={blocking} onClose={() => setBlocking(null)} />}
      {revoking && <RevokeAccount account={revoking} onClose={() => setRevoking(null)} />}
      <DisconnectSession session={ending} onClose={() => setEnding(undefined)} />
    </>
  );
}
