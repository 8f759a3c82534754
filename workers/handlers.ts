/**
 * Every job and who handles it. A handler is loaded when its worker starts, calls the domain, and holds no rules of its
 * own. The map is exhaustive by its type, and a test holds it against the job definitions that exist.
 */
import type { z } from "zod";
import type { Log } from "../server/core/log";
import type { JobDefinition } from "../server/core/queue";
import { gatewayCollect, gatewayEnrol, gatewaySweep, telemetryRetain } from "../server/gateways/jobs";
import { mailSend } from "../server/mail/jobs";
import { gatewayPush } from "../server/revisions/jobs";

export const jobs = [gatewayPush, gatewayCollect, gatewayEnrol, gatewaySweep, telemetryRetain, mailSend] as const;

type Job = (typeof jobs)[number];

export interface HandlerContext {
  /** Fires when the worker stops: what only waits gives up, what writes goes on to its end. */
  signal: AbortSignal;
  log: Log;
}

export type Handler<J extends JobDefinition> = (data: z.infer<J["schema"]>, context: HandlerContext) => Promise<void>;

export const handlers: { [J in Job as J["name"]]: () => Promise<{ default: Handler<J> }> } = {
  "gateway.push": () => import("./handlers/gateway-push"),
  "gateway.collect": () => import("./handlers/gateway-collect"),
  "gateway.enrol": () => import("./handlers/gateway-enrol"),
  "gateway.sweep": () => import("./handlers/gateway-sweep"),
  "telemetry.retain": () => import("./handlers/telemetry-retain"),
  "mail.send": () => import("./handlers/mail-send"),
};
