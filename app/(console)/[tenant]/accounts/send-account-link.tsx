"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { toast } from "../../../_ui/toast";
import { useTenant } from "../../_lib/use-tenant";

interface SendAccountLinkProps {
  account: { id: string; name: string; email: string; mustChangePassword: boolean };
  onClose: () => void;
}

export function SendAccountLink({ account, onClose }: SendAccountLinkProps) {
  const { id: accountId, name, email, mustChangePassword } = account;
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { tenantId } = useTenant();
  const send = useMutation(trpc.passwordLinks.sendToAccount.mutationOptions());
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Send ${name} a password link?`}
      description={`${email} gets a mail with a link that sets a new password, once and within ${mustChangePassword ? "7 days" : "an hour"}. Until it is used, the present one goes on working.`}
      confirmLabel="Send the link"
      tone="primary"
      onConfirm={async () => {
        await send.mutateAsync({ tenantId, accountId });
        toast.ok(`A link is on its way to ${email}`);
        void queryClient.invalidateQueries();
      }}
    />
  );
}
