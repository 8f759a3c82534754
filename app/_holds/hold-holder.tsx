"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../_lib/trpc";
import { HoldDialog } from "./hold-dialog";
import type { Holder } from "./holder";

interface HoldHolderProps {
  tenantId: string;
  holder: Holder;
  onClose: () => void;
}

/** Kicks an account or a device, in whichever tenant. */
export function HoldHolder({ tenantId, holder, onClose }: HoldHolderProps) {
  const trpc = useTRPC();
  const holdAccount = useMutation(trpc.accounts.hold.mutationOptions());
  const holdDevice = useMutation(trpc.devices.hold.mutationOptions());
  return (
    <HoldDialog
      tenantId={tenantId}
      name={holder.name}
      {...words[holder.kind]}
      onHold={(input) =>
        holder.kind === "account"
          ? holdAccount.mutateAsync({ tenantId, accountId: holder.id, ...input })
          : holdDevice.mutateAsync({ tenantId, deviceId: holder.id, ...input })
      }
      onClose={onClose}
    />
  );
}

const words = {
  account: {
    description:
      "Their session is cut, and no gateway lets them in until the time is over. You can let them back in before.",
    reasonHint: "They read it at the next attempt, with until when.",
  },
  device: {
    description:
      "Nobody reaches it until the time is over, and connections that are open stop. You can let it back in before.",
    reasonHint: "Shown beside the device, and kept in the audit log.",
  },
} as const;
