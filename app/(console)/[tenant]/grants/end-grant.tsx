"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

export function EndGrant({
  grant,
  onClose,
}: {
  grant: { id: string; account: { name: string } } | undefined;
  onClose: () => void;
}) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const announce = useChange();
  const end = useMutation(trpc.grants.end.mutationOptions());
  return (
    <ConfirmDialog
      open={grant !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`End ${grant?.account.name ?? "this"}’s grant now?`}
      description="What it opened is shut at once, and connections under it stop. Their policies stay as they are."
      confirmLabel="End grant"
      onConfirm={async () => {
        if (!grant) return;
        const { revision } = await end.mutateAsync({ tenantId, grantId: grant.id });
        announce(revision, {
          pending: `Ending ${grant.account.name}’s grant`,
          done: `${grant.account.name}’s grant is over`,
          failed: `${grant.account.name}’s grant is not over everywhere`,
        });
      }}
    />
  );
}
