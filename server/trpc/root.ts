/** Every procedure of the control plane, a router a domain. */
import { accountsRouter } from "../accounts/router";
import { auditRouter } from "../audit/router";
import { certificatesRouter } from "../certificates/router";
import { devicesRouter } from "../devices/router";
import { gatewaysRouter, regionsRouter } from "../gateways/router";
import { grantsRouter } from "../grants/router";
import { outboxRouter } from "../mail/router";
import { invitationsRouter, membersRouter } from "../members/router";
import { passwordLinksRouter } from "../password-links/router";
import { plansRouter } from "../plans/router";
import { policiesRouter } from "../policies/router";
import { portalRouter } from "../portal/router";
import { revisionsRouter } from "../revisions/router";
import { searchRouter } from "../search/router";
import { liveRouter, sessionsRouter } from "../sessions/router";
import { signInRouter, viewerRouter } from "../sign-in/router";
import { staffRouter } from "../staff/router";
import { tenantsRouter } from "../tenants/router";
import { createCaller, router } from "./trpc";

export const appRouter = router({
  accounts: accountsRouter,
  audit: auditRouter,
  certificates: certificatesRouter,
  devices: devicesRouter,
  gateways: gatewaysRouter,
  grants: grantsRouter,
  invitations: invitationsRouter,
  live: liveRouter,
  members: membersRouter,
  outbox: outboxRouter,
  passwordLinks: passwordLinksRouter,
  plans: plansRouter,
  policies: policiesRouter,
  portal: portalRouter,
  regions: regionsRouter,
  revisions: revisionsRouter,
  search: searchRouter,
  sessions: sessionsRouter,
  signIn: signInRouter,
  staff: staffRouter,
  tenants: tenantsRouter,
  viewer: viewerRouter,
});

export type AppRouter = typeof appRouter;
export const callerOf = createCaller(appRouter);
