/**
 * Links between gateways, and where devices are, so that a person at one gateway reaches a device at another. Every two
 * enrolled gateways have one link; where devices are is what the session ledger says.
 */
import type { LinkConfig, Locations } from "@/gateway/protocol/api";
import { database, inTransaction, system } from "../core/db";
import { env } from "../core/env";
import { type GatewayAddress, putLocations } from "./client";

/**
 * With the certificates by which each peer is known today; a peer that is known by none has no link. The gateway itself may
 * be about to enrol.
 */
export async function linksOf(gatewayId: string): Promise<LinkConfig[]> {
  const gateways = await database().gateway.findMany({
    where: { OR: [{ enrolledAt: { not: null } }, { id: gatewayId }] },
    select: { id: true, number: true, publicHost: true, fingerprint: true, nextFingerprint: true },
    orderBy: { number: "asc" },
  });
  const known = new Map(
    gateways.map(({ id, fingerprint, nextFingerprint }) => [
      id,
      [fingerprint, nextFingerprint].filter((print) => print !== null),
    ]),
  );
  return linksAmong(gateways, gatewayId)
    .map((link) => ({ ...link, fingerprints: known.get(link.peer)! }))
    .filter(({ fingerprints }) => fingerprints.length > 0);
}

/** Of two gateways that with the lower id listens, on a port that is the other's everywhere. */
export function linksAmong(
  gateways: { id: string; number: number; publicHost: string }[],
  gatewayId: string,
  firstPort = env.LINK_FIRST_PORT,
): LinkConfig[] {
  const own = gateways.find(({ id }) => id === gatewayId);
  if (!own) return [];
  return gateways
    .filter(({ id }) => id !== gatewayId)
    .map((peer) =>
      own.id < peer.id
        ? { peer: peer.id, host: null, port: firstPort + peer.number }
        : { peer: peer.id, host: peer.publicHost, port: firstPort + own.number },
    );
}

export interface Whereabouts {
  version: number;
  /** Addresses of the devices that are at each gateway, sorted. */
  byGateway: Map<string, string[]>;
}

/**
 * A gateway is believed that a device is there, and not with which address: every other one routes it to that gateway.
 * By the database's clock, so that what is read later has the higher version whoever reads it.
 */
export async function findDevices(): Promise<Whereabouts> {
  const rows = await inTransaction(
    system,
    { isWorker: true },
    ({ tx }) => tx.$queryRaw<{ version: number; gateway_id: string | null; address: string }[]>`
      SELECT n.version, s.gateway_id, s.address FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS version) n
      LEFT JOIN (
        SELECT DISTINCT ON (s.tenant_id, s.device_id) s.gateway_id, host(d.address) AS address, d.address AS held FROM sessions s
        JOIN devices d ON d.tenant_id = s.tenant_id AND d.id = s.device_id AND d.attachment = 'openvpn'
        WHERE s.disconnected_at IS NULL ORDER BY s.tenant_id, s.device_id, s.began_at DESC
      ) s ON true ORDER BY s.held`,
  );
  const byGateway = new Map<string, string[]>();
  for (const { gateway_id: gatewayId, address } of rows) {
    if (gatewayId === null) continue;
    const list = byGateway.get(gatewayId);
    if (list) list.push(address);
    else byGateway.set(gatewayId, [address]);
  }
  return { version: Math.floor(rows[0]!.version), byGateway };
}

/** What one gateway is told: where the devices are that are not at itself. */
export function locationsFor(gatewayId: string, { version, byGateway }: Whereabouts): Locations {
  const peers = [...byGateway]
    .filter(([peer]) => peer !== gatewayId)
    .map(([peer, addresses]) => ({ peer, addresses }))
    .sort((a, b) => (a.peer < b.peer ? -1 : 1));
  return { version, peers };
}

/** Tells all gateways where devices are. One that does not answer is told by the sweep. */
export async function tellLocations(): Promise<void> {
  const gateways = await database().gateway.findMany({ where: { enrolledAt: { not: null } } });
  if (gateways.length < 2) return;
  const whereabouts = await findDevices();
  await Promise.allSettled(gateways.map((gateway) => tell(gateway, whereabouts)));
}

export const tell = (gateway: GatewayAddress, whereabouts: Whereabouts): Promise<void> =>
  putLocations(gateway, locationsFor(gateway.id, whereabouts));
