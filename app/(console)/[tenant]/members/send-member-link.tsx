"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { toast } from "../../../_ui/toast";
import { useTenant } from "../../_lib/use-tenant";

interface SendMemberLinkProps {
  member: Api["members"]["list"]["rows"][number];
  onClose: () => void;
}

export function SendMemberLink({ member, onClose }: SendMemberLinkProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { tenantId } = useTenant();
  const send = useMutation(trpc.members.sendLink.mutationOptions());
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Send ${member.name} a password link?`}
      description={`${member.email} gets a mail with a link that sets a new password, once and within an hour. Until it is used, the present one goes on working.`}
      confirmLabel="Send the link"
      tone="primary"
      onConfirm={async () => {
        await send.mutateAsync({ tenantId, memberId: member.id });
        toast.ok(`A link is on its way to ${member.email}`);
        void queryClient.invalidateQueries();
      }}
    />
  );
}
