"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../_lib/trpc";
import { BlockDialog } from "./block-dialog";
import type { Holder } from "./holder";

interface BlockHolderProps {
  tenantId: string;
  holder: Holder;
  onClose: () => void;
}

/** Blocks an account or a device for a while, in whichever tenant. */
export function BlockHolder({ tenantId, holder, onClose }: BlockHolderProps) {
  const trpc = useTRPC();
  const holdAccount = useMutation(trpc.accounts.hold.mutationOptions());
  const holdDevice = useMutation(trpc.devices.hold.mutationOptions());
  return (
    <BlockDialog
      tenantId={tenantId}
      name={holder.name}
      {...words[holder.kind]}
      onBlock={(input) =>
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
      "Their session is cut, and no gateway lets them in until the time is over. You can unblock them before.",
    reasonHint: "They read it at the next attempt, with until when.",
  },
  device: {
    description:
      "Nobody reaches it until the time is over, and connections that are open stop. You can unblock it before.",
    reasonHint: "Shown beside the device, and kept in the audit log.",
  },
} as const;
