"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

interface DeleteDeviceProps {
  device: { id: string; name: string; address: string } | undefined;
  onClose: () => void;
  onDeleted?: () => void;
}

export function DeleteDevice({ device, onClose, onDeleted }: DeleteDeviceProps) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const announce = useChange();
  const remove = useMutation(trpc.devices.delete.mutationOptions());
  return (
    <ConfirmDialog
      open={device !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Delete ${device?.name ?? "this device"}?`}
      description={`Nobody can reach ${device?.address ?? "it"} through the VPN from then on, and connections to it are cut. You can add it again later.`}
      confirmLabel="Delete device"
      onConfirm={async () => {
        if (!device) return;
        const { revision } = await remove.mutateAsync({ tenantId, deviceId: device.id });
        onDeleted?.();
        announce(revision, {
          pending: `Closing the way to ${device.name}`,
          done: `${device.name} is deleted`,
          failed: `${device.name} is not yet shut off everywhere`,
        });
      }}
    />
  );
}
