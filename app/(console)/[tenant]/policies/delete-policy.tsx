"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

interface DeletePolicyProps {
  policy: { id: string; name: string } | undefined;
  onClose: () => void;
  onDeleted?: () => void;
}

export function DeletePolicy({ policy, onClose, onDeleted }: DeletePolicyProps) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const announce = useChange();
  const remove = useMutation(trpc.policies.delete.mutationOptions());
  return (
    <ConfirmDialog
      open={policy !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Delete ${policy?.name ?? "this policy"}?`}
      description="What it opens is shut at once, open connections included, unless another policy opens it too. To shut it for a while only, switch the policy off."
      confirmLabel="Delete policy"
      onConfirm={async () => {
        if (!policy) return;
        const { revision } = await remove.mutateAsync({ tenantId, policyId: policy.id });
        onDeleted?.();
        announce(revision, {
          pending: `Shutting what ${policy.name} opened`,
          done: `${policy.name} is deleted`,
          failed: `${policy.name} is not shut everywhere yet`,
        });
      }}
    />
  );
}
