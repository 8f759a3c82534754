/**
 * What a gateway runs: its processes, its links, and how it tells the platform's clients from others. Made from its row,
 * the other gateways and our settings; sent where any of them says something else than what was sent.
 */
import { createHash } from "node:crypto";
import { formatAddress, parseCidr } from "@/gateway/protocol/addresses";
import type { FrontConfig, GatewayConfig, GatewayStateReply, ProcessConfig } from "@/gateway/protocol/api";
import { clientTrust } from "../certificates/certificates";
import { database } from "../core/db";
import { env } from "../core/env";
import { type GatewayAddress, putConfig } from "./client";
import { linksOf } from "./links";

interface Configured extends GatewayAddress {
  configVersion: number;
  configDigest: string | null;
  fronts: unknown;
  processes: unknown;
  draining: string[];
  isInMaintenance: boolean;
  drainPerSecond: number;
}

/** Idempotent: a gateway that has this version answers the same. */
export async function configure(gateway: Configured): Promise<GatewayStateReply> {
  const config = await configOf(gateway);
  const reply = await putConfig(gateway, { version: gateway.configVersion, ...config });
  const configDigest = digestOf(config);
  if (configDigest !== gateway.configDigest)
    await database().gateway.updateMany({ where: { id: gateway.id }, data: { configDigest } });
  return reply;
}

/**
 * The same, where the gateway has another version, or would be sent something else today. Workers with different settings
 * undo each other's work for as long as both run.
 * @returns the version that was sent
 */
export async function configureIfChanged(gateway: Configured, state: GatewayStateReply): Promise<number | undefined> {
  let { configVersion } = gateway;
  if (state.configVersion === configVersion) {
    if (digestOf(await configOf(gateway)) === gateway.configDigest) return undefined;
    const raised = { configVersion: configVersion + 1 };
    const { count } = await database().gateway.updateMany({ where: { id: gateway.id, configVersion }, data: raised });
    // It was changed, or raised by another worker, since it was read.
    if (count === 0) return undefined;
    configVersion = raised.configVersion;
  }
  await configure({ ...gateway, configVersion });
  return configVersion;
}

async function configOf(gateway: Configured): Promise<Omit<GatewayConfig, "version">> {
  return {
    range: env.VPN_RANGE,
    // The same on all gateways: a client that moves keeps its routes.
    rangeAddress: formatAddress(parseCidr(env.VPN_RANGE).base + 1),
    fronts: gateway.fronts as FrontConfig[],
    processes: gateway.processes as ProcessConfig[],
    draining: gateway.draining,
    isInMaintenance: gateway.isInMaintenance,
    drainPerSecond: gateway.drainPerSecond,
    pathMtu: env.VPN_PATH_MTU,
    zone: env.VPN_ZONE,
    links: await linksOf(gateway.id),
    ...(await clientTrust({ tx: database() })),
  };
}

const digestOf = (config: object) => createHash("sha256").update(JSON.stringify(config)).digest("hex");
