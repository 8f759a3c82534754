"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { DisconnectDialog } from "../../../_sessions/disconnect-dialog";
import { type Held, nameOfHolder } from "../../../_sessions/session";
import { toast } from "../../../_ui/toast";
import { useTenant } from "../../_lib/use-tenant";

interface DisconnectSessionProps {
  session: (Held & { id: string }) | undefined;
  onClose: () => void;
}

export function DisconnectSession({ session, onClose }: DisconnectSessionProps) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const disconnect = useMutation(trpc.sessions.disconnect.mutationOptions());
  return (
    <DisconnectDialog
      session={session}
      onClose={onClose}
      onDisconnect={async (reason) => {
        if (!session) return;
        await disconnect.mutateAsync({ tenantId, sessionId: session.id, reason });
        toast.ok(
          `${nameOfHolder(session)} is being disconnected`,
          "The session leaves the list once its gateway has cut it.",
        );
      }}
    />
  );
}
