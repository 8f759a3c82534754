import { z } from "zod";
import { defineJob } from "../core/queue";

/** Every minute, and when a plan's ceiling has changed: gives it to the tenants whose documents have another. */
export const plansPublish = defineJob({
  name: "plans.publish",
  schema: z.object({}),
  key: () => "all",
  attempts: 3,
  backoffMs: 1_000,
  concurrency: 1,
});
