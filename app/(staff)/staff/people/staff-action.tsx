"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Api } from "../../../_lib/api-types";
import { useTRPC } from "../../../_lib/trpc";
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
  const { userId, name, email } = person;
  const disable = useMutation(trpc.staff.disable.mutationOptions());
  const sendLink = useMutation(trpc.staff.sendLink.mutationOptions());
  const words =
    action === "disable"
      ? {
          title: `Disable ${name}'s sign-in?`,
          description:
            "From their next click on they are out, in every browser and in every organisation that they are a member of. Enabling it again gives back the same password and role.",
          confirmLabel: "Disable sign-in",
          done: `${name} cannot sign in any more`,
        }
      : {
          title: `Send ${name} a password link?`,
          description: `${email} gets a mail with a link that sets a new password, once and within an hour. Until it is used, the present one goes on working.`,
          confirmLabel: "Send the link",
          done: `A link is on its way to ${email}`,
        };
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={words.title}
      description={words.description}
      confirmLabel={words.confirmLabel}
      tone={action === "disable" ? "danger" : "primary"}
      onConfirm={async () => {
        await (action === "disable" ? disable : sendLink).mutateAsync({ userId });
        toast.ok(words.done);
        void queryClient.invalidateQueries();
      }}
    />
  );
}
