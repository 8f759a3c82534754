import { z } from "zod";
import { defineJob } from "../core/queue";

const one = z.object({ gatewayId: z.uuid() });

/** Follows a gateway's events for a while by long poll, then adds itself again. */
export const gatewayCollect = defineJob({
  name: "gateway.collect",
  schema: one,
  key: ({ gatewayId }) => gatewayId,
  attempts: 1,
  backoffMs: 500,
  concurrency: 64,
});

/** Enrols a gateway that waits for it, once its agent answers. */
export const gatewayEnrol = defineJob({
  name: "gateway.enrol",
  schema: one,
  key: ({ gatewayId }) => gatewayId,
  attempts: 1,
  backoffMs: 500,
  concurrency: 4,
});

/** A device came in somewhere: tells the other gateways. */
export const gatewayLocate = defineJob({
  name: "gateway.locate",
  schema: z.object({}),
  attempts: 1,
  backoffMs: 500,
  concurrency: 1,
});

/** Every few seconds: heals lost jobs, asks each gateway how it is, compares digests now and then. */
export const gatewaySweep = defineJob({
  name: "gateway.sweep",
  schema: z.object({}),
  attempts: 1,
  backoffMs: 500,
  concurrency: 1,
});

/** Daily: makes the months to come, drops what is older than is kept, renews what is about to run out. */
export const telemetryRetain = defineJob({
  name: "telemetry.retain",
  schema: z.object({}),
  attempts: 5,
  backoffMs: 60_000,
  concurrency: 1,
});
