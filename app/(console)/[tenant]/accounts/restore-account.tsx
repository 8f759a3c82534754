"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

interface RestoreAccountProps {
  account: { id: string; name: string };
  onClose: () => void;
}

export function RestoreAccount({ account, onClose }: RestoreAccountProps) {
  const { tenantId } = useTenant();
  const trpc = useTRPC();
  const announce = useChange();
  const restore = useMutation(trpc.accounts.restore.mutationOptions());
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      tone="primary"
      title={`Restore ${account.name}’s access?`}
      description="With the password, the profile and the policies that they had. They can connect again at once."
      confirmLabel="Restore access"
      onConfirm={async () => {
        const { revision } = await restore.mutateAsync({ tenantId, accountId: account.id });
        announce(revision, {
          pending: `Restoring ${account.name}’s access`,
          done: `${account.name}’s access is restored`,
          failed: `${account.name}’s access is not restored everywhere`,
        });
      }}
    />
  );
}
