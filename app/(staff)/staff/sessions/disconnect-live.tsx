"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { DisconnectDialog } from "../../../_sessions/disconnect-dialog";
import { nameOfHolder } from "../../../_sessions/session";
import { toast } from "../../../_ui/toast";
import type { LiveSession } from "./live-sheet";

export function DisconnectLive({ session, onClose }: { session: LiveSession | undefined; onClose: () => void }) {
  const trpc = useTRPC();
  const disconnect = useMutation(trpc.live.disconnect.mutationOptions());
  return (
    <DisconnectDialog
      session={session}
      onClose={onClose}
      onDisconnect={async (reason) => {
        if (!session) return;
        await disconnect.mutateAsync({ sessionId: session.id, reason });
        toast.ok(`${nameOfHolder(session)} is disconnected`, "The session leaves the list as its gateway tells so.");
      }}
    />
  );
}
