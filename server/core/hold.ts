/**
 * Holds: an account or a device blocked for a while, with a reason, on all gateways. It ends in their kernels and at their
 * doors by itself; the columns stay until the sweep has taken them and the document's entry away.
 */
import { z } from "zod";
import type { Hold } from "@/gateway/protocol/document";
import { reasonField } from "./text";

export interface HoldColumns {
  heldUntil: Date | null;
  holdReason: string | null;
}

/** From a minute to thirty days. */
export const minutesField = z
  .number("Say for how long.")
  .int("Use whole minutes.")
  .min(1, "Use at least a minute.")
  .max(30 * 24 * 60, "Use at most 30 days.");

export const holdFields = z.object({ reason: reasonField, minutes: minutesField });

export function holdColumns({ minutes, reason }: z.infer<typeof holdFields>): { heldUntil: Date; holdReason: string } {
  return { heldUntil: new Date(Date.now() + minutes * 60_000), holdReason: reason };
}

export const noHold = { heldUntil: null, holdReason: null } as const;

/** For the document. Without a look at the clock: what has lapsed and is not swept yet holds nobody. */
export function holdOf({ heldUntil, holdReason }: HoldColumns): Hold | null {
  return heldUntil && { until: heldUntil.toISOString(), reason: holdReason ?? "" };
}

/** For screens: null once it has lapsed. */
export function currentHold({ heldUntil, holdReason }: HoldColumns): { until: Date; reason: string } | null {
  return heldUntil && heldUntil > new Date() ? { until: heldUntil, reason: holdReason ?? "" } : null;
}
