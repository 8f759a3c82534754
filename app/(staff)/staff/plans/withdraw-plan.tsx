"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";

interface WithdrawPlanProps {
  plan: { id: string; name: string; tenants: number } | undefined;
  onClose: () => void;
}

export function WithdrawPlan({ plan, onClose }: WithdrawPlanProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const withdraw = useMutation(trpc.plans.withdraw.mutationOptions());
  return (
    <ConfirmDialog
      open={plan !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Withdraw ${plan?.name ?? "this plan"}?`}
      description={`No tenant can be put on it any more. ${plan && plan.tenants > 0 ? `${plural(plan.tenants, "tenant")} on it keep it.` : "No tenant is on it."}`}
      confirmLabel="Withdraw plan"
      onConfirm={async () => {
        if (!plan) return;
        await withdraw.mutateAsync({ planId: plan.id });
        await queryClient.invalidateQueries(trpc.plans.pathFilter());
      }}
    />
  );
}
