"use client";

import { useMutation } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { useTenant } from "../../_lib/use-tenant";
import { HoldDialog } from "../_components/hold-dialog";

interface HoldDeviceProps {
  device: { id: string; name: string };
  onClose: () => void;
}

export function HoldDevice({ device, onClose }: HoldDeviceProps) {
  const { tenantId } = useTenant();
  const trpc = useTRPC();
  const hold = useMutation(trpc.devices.hold.mutationOptions());
  return (
    <HoldDialog
      name={device.name}
      description="Nobody reaches it until the time is over, and connections that are open stop. You can let it back in before."
      reasonHint="Shown beside the device, and kept in the audit log."
      onHold={(input) => hold.mutateAsync({ tenantId, deviceId: device.id, ...input })}
      onClose={onClose}
    />
  );
}
