import { z } from "zod";
import { defineJob } from "../core/queue";

/**
 * Sends whoever has this email links to set a new password. A job, so that whoever asks is answered in the same time
 * whether or not anybody has it.
 */
export const passwordLinksSend = defineJob({
  name: "password-links.send",
  schema: z.object({ email: z.string() }),
  key: ({ email }) => email,
  attempts: 3,
  backoffMs: 2_000,
  concurrency: 2,
});
