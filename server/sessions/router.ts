import { admitStream } from "../core/admission";
import { changes } from "../core/listen";
import type { UserPrincipal } from "../trpc/principal";
import {
  router,
  staffProcedure,
  staffSteps,
  staffSubscription,
  tenantProcedure,
  tenantSteps,
  tenantSubscription,
} from "../trpc/trpc";
import { listHeld } from "./held";
import { listLiveRefusals, listRefusals } from "./refusals";
import { listLiveRefusedPackets, listRefusedPackets } from "./refused-packets";
import {
  disconnectInput,
  listHeldInput,
  listLiveInput,
  listLiveRefusalsInput,
  listLiveRefusedPacketsInput,
  listRefusalsInput,
  listRefusedPacketsInput,
  listSessionsInput,
  oneSessionInput,
} from "./schema";
import * as sessions from "./sessions";

/** Ticks of a stream are at least this far apart. */
const everyMs = 500;

export const sessionsRouter = router({
  list: tenantProcedure("sessions:read")
    .input(listSessionsInput)
    .query(({ ctx, input }) => sessions.listSessions(ctx.scope, input)),
  traffic: tenantProcedure("sessions:read")
    .input(oneSessionInput)
    .query(({ ctx, input }) => sessions.sessionTraffic(ctx.scope, input)),
  refusals: tenantProcedure("sessions:read")
    .input(listRefusalsInput)
    .query(({ ctx, input }) => listRefusals(ctx.scope, input)),
  refusedPackets: tenantProcedure("sessions:read")
    .input(listRefusedPacketsInput)
    .query(({ ctx, input }) => listRefusedPackets(ctx.scope, input)),
  disconnect: tenantSteps("sessions:write")
    .input(disconnectInput)
    .mutation(({ ctx, input }) => sessions.disconnectSession(ctx.step, input)),
  /** A tick whenever sessions of the tenant changed: look again. */
  changes: tenantSubscription("sessions:read").subscription(({ ctx, input, signal }) =>
    follow(ctx, (payload) => payload.includes(input.tenantId), signal),
  ),
});

export const liveRouter = router({
  list: staffProcedure("live:read")
    .input(listLiveInput)
    .query(({ ctx, input }) => sessions.listLive(ctx.scope, input)),
  summary: staffProcedure("live:read").query(({ ctx }) => sessions.liveSummary(ctx.scope)),
  refusals: staffProcedure("live:read")
    .input(listLiveRefusalsInput)
    .query(({ ctx, input }) => listLiveRefusals(ctx.scope, input)),
  held: staffProcedure("live:read")
    .input(listHeldInput)
    .query(({ ctx, input }) => listHeld(ctx.scope, input)),
  refusedPackets: staffProcedure("live:read")
    .input(listLiveRefusedPacketsInput)
    .query(({ ctx, input }) => listLiveRefusedPackets(ctx.scope, input)),
  disconnect: staffSteps("live:write")
    .input(disconnectInput)
    .mutation(({ ctx, input }) => sessions.disconnectLive(ctx.step, input)),
  changes: staffSubscription("live:read").subscription(({ ctx, signal }) => follow(ctx, () => true, signal)),
});

/** A person's pages and tabs, of which each follows once; more than so many are no person. */
const streamsOfOne = 20;

const follow = (
  { principal, stillMay }: { principal: UserPrincipal; stillMay: () => Promise<boolean> },
  concerns: (payload: string) => boolean,
  signal = new AbortController().signal,
) =>
  admitStream({ key: `streams of ${principal.userId}`, atOnce: streamsOfOne, waiting: 0 }, () =>
    changes({ channel: "sessions", concerns, everyMs, stillMay, signal }),
  );
