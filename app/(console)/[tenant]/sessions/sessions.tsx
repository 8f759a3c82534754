"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { useTRPC } from "../../../_lib/trpc";
import { LiveMark } from "../../../_sessions/live-mark";
import { useLiveRefresh } from "../../../_sessions/use-live-refresh";
import { PageHeader } from "../../../_ui/page-header";
import { Tabs } from "../../../_ui/tabs";
import { useTenant } from "../../_lib/use-tenant";
import { RefusalsTable } from "./refusals-table";
import { RefusedPacketsTable } from "./refused-packets-table";
import { SecondSession } from "./second-session";
import { SessionsTable } from "./sessions-table";

/** Who is connected, who was, who was turned away, and what was kept from them; it follows what happens by itself. */
export function Sessions() {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const refresh = useLiveRefresh([
    trpc.sessions.list.pathFilter(),
    trpc.sessions.refusals.pathFilter(),
    trpc.sessions.refusedPackets.pathFilter(),
    trpc.sessions.traffic.pathFilter(),
  ]);
  const changes = useSubscription(
    // Once connected, what happened before that is read too.
    trpc.sessions.changes.subscriptionOptions({ tenantId }, { onData: refresh, onStarted: refresh }),
  );
  return (
    <>
      <PageHeader
        title="Sessions"
        description="One connection each, from connecting to disconnecting, as the gateways tell it."
        badge={<LiveMark status={changes.status} />}
        actions={<SecondSession />}
      />
      <Tabs
        param="view"
        tabs={[
          { value: "live", label: "Live", content: <SessionsTable key="live" isLive /> },
          { value: "past", label: "Past", content: <SessionsTable key="past" isLive={false} /> },
          { value: "refused", label: "Refused connections", content: <RefusalsTable /> },
          { value: "packets", label: "Refused packets", content: <RefusedPacketsTable /> },
        ]}
      />
    </>
  );
}
