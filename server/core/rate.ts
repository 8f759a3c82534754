import { z } from "zod";

const kbps = z
  .number("Give a rate in kbit/s.")
  .int("Use whole kbit/s.")
  .min(64, "Use at least 64 kbit/s.")
  .max(10_000_000, "Use at most 10 Gbit/s.");

/** The most that one account may carry, each way, in kbit/s as seen from the client. */
export const rateField = z.object({ down: kbps, up: kbps });
