"use client";

import { useMutation } from "@tanstack/react-query";
import { useAnnounceChange } from "../_lib/change-receipt";
import { useTRPC } from "../_lib/trpc";
import { ConfirmDialog } from "../_ui/confirm-dialog";
import type { Holder } from "./holder";

interface UnblockHolderProps {
  tenantId: string;
  holder: Holder;
  onClose: () => void;
}

/** Ends a block before its time, in whichever tenant. */
export function UnblockHolder({ tenantId, holder, onClose }: UnblockHolderProps) {
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
      title={`Unblock ${name}?`}
      description={
        kind === "account"
          ? "Before the time is over: they can connect again at once."
          : "Before the time is over: it can be reached again at once."
      }
      confirmLabel="Unblock"
      onConfirm={async () => {
        const { revision } =
          kind === "account"
            ? await letAccountIn.mutateAsync({ tenantId, accountId: id })
            : await letDeviceIn.mutateAsync({ tenantId, deviceId: id });
        announce(revision, {
          pending: `Unblocking ${name}`,
          done: kind === "account" ? `${name} may connect again` : `${name} can be reached again`,
          failed: `${name} is not unblocked everywhere`,
        });
      }}
    />
  );
}
