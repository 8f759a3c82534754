"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";
import { useTenant } from "../../_lib/use-tenant";

/** Where a device's address may lie. */
export function NetworksHint() {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const overview = useQuery(trpc.tenants.overview.queryOptions({ tenantId }, { staleTime: 60_000 }));
  const networks = overview.data?.networks;
  if (!networks) return "An IPv4 address in one of your networks.";
  if (networks.length === 0)
    return "No network is set up for you yet. Ask your account manager to add one, then add devices.";
  return (
    <>
      In one of your networks:{" "}
      {networks.slice(0, most).map((network, index) => (
        <span key={network.id}>
          {index > 0 && ", "}
          <span className="font-mono whitespace-nowrap">{network.cidr}</span> {network.name}
        </span>
      ))}
      {networks.length > most && ` and ${networks.length - most} more`}.
    </>
  );
}

const most = 6;
