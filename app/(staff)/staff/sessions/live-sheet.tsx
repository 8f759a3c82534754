"use client";

import { useQuery } from "@tanstack/react-query";
import { Ban, Unplug } from "lucide-react";
import type { Api } from "../../../_lib/api-types";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { HolderLink } from "../../../_sessions/holder-link";
import { holderOf, nameOfHolder } from "../../../_sessions/session";
import { SessionDetails } from "../../../_sessions/session-details";
import { useKept } from "../../../_sessions/use-kept";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { Sheet } from "../../../_ui/sheet";
import { TextLink } from "../../../_ui/text-link";
import type { usePanel } from "../../../_ui/use-panel";
import { useStaff } from "../_lib/use-staff";

export type LiveSession = Api["live"]["list"]["rows"][number];

interface LiveSheetProps {
  panel: ReturnType<typeof usePanel>;
  sessions: readonly LiveSession[] | undefined;
  onBlock: (session: LiveSession) => void;
  onDisconnect: (session: LiveSession) => void;
}

/** One session beside the list; it goes on being shown when it leaves the list. */
export function LiveSheet({ panel, sessions, onBlock, onDisconnect }: LiveSheetProps) {
  const trpc = useTRPC();
  const { whyNot } = useStaff();
  const session = useKept(sessions, panel.value);
  const hasLeft = session !== undefined && sessions !== undefined && !sessions.some((row) => row.id === session.id);
  const samples = useQuery(
    trpc.sessions.traffic.queryOptions(
      {
        tenantId: session?.tenantId ?? "",
        sessionId: session?.id ?? "",
        connectedAt: session?.connectedAt ?? new Date(0),
      },
      { enabled: session !== undefined },
    ),
  );
  return (
    <Sheet
      modal={false}
      size="lg"
      open={session !== undefined}
      onOpenChange={panel.onOpenChange}
      title={session ? nameOfHolder(session) : "Session"}
      footer={
        session &&
        !hasLeft && (
          <>
            <Button
              variant="danger"
              icon={<Unplug aria-hidden />}
              disabledReason={whyNot("live:write")}
              onClick={() => onDisconnect(session)}
            >
              Disconnect…
            </Button>
            {holderOf(session) && (
              <Button icon={<Ban aria-hidden />} disabledReason={whyNot("live:write")} onClick={() => onBlock(session)}>
                Block for a while…
              </Button>
            )}
          </>
        )
      }
    >
      {hasLeft && (
        <Callout tone="neutral" className="mb-4" title="No longer in the list">
          It has ended, or it does not fit the search and the filters. Below is what was last known of it.
        </Callout>
      )}
      {session && (
        <SessionDetails
          session={session}
          samples={samples.data}
          holder={<HolderLink session={session} paths={paths.tenant(session.slug)} />}
          tenant={<TextLink href={paths.staff.tenant(session.tenantId)}>{session.tenantName}</TextLink>}
        />
      )}
    </Sheet>
  );
}
