/** Every procedure of the control plane, a router a domain. */
import { certificatesRouter } from "../certificates/router";
import { devicesRouter } from "../devices/router";
import { gatewaysRouter, regionsRouter } from "../gateways/router";
import { revisionsRouter } from "../revisions/router";
import { liveRouter, sessionsRouter } from "../sessions/router";
import { createCaller, router } from "./trpc";

export const appRouter = router({
  certificates: certificatesRouter,
  devices: devicesRouter,
  gateways: gatewaysRouter,
  live: liveRouter,
  regions: regionsRouter,
  revisions: revisionsRouter,
  sessions: sessionsRouter,
});

export type AppRouter = typeof appRouter;
export const callerOf = createCaller(appRouter);
