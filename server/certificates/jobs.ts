import { z } from "zod";
import { defineJob } from "../core/queue";

/** Hourly: mails those whose profile is about to end, and retires renewed certificates that the collector missed. */
export const certificatesWatch = defineJob({
  name: "certificates.watch",
  schema: z.object({}),
  attempts: 3,
  backoffMs: 60_000,
  concurrency: 1,
});
