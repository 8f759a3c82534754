"use client";

import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { Dialog } from "../../../_ui/dialog";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";
import { HandOver } from "./hand-over";

interface ResetPasswordProps {
  account: { id: string; name: string; email: string };
  onClose: () => void;
}

export function ResetPassword({ account, onClose }: ResetPasswordProps) {
  const { tenantId } = useTenant();
  const trpc = useTRPC();
  const announce = useChange();
  const [temporaryPassword, setTemporaryPassword] = useState<string>();
  const isReset = useRef(false);
  const reset = useMutation(trpc.accounts.resetPassword.mutationOptions());
  if (temporaryPassword !== undefined)
    return (
      <Dialog
        open
        onOpenChange={onClose}
        title="A new temporary password"
        description={`The old one of ${account.name} works no more.`}
        footer={
          <Button variant="primary" onClick={onClose}>
            I have handed it over
          </Button>
        }
      >
        <HandOver account={account} temporaryPassword={temporaryPassword} />
      </Dialog>
    );
  return (
    <ConfirmDialog
      open
      onOpenChange={() => {
        // It closes by itself once confirmed; by then the other dialog stands in its place.
        if (!isReset.current) onClose();
      }}
      title={`Reset ${account.name}’s password?`}
      description="You get a temporary password to hand over. They are signed out of the portal, and the VPN stays shut for them until they have chosen their own. Their profile stays as it is."
      confirmLabel="Reset password"
      onConfirm={async () => {
        const result = await reset.mutateAsync({ tenantId, accountId: account.id });
        isReset.current = true;
        setTemporaryPassword(result.temporaryPassword);
        announce(result.revision, {
          pending: `Resetting ${account.name}’s password`,
          done: `${account.name}’s password is reset`,
          failed: `${account.name}’s old password still works somewhere`,
        });
      }}
    />
  );
}
