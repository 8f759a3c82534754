"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { ErrorState } from "../../../_ui/error-state";
import { Sheet } from "../../../_ui/sheet";
import { SkeletonText } from "../../../_ui/skeleton";
import type { usePanel } from "../../../_ui/use-panel";
import { useTenant } from "../../_lib/use-tenant";
import { DeviceDetails } from "./device-details";
import { DeviceForm } from "./device-form";

/** The form of a new device, or of the one whose id is in the address. */
export function DeviceSheet({ panel }: { panel: ReturnType<typeof usePanel> }) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const deviceId = panel.value && !panel.is("new") ? panel.value : undefined;
  const device = useQuery(
    trpc.devices.get.queryOptions(
      { tenantId, deviceId: deviceId ?? "" },
      { enabled: deviceId !== undefined, refetchInterval: 5_000 },
    ),
  );
  return (
    <Sheet
      // A name in DNS is long, and is there to be read.
      size="lg"
      open={panel.value !== null}
      onOpenChange={panel.onOpenChange}
      title={panel.is("new") ? "New device" : (device.data?.name ?? "Device")}
    >
      {panel.is("new") ? (
        <DeviceForm
          onDone={(created) => (created?.attachment === "openvpn" ? panel.open(created.id) : panel.close())}
        />
      ) : device.error ? (
        <ErrorState error={device.error} title="This device could not be loaded" onRetry={device.refetch} />
      ) : device.data ? (
        <div className="flex flex-col gap-6">
          <DeviceDetails device={device.data} />
          <DeviceForm key={device.data.id} device={device.data} onDone={panel.close} />
        </div>
      ) : (
        <SkeletonText lines={6} />
      )}
    </Sheet>
  );
}
