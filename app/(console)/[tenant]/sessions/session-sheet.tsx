"use client";

import { useQuery } from "@tanstack/react-query";
import { Unplug } from "lucide-react";
import { useTRPC } from "../../../_lib/trpc";
import { HolderLink } from "../../../_sessions/holder-link";
import { nameOfHolder, type Session } from "../../../_sessions/session";
import { SessionDetails } from "../../../_sessions/session-details";
import { useKept } from "../../../_sessions/use-kept";
import { Button } from "../../../_ui/button";
import { Sheet } from "../../../_ui/sheet";
import type { usePanel } from "../../../_ui/use-panel";
import { useTenant } from "../../_lib/use-tenant";

interface SessionSheetProps {
  panel: ReturnType<typeof usePanel>;
  sessions: readonly Session[] | undefined;
  onDisconnect: (session: Session) => void;
}

/** One session beside the list, which stays in use; it goes on being shown when it leaves the list by ending. */
export function SessionSheet({ panel, sessions, onDisconnect }: SessionSheetProps) {
  const trpc = useTRPC();
  const { tenantId, whyNot, paths } = useTenant();
  const session = useKept(sessions, panel.value);
  const samples = useQuery(
    trpc.sessions.traffic.queryOptions(
      { tenantId, sessionId: session?.id ?? "", connectedAt: session?.connectedAt ?? new Date(0) },
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
        !session.disconnectedAt && (
          <Button
            variant="danger"
            icon={<Unplug aria-hidden />}
            disabledReason={whyNot("sessions:write")}
            onClick={() => onDisconnect(session)}
          >
            Disconnect…
          </Button>
        )
      }
    >
      {session && (
        <SessionDetails
          session={session}
          samples={samples.data}
          holder={<HolderLink session={session} paths={paths} />}
        />
      )}
    </Sheet>
  );
}
