import { z } from "zod";
import { defineJob } from "../core/queue";

/** Sends a gateway everything that it is behind on. One at a time a gateway; a change that comes meanwhile runs it again. */
export const gatewayPush = defineJob({
  name: "gateway.push",
  schema: z.object({ gatewayId: z.uuid() }),
  key: ({ gatewayId }) => gatewayId,
  attempts: 6,
  backoffMs: 250,
  concurrency: 8,
});
