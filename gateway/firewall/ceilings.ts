/**
 * Ceilings: the most that one account may carry, each way. One chain for each distinct pair of rates; in it a set that
 * counts by the account's address, so that accounts of one rate do not share it. What goes over is dropped, which TCP
 * takes for a full link.
 */
import type { RateLimit } from "../protocol/document";
import type { Line } from "./ruleset";

export const ceilingName = ({ down, up }: RateLimit) => `l_${down}_${up}`;

/** What counts for a ceiling's chain, by its name. */
export const metersOf = (chain: string) => [`${chain}_up`, `${chain}_down`] as const;

export function compileCeiling(rate: RateLimit): Line[] {
  const [up, down] = metersOf(ceilingName(rate));
  return [
    { kind: "ceiling", direction: "original", meter: up, kbps: rate.up },
    { kind: "ceiling", direction: "reply", meter: down, kbps: rate.down },
  ];
}
