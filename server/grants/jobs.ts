import { z } from "zod";
import { defineJob } from "../core/queue";

/** Every minute: takes what has lapsed, grants and holds, out of the document. Nothing depends on it being on time. */
export const grantsSweep = defineJob({
  name: "grants.sweep",
  schema: z.object({}),
  attempts: 1,
  backoffMs: 500,
  concurrency: 1,
});
