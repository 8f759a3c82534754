"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

interface LetAccountInProps {
  account: { id: string; name: string };
  onClose: () => void;
}

export function LetAccountIn({ account, onClose }: LetAccountInProps) {
  const { tenantId } = useTenant();
  const trpc = useTRPC();
  const announce = useChange();
  const letIn = useMutation(trpc.accounts.letIn.mutationOptions());
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      tone="primary"
      title={`Let ${account.name} back in?`}
      description="Before the time is over: they can connect again at once."
      confirmLabel="Let back in"
      onConfirm={async () => {
        const { revision } = await letIn.mutateAsync({ tenantId, accountId: account.id });
        announce(revision, {
          pending: `Letting ${account.name} back in`,
          done: `${account.name} may connect again`,
          failed: `${account.name} is not let in everywhere`,
        });
      }}
    />
  );
}
