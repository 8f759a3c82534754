"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { toast } from "../../../_ui/toast";
import { useTenant } from "../../_lib/use-tenant";

interface RemoveMemberProps {
  member: Api["members"]["list"]["rows"][number];
  onClose: () => void;
}

export function RemoveMember({ member, onClose }: RemoveMemberProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { tenantId, name } = useTenant();
  const remove = useMutation(trpc.members.remove.mutationOptions());
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Remove ${member.name}?`}
      description={`From their next click on, ${name} is not there for them. What they did stays in the audit; a VPN account of theirs is not touched.`}
      confirmLabel="Remove member"
      onConfirm={async () => {
        await remove.mutateAsync({ tenantId, memberId: member.id });
        toast.ok(`${member.name} is no member any more`);
        void queryClient.invalidateQueries();
      }}
    />
  );
}
