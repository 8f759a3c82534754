/** What a gateway runs: its processes, and how it tells the platform's clients from others. */
import { formatAddress, parseCidr } from "@/gateway/protocol/addresses";
import type { FrontConfig, GatewayConfig, GatewayStateReply, ProcessConfig } from "@/gateway/protocol/api";
import { clientTrust } from "../certificates/certificates";
import { database } from "../core/db";
import { env } from "../core/env";
import { type GatewayAddress, putConfig } from "./client";
import { linksOf } from "./links";

/** Idempotent: a gateway that has this version answers the same. */
export async function configure(
  gateway: GatewayAddress & {
    configVersion: number;
    fronts: unknown;
    processes: unknown;
    draining: string[];
    isInMaintenance: boolean;
    drainPerSecond: number;
  },
): Promise<GatewayStateReply> {
  const config: GatewayConfig = {
    version: gateway.configVersion,
    range: env.VPN_RANGE,
    // The same on all gateways: a client that moves keeps its routes.
    rangeAddress: formatAddress(parseCidr(env.VPN_RANGE).base + 1),
    fronts: gateway.fronts as FrontConfig[],
    processes: gateway.processes as ProcessConfig[],
    draining: gateway.draining,
    isInMaintenance: gateway.isInMaintenance,
    drainPerSecond: gateway.drainPerSecond,
    zone: env.VPN_ZONE,
    links: await linksOf(gateway.id),
    ...(await clientTrust({ tx: database() })),
  };
  return putConfig(gateway, config);
}
