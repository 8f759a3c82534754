"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { useTRPC } from "../../../_lib/trpc";
import { LiveMark } from "../../../_sessions/live-mark";
import { useLiveRefresh } from "../../../_sessions/use-live-refresh";
import { PageHeader } from "../../../_ui/page-header";
import { Tabs } from "../../../_ui/tabs";
import { BlockedTable } from "./blocked-table";
import { LiveRefusals } from "./live-refusals";
import { LiveRefusedPackets } from "./live-refused-packets";
import { LiveSummary } from "./live-summary";
import { LiveTable } from "./live-table";

/** Everybody who is connected, whoever's they are; it follows what happens by itself. */
export function Live() {
  const trpc = useTRPC();
  const refresh = useLiveRefresh([trpc.live.pathFilter(), trpc.sessions.traffic.pathFilter()]);
  const changes = useSubscription(
    // Once connected, what happened before that is read too.
    trpc.live.changes.subscriptionOptions(undefined, { onData: refresh, onStarted: refresh }),
  );
  return (
    <>
      <PageHeader
        title="Live sessions"
        description="Everybody who is connected now, across all tenants."
        badge={<LiveMark status={changes.status} />}
      />
      <LiveSummary />
      <Tabs
        param="view"
        tabs={[
          { value: "live", label: "Connected", content: <LiveTable /> },
          { value: "blocked", label: "Blocked", content: <BlockedTable /> },
          { value: "refused", label: "Refused connections", content: <LiveRefusals /> },
          { value: "packets", label: "Refused packets", content: <LiveRefusedPackets /> },
        ]}
      />
    </>
  );
}
