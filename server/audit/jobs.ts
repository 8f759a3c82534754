import { z } from "zod";
import { defineJob } from "../core/queue";

/** Hourly: hands out the signed head of each chain that has grown and was not handed out within a day. */
export const auditHand = defineJob({
  name: "audit.hand",
  schema: z.object({}),
  attempts: 3,
  backoffMs: 60_000,
  concurrency: 1,
});
