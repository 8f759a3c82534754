"use client";

import { useMutation } from "@tanstack/react-query";
import { useAnnounceChange } from "../_lib/change-receipt";
import { useTRPC } from "../_lib/trpc";
import { ConfirmDialog } from "../_ui/confirm-dialog";
import type { Holder } from "./holder";

interface LetInHolderProps {
  tenantId: string;
  holder: Holder;
  onClose: () => void;
}

/** Ends a kick before its time, in whichever tenant. */
export function LetInHolder({ tenantId, holder, onClose }: LetInHolderProps) {
  const trpc = useTRPC();
  const announce = useAnnounceChange(tenantId);
  const letAccountIn = useMutation(trpc.accounts.letIn.mutationOptions());
  const letDeviceIn = useMutation(trpc.devices.letIn.mutationOptions());
  const { id, name, kind } = holder;
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      tone="primary"
      title={`Let ${name} back in?`}
      description={
        kind === "account"
          ? "Before the time is over: they can connect again at once."
          : "Before the time is over: it can be reached again at once."
      }
      confirmLabel="Let back in"
      onConfirm={async () => {
        const { revision } =
          kind === "account"
            ? await letAccountIn.mutateAsync({ tenantId, accountId: id })
            : await letDeviceIn.mutateAsync({ tenantId, deviceId: id });
        announce(revision, {
          pending: `Letting ${name} back in`,
          done: kind === "account" ? `${name} may connect again` : `${name} can be reached again`,
          failed: `${name} is not let in everywhere`,
        });
      }}
    />
  );
}
