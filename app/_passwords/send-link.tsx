"use client";

import { useQueryClient } from "@tanstack/react-query";
import { ConfirmDialog } from "../_ui/confirm-dialog";
import { toast } from "../_ui/toast";

interface SendLinkProps {
  person: { name: string; email: string };
  /** How long the link works: "an hour". */
  within: string;
  send: () => Promise<unknown>;
  onClose: () => void;
}

/** Sends somebody a mail with a link that sets their password. */
export function SendLink({ person: { name, email }, within, send, onClose }: SendLinkProps) {
  const queryClient = useQueryClient();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Send ${name} a password link?`}
      description={`${email} gets a mail with a link that sets a new password, once and within ${within}. Until it is used, the present one goes on working.`}
      confirmLabel="Send the link"
      tone="primary"
      onConfirm={async () => {
        await send();
        toast.ok(`A link is on its way to ${email}`);
        void queryClient.invalidateQueries();
      }}
    />
  );
}
