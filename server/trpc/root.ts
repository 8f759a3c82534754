/** Every procedure of the control plane, a router a domain. */
import { certificatesRouter } from "../certificates/router";
import { devicesRouter } from "../devices/router";
import { revisionsRouter } from "../revisions/router";
import { createCaller, router } from "./trpc";

export const appRouter = router({
  certificates: certificatesRouter,
  devices: devicesRouter,
  revisions: revisionsRouter,
});

export type AppRouter = typeof appRouter;
export const callerOf = createCaller(appRouter);
