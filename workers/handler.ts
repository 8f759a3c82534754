import type { z } from "zod";
import type { Log } from "../server/core/log";
import type { JobDefinition } from "../server/core/queue";

export interface HandlerContext {
  /** Fires when the worker stops: what only waits gives up, what writes goes on to its end. */
  signal: AbortSignal;
  log: Log;
}

export type Handler<J extends JobDefinition> = (data: z.infer<J["schema"]>, context: HandlerContext) => Promise<void>;
