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

/** The kernel forwards segments that were put together: with less, one of those would never pass. */
const leastBurstBytes = 70_000;
const burstSeconds = 0.2;

export function printCeiling({ direction, meter, kbps }: Extract<Line, { kind: "ceiling" }>): string {
  const bytesPerSecond = kbps * 125;
  const burst = Math.max(leastBurstBytes, Math.round(bytesPerSecond * burstSeconds));
  const limit = `limit rate over ${bytesPerSecond} bytes/second burst ${burst} bytes`;
  return `ct direction ${direction} update @${meter} { ct original ip saddr ${limit} } drop`;
}
