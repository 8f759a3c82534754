"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

interface DeleteGroupProps {
  group: { id: string; name: string } | undefined;
  onClose: () => void;
  onDeleted?: () => void;
}

export function DeleteGroup({ group, onClose, onDeleted }: DeleteGroupProps) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const announce = useChange();
  const remove = useMutation(trpc.devices.deleteGroup.mutationOptions());
  return (
    <ConfirmDialog
      open={group !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Delete ${group?.name ?? "this group"}?`}
      description="Its devices stay, and stay in their other groups. No policy opens this one, so nobody loses access."
      confirmLabel="Delete group"
      onConfirm={async () => {
        if (!group) return;
        const { revision } = await remove.mutateAsync({ tenantId, groupId: group.id });
        onDeleted?.();
        announce(revision, {
          pending: `Taking ${group.name} out`,
          done: `${group.name} is deleted`,
          failed: `${group.name} is not gone everywhere yet`,
        });
      }}
    />
  );
}

/** Why a group cannot be deleted as it stands, or null where it can. */
export function whyGroupStays(group: { policies: readonly { name: string }[] }): string | null {
  if (group.policies.length === 0) return null;
  return `Opened by ${group.policies.map((policy) => policy.name).join(", ")}. Take it out of there first.`;
}
