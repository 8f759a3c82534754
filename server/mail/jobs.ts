import { z } from "zod";
import { defineJob } from "../core/queue";

/** Hands one mail of the outbox to the mail server. A mail that was sent is not sent again. */
export const mailSend = defineJob({
  name: "mail.send",
  schema: z.object({ mailId: z.uuid() }),
  key: ({ mailId }) => mailId,
  attempts: 8,
  backoffMs: 2_000,
  concurrency: 4,
});

/** Queues mails again whose jobs were lost. */
export const mailSweep = defineJob({
  name: "mail.sweep",
  schema: z.object({}),
  attempts: 1,
  backoffMs: 1_000,
  concurrency: 1,
});
