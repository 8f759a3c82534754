"use client";

import { Pencil } from "lucide-react";
import { Button } from "../../../../_ui/button";
import { Card } from "../../../../_ui/card";
import { Sheet } from "../../../../_ui/sheet";
import { usePanel } from "../../../../_ui/use-panel";
import { useStaff } from "../../_lib/use-staff";
import type { TenantFacts } from "./tenant-facts";
import { UplinkForm } from "./uplink-form";

/** How each gateway reaches the tenant's networks. */
export function TenantUplinks({ tenant }: { tenant: TenantFacts }) {
  const { whyNot } = useStaff();
  const panel = usePanel();
  const uplink = tenant.uplinks.find((each) => panel.is(`uplink-${each.gatewayId}`));
  return (
    <Card title="Uplinks" description="How each gateway reaches these networks." padding="none">
      {tenant.uplinks.length === 0 && <p className="p-4 text-sm text-muted">There is no gateway yet.</p>}
      <ul>
        {tenant.uplinks.map((each) => (
          <li
            key={each.gatewayId}
            className="flex min-h-11 items-center gap-3 border-b border-line/70 px-4 py-1.5 last:border-b-0"
          >
            <span className="w-32 shrink-0">
              <span className="block truncate text-sm">{each.gatewayName}</span>
              <span className="block truncate text-xs text-faint">{each.region}</span>
            </span>
            <span className="min-w-0 flex-1 truncate font-mono text-xs">
              {each.interface}
              {each.nextHop && <span className="text-muted"> via {each.nextHop}</span>}
            </span>
            <Button
              size="icon-sm"
              variant="ghost"
              icon={<Pencil aria-hidden />}
              aria-label={`Edit the uplink on ${each.gatewayName}`}
              disabledReason={whyNot("gateways:write")}
              onClick={() => panel.open(`uplink-${each.gatewayId}`)}
            />
          </li>
        ))}
      </ul>
      <Sheet
        open={uplink !== undefined}
        onOpenChange={panel.onOpenChange}
        title={`Uplink on ${uplink?.gatewayName ?? "a gateway"}`}
        description={`Where packets to ${tenant.name}'s networks leave the gateway.`}
      >
        {uplink && <UplinkForm key={uplink.gatewayId} tenantId={tenant.id} uplink={uplink} onDone={panel.close} />}
      </Sheet>
    </Card>
  );
}
