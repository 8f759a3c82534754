"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

interface DeleteAccountProps {
  account: { id: string; name: string };
  onClose: () => void;
  onDeleted?: () => void;
}

export function DeleteAccount({ account, onClose, onDeleted }: DeleteAccountProps) {
  const { tenantId } = useTenant();
  const trpc = useTRPC();
  const announce = useChange();
  const remove = useMutation(trpc.accounts.delete.mutationOptions());
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete ${account.name}?`}
      description="Their session is cut, and their profile, password and address are gone for good; past sessions and the audit stay. To keep the way back open, revoke the access instead."
      confirmLabel="Delete account"
      typeToConfirm={account.name}
      onConfirm={async () => {
        const { revision } = await remove.mutateAsync({ tenantId, accountId: account.id });
        onDeleted?.();
        announce(revision, {
          pending: `Deleting ${account.name}`,
          done: `${account.name} is deleted`,
          failed: `${account.name} is not gone everywhere`,
        });
      }}
    />
  );
}
