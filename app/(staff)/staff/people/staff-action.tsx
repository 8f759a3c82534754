"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
import { SendLink } from "../../../_passwords/send-link";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { toast } from "../../../_ui/toast";

export type StaffActionName = "disable" | "sendLink";

interface StaffActionDialogProps {
  person: Api["staff"]["list"]["rows"][number];
  action: StaffActionName;
  onClose: () => void;
}

export function StaffActionDialog({ person, action, onClose }: StaffActionDialogProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { userId, name } = person;
  const disable = useMutation(trpc.staff.disable.mutationOptions());
  const sendLink = useMutation(trpc.staff.sendLink.mutationOptions());
  if (action === "sendLink")
    return (
      <SendLink person={person} within="an hour" send={() => sendLink.mutateAsync({ userId })} onClose={onClose} />
    );
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Disable ${name}'s sign-in?`}
      description="From their next click on they are out, in every browser and in every organisation that they are a member of. Enabling it again gives back the same password and role."
      confirmLabel="Disable sign-in"
      onConfirm={async () => {
        await disable.mutateAsync({ userId });
        toast.ok(`${name} cannot sign in any more`);
        void queryClient.invalidateQueries();
      }}
    />
  );
}
