/** How links between gateways are, as the agents at their ends last told, and what to look at where one is down. */
import { z } from "zod";
import type { Tx } from "../core/db";
import { linksAmong } from "./links";

export interface LinkRow {
  peerId: string;
  peer: string;
  region: string;
  /** Unknown: the gateway does not say, or not lately. */
  status: "up" | "down" | "unknown";
  /** When that began; null where it is unknown. */
  since: Date | null;
  /** Bytes of packets that came from the peer and went to it since the link is up. */
  received: number;
  sent: number;
  /** What to look at, for a person; null while it is up. */
  advice: string | null;
  /** Whether the peer answers the control plane: then a link that is down is not merely its death. */
  isPeerSeen: boolean;
}

export interface LinkEnd {
  id: string;
  name: string;
  region: string;
  number: number;
  publicHost: string;
  /** Whether it was heard of lately. */
  isSeen: boolean;
  /** Of its state, as it said. */
  links: unknown;
}

/** All enrolled gateways. */
export function findLinkEnds(tx: Tx): Promise<LinkEnd[]> {
  return tx.$queryRaw<LinkEnd[]>`
    SELECT g.id, g.name, r.name AS region, g.number, g.public_host AS "publicHost", g.state->'links' AS links,
      coalesce(g.error IS NULL AND g.last_seen_at > now() - interval '15 seconds', false) AS "isSeen"
    FROM gateways g JOIN regions r ON r.id = g.region_id WHERE g.enrolled_at IS NOT NULL ORDER BY r.name, g.name`;
}

/** One for each other gateway; none of a gateway that is not enrolled. */
export function linkRows(ends: LinkEnd[], gatewayId: string, firstPort?: number): LinkRow[] {
  const own = ends.find(({ id }) => id === gatewayId);
  const told = readStates(own);
  const planned = new Map(linksAmong(ends, gatewayId, firstPort).map((link) => [link.peer, link]));
  return ends.flatMap((peer) => {
    const link = planned.get(peer.id);
    if (!own || !link) return [];
    const state = told?.find((one) => one.peer === peer.id);
    const listens = link.host === null ? own : peer;
    const door = `UDP port ${link.port} of ${listens.publicHost} (${listens.name}) must be open to ${(listens === own ? peer : own).name}`;
    const row = { peerId: peer.id, peer: peer.name, region: peer.region, isPeerSeen: peer.isSeen };
    const unknown = (advice: string): LinkRow => ({
      ...row,
      status: "unknown",
      since: null,
      received: 0,
      sent: 0,
      advice,
    });
    if (!own.isSeen) return unknown(`${own.name} does not answer, so nothing is known of it.`);
    if (!told) return unknown(`The agent of ${own.name} is too old to say. Bring it up to date.`);
    if (!state) return unknown("The configuration with it is on its way.");
    const { isUp, since, received, sent } = state;
    if (isUp) return { ...row, status: "up", since, received, sent, advice: null };
    const advice = peer.isSeen
      ? `Nothing comes from ${peer.name}. ${door}; the agents' logs say more.`
      : `${peer.name} does not answer us either. See its page first; then: ${door}.`;
    return { ...row, status: "down", since, received: 0, sent: 0, advice };
  });
}

/** A captured gateway may say anything. @returns null where it says nothing that can be read */
function readStates(end: LinkEnd | undefined) {
  const parsed = linkStates.safeParse(end?.links);
  return parsed.success ? parsed.data : null;
}

const bytes = z.number().int().nonnegative();
const linkStates = z.array(
  z.object({ peer: z.string(), isUp: z.boolean(), since: z.coerce.date(), received: bytes, sent: bytes }),
);
