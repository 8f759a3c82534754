"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { useTenant } from "../../_lib/use-tenant";
import { HoldDialog } from "../_components/hold-dialog";

interface HoldAccountProps {
  account: { id: string; name: string };
  onClose: () => void;
}

export function HoldAccount({ account, onClose }: HoldAccountProps) {
  const { tenantId } = useTenant();
  const trpc = useTRPC();
  const hold = useMutation(trpc.accounts.hold.mutationOptions());
  return (
    <HoldDialog
      name={account.name}
      description="Their session is cut, and no gateway lets them in until the time is over. You can let them back in before."
      reasonHint="They read it at the next attempt, with until when."
      onHold={(input) => hold.mutateAsync({ tenantId, accountId: account.id, ...input })}
      onClose={onClose}
    />
  );
}
