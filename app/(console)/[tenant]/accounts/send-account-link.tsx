"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { SendLink } from "../../../_passwords/send-link";
import { useTenant } from "../../_lib/use-tenant";

interface SendAccountLinkProps {
  account: { id: string; name: string; email: string; mustChangePassword: boolean };
  onClose: () => void;
}

export function SendAccountLink({ account, onClose }: SendAccountLinkProps) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const send = useMutation(trpc.passwordLinks.sendToAccount.mutationOptions());
  return (
    <SendLink
      person={account}
      within={account.mustChangePassword ? "7 days" : "an hour"}
      send={() => send.mutateAsync({ tenantId, accountId: account.id })}
      onClose={onClose}
    />
  );
}
