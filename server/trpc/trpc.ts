/**
 * The ladder of procedures: public, signed in, portal, tenant, staff. Each says in its meta which permission it needs, or
 * why it needs none; each runs in one database transaction bound to what it may see; each mutation leaves an audit entry.
 */
import { initTRPC, TRPCError } from "@trpc/server";
import { z } from "zod";
import { admit } from "../core/admission";
import { isAudited } from "../core/audit";
import { type Actor, database, inTransaction, lockTenant, type Scope, type TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, type ErrorCode, notFound, revoked } from "../core/errors";
import type { Log } from "../core/log";
import {
  canMember,
  canStaff,
  canStaffInTenant,
  type StaffPermission,
  type TenantPermission,
} from "../core/permissions";
import { isStorable } from "../core/storable";
import { boundsOf } from "./bounds";
import type { AccountPrincipal, Principal, Standing, UserPrincipal } from "./principal";
import { wire } from "./wire";

export interface Context {
  principal: Principal | null;
  /** The caller's network address, for limits and the audit. */
  address: string;
  userAgent: string;
  log: Log;
  /** Has the browser known from now on as this user's or account's: see sign-in/known-browser.ts. */
  rememberBrowser?(holderId: string): Promise<void>;
}

export type Meta =
  | { access: "public"; because: string }
  | { access: "signed_in" }
  | { access: "portal" }
  | { access: "tenant"; permission: TenantPermission }
  | { access: "staff"; permission: StaffPermission };

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer: wire,
    // A stream that a proxy dropped silently is noticed by its missing pings.
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 40_000 } },
    errorFormatter({ shape, error }) {
      const known = error.cause instanceof AppError ? error.cause : undefined;
      const issue = error.cause instanceof z.ZodError ? error.cause.issues[0] : undefined;
      return {
        ...shape,
        message:
          known?.message ?? issue?.message ?? (error.code === "INTERNAL_SERVER_ERROR" ? unexpected : shape.message),
        data: {
          code: shape.data.code,
          httpStatus: shape.data.httpStatus,
          path: shape.data.path,
          /** The input field that it concerns, dotted. */
          field: known?.field ?? (issue ? issue.path.join(".") : undefined),
        },
      };
    },
  });

const unexpected = "Something went wrong on our side. It has been logged; try again, and tell support if it stays.";

export const router = t.router;
export const createCaller = t.createCallerFactory;

/** Turns errors of ours into tRPC's, once, and logs those that nobody expected. */
const translated = t.procedure.use(async ({ ctx, path, next, getRawInput }) => {
  const result = await next();
  if (result.ok) return result;
  const { cause } = result.error;
  if (cause instanceof AppError) {
    if (cause.code === "unavailable") ctx.log.warn({ path }, cause.message);
    throw toTrpcError(cause);
  }
  if (result.error.code === "INTERNAL_SERVER_ERROR")
    ctx.log.error(
      { path, ...whose(ctx.principal, await getRawInput()), error: cause ?? result.error },
      "procedure failed",
    );
  return result;
});

/** Nothing of a call is done, and no connection is taken for it, before its caller's share has room. */
const admitted = translated.use(async ({ ctx, type, next, getRawInput }) => {
  const { tenantId } = whose(ctx.principal, await getRawInput());
  return admit(boundsOf(ctx.principal, ctx.address, { tenantId, isChange: type === "mutation" }), () => next());
});

/** PostgreSQL stores no NUL, and JSON in it no half of a character: refused here, with words, wherever they stand. */
const storable = admitted.use(async ({ next, getRawInput }) => {
  if (!isStorable(await getRawInput()))
    throw new AppError("invalid", "This holds a character that cannot be kept (NUL, or half of one). Type it anew.");
  return next();
});

/** By whom and in which tenant, for the log. What was asked for may hold secrets, so nothing else of it goes in. */
function whose(principal: Principal | null, input: unknown) {
  const { tenantId } = (input ?? {}) as { tenantId?: unknown };
  const of = principal?.kind === "account" ? principal.tenantId : tenantId;
  return {
    // One tenant has one share, in whatever letters its id is written.
    tenantId: typeof of === "string" ? of.slice(0, 36).toLowerCase() : undefined,
    accountId: principal?.kind === "account" ? principal.accountId : undefined,
    userId: principal?.kind === "user" ? principal.userId : undefined,
  };
}

const trpcCodes = {
  invalid: "BAD_REQUEST",
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  not_found: "NOT_FOUND",
  conflict: "CONFLICT",
  limit: "FORBIDDEN",
  too_many: "TOO_MANY_REQUESTS",
  unavailable: "SERVICE_UNAVAILABLE",
} as const satisfies Record<ErrorCode, TRPCError["code"]>;

/** For what goes wrong before a procedure is called. */
export function toTrpcError(error: AppError): TRPCError {
  return new TRPCError({ code: trpcCodes[error.code], message: error.message, cause: error });
}

/** Open to anyone; `because` says why that is right. Runs its own transactions. */
export const publicProcedure = (because: string) => storable.meta({ access: "public", because });

/** Any user (not a VPN account) that is signed in; also where a forced change of password still stands open. */
export const signedInProcedure = storable.meta({ access: "signed_in" }).use(({ next, ...call }) => {
  const principal = settledUser(call.ctx.principal);
  return inOneTransaction(call, actorOf(principal), { userId: principal.userId }, (scope) =>
    next({ ctx: { ...call.ctx, principal, scope } }),
  );
});

/**
 * A VPN account in its portal, also one whose access was revoked: to read why. Bound to its tenant, and it is the
 * procedure's part to look only at its own.
 */
export const revokedPortalProcedure = storable.meta({ access: "portal" }).use(({ next, ...call }) => {
  const principal = settledAccount(call.ctx.principal);
  const { tenantId } = principal;
  return inOneTransaction(call, actorOf(principal), { tenantId }, async (unbound) => {
    const scope: TenantScope = { ...unbound, tenantId };
    if (call.type === "mutation") await lockTenant(scope);
    return next({ ctx: { ...call.ctx, principal, scope } });
  });
});

/** A VPN account in its portal whose access stands. */
export const portalProcedure = revokedPortalProcedure.use(async ({ ctx, next }) => {
  const { tenantId, accountId } = ctx.principal;
  const account = await ctx.scope.tx.account.findUnique({
    where: { tenantId_id: { tenantId, id: accountId } },
    select: { state: true, revokedReason: true },
  });
  if (account?.state !== "active") throw revoked(account?.revokedReason);
  return next();
});

/** Somebody with this permission in the tenant named by `tenantId` in the input. For all others there is no such tenant. */
export const tenantProcedure = (permission: TenantPermission) =>
  storable
    .meta({ access: "tenant", permission })
    .input(z.object({ tenantId: z.uuid() }))
    .use(({ input, next, ...call }) => {
      const principal = settledUser(call.ctx.principal);
      const { tenantId } = input;
      return inOneTransaction(call, actorOf(principal), { tenantId, userId: principal.userId }, async (unbound) => {
        const standing = await standingIn(unbound, principal, tenantId);
        const actor = standing.kind === "staff" ? staffActor(principal) : unbound.actor;
        const scope: TenantScope = { ...unbound, tenantId, actor };
        if (!mayInTenant(standing, permission))
          throw new AppError("forbidden", `Your role here (${standing.role}) does not include ${permission}.`);
        if (call.type === "mutation") await lockTenant(scope);
        return next({ ctx: { ...call.ctx, principal, standing, scope } });
      });
    });

/** Operator staff with this permission: reads every tenant. To write in one, bind the transaction to it. */
export const staffProcedure = (permission: StaffPermission) =>
  storable.meta({ access: "staff", permission }).use(({ next, ...call }) => {
    const principal = settledUser(call.ctx.principal);
    if (!principal.staffRole) throw notFound("page");
    if (!canStaff(principal.staffRole, permission))
      throw new AppError("forbidden", `Your role (${principal.staffRole}) does not include ${permission}.`);
    return inOneTransaction(call, staffActor(principal), { isStaff: true, userId: principal.userId }, (scope) =>
      next({ ctx: { ...call.ctx, principal, staffRole: principal.staffRole!, scope } }),
    );
  });

/** A piece of a procedure's work in a transaction of its own, bound as the procedure's kind says. */
export type Step<S extends Scope> = <T>(work: (scope: S) => Promise<T>) => Promise<T>;

/**
 * As `tenantProcedure`, for what waits for somebody else in between, such as a gateway: no transaction is held open and no
 * lock meanwhile. Standing is asked for at the start and again in each step; the last step writes the audit entry.
 */
export const tenantSteps = (permission: TenantPermission) =>
  storable
    .meta({ access: "tenant", permission })
    .input(z.object({ tenantId: z.uuid() }))
    .use(async ({ ctx, input, next }) => {
      const principal = settledUser(ctx.principal);
      const { tenantId } = input;
      const step: Step<TenantScope> = (work) =>
        inTransaction(actorOf(principal), { tenantId, userId: principal.userId }, async (unbound) => {
          const standing = await standingIn(unbound, principal, tenantId);
          const actor = standing.kind === "staff" ? staffActor(principal) : unbound.actor;
          if (!mayInTenant(standing, permission))
            throw new AppError("forbidden", `Your role here (${standing.role}) does not include ${permission}.`);
          return work({ ...unbound, tenantId, actor });
        });
      await step(async () => {});
      return next({ ctx: { ...ctx, principal, step } });
    });

/** As `staffProcedure`, in the way of `tenantSteps`. */
export const staffSteps = (permission: StaffPermission) =>
  storable.meta({ access: "staff", permission }).use(({ ctx, next }) => {
    const principal = settledUser(ctx.principal);
    if (!principal.staffRole) throw notFound("page");
    if (!canStaff(principal.staffRole, permission))
      throw new AppError("forbidden", `Your role (${principal.staffRole}) does not include ${permission}.`);
    const step: Step<Scope> = (work) =>
      inTransaction(staffActor(principal), { isStaff: true, userId: principal.userId }, work);
    return next({ ctx: { ...ctx, principal, step } });
  });

/**
 * As `tenantProcedure`, for a subscription: what it streams may last for hours, so no transaction is held open. Standing
 * is asked for at the start, and again by `stillMay` while it lasts.
 */
export const tenantSubscription = (permission: TenantPermission) =>
  storable
    .meta({ access: "tenant", permission })
    .input(z.object({ tenantId: z.uuid() }))
    .use(async ({ ctx, input, next }) => {
      const principal = settledUser(ctx.principal);
      const { tenantId } = input;
      const check = (subject: UserPrincipal) =>
        inTransaction(actorOf(subject), { tenantId, userId: subject.userId }, async (scope) => {
          const standing = await standingIn(scope, subject, tenantId);
          if (!mayInTenant(standing, permission))
            throw new AppError("forbidden", `Your role here (${standing.role}) does not include ${permission}.`);
        });
      await check(principal);
      return next({ ctx: { ...ctx, principal, stillMay: () => holds(principal, check) } });
    });

/** As `staffProcedure`, for a subscription: see `tenantSubscription`. */
export const staffSubscription = (permission: StaffPermission) =>
  storable.meta({ access: "staff", permission }).use(async ({ ctx, next }) => {
    const principal = settledUser(ctx.principal);
    const check = async (subject: UserPrincipal) => {
      if (!subject.staffRole) throw notFound("page");
      if (!canStaff(subject.staffRole, permission))
        throw new AppError("forbidden", `Your role (${subject.staffRole}) does not include ${permission}.`);
    };
    await check(principal);
    return next({ ctx: { ...ctx, principal, stillMay: () => holds(principal, check) } });
  });

/** Whether the sign-in still stands, and what it was let in for with the roles of now. */
async function holds(principal: UserPrincipal, check: (subject: UserPrincipal) => Promise<void>): Promise<boolean> {
  return admit(boundsOf(principal, ""), () => holdsNow(principal, check));
}

async function holdsNow(principal: UserPrincipal, check: (subject: UserPrincipal) => Promise<void>): Promise<boolean> {
  const signIn = await database().userSignIn.findUnique({
    where: { id: principal.signInId },
    include: { user: { select: { staffRole: true, disabledAt: true } } },
  });
  if (!signIn || signIn.endedAt || signIn.expiresAt <= new Date() || signIn.user.disabledAt) return false;
  try {
    await check({ ...principal, staffRole: signIn.user.staffRole });
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

/** Where a user stands in a tenant. @throws not_found for those who stand nowhere in it. */
export async function standingIn(scope: Scope, principal: UserPrincipal, tenantId: string): Promise<Standing> {
  const member = await scope.tx.member.findUnique({
    where: { tenantId_userId: { tenantId, userId: principal.userId } },
    select: { role: true, tenant: { select: { state: true } } },
  });
  if (member && member.tenant.state !== "deleted") return { kind: "member", role: member.role };
  if (principal.staffRole) {
    const tenant = await scope.tx.tenant.findUnique({ where: { id: tenantId }, select: { state: true } });
    if (tenant && tenant.state !== "deleted") return { kind: "staff", role: principal.staffRole };
  }
  throw notFound("tenant");
}

export function mayInTenant(standing: Standing, permission: TenantPermission): boolean {
  return standing.kind === "member"
    ? canMember(standing.role, permission)
    : canStaffInTenant(standing.role, permission);
}

export function actorOf(
  principal: Pick<UserPrincipal, "kind" | "userId" | "name"> | Pick<AccountPrincipal, "kind" | "accountId" | "name">,
): Actor {
  return {
    kind: principal.kind,
    id: principal.kind === "user" ? principal.userId : principal.accountId,
    name: principal.name,
  };
}

const staffActor = ({ userId, name }: UserPrincipal): Actor => ({ kind: "staff", id: userId, name });

/** Signed in as a user, with no forced change of password outstanding. */
export function settledUser(principal: Principal | null): UserPrincipal {
  const settled = settledPrincipal(principal);
  if (settled.kind !== "user") throw notFound("page");
  return settled;
}

export function settledAccount(principal: Principal | null): AccountPrincipal {
  const settled = settledPrincipal(principal);
  if (settled.kind !== "account") throw notFound("page");
  return settled;
}

/** Signed in as either, with no forced change of password outstanding. */
export function settledPrincipal(principal: Principal | null): Principal {
  if (!principal) throw new AppError("unauthenticated", "Sign in to go on.");
  if (principal.mustChangePassword)
    throw new AppError("forbidden", "Change your temporary password first.", { field: "password" });
  return principal;
}

interface Call {
  ctx: Context;
  type: "query" | "mutation" | "subscription";
  path: string;
}

/** A procedure that failed rolls its transaction back: tRPC hands errors on as values, so they are thrown here. */
async function inOneTransaction<T extends { ok: boolean }>(
  call: Call,
  actor: Actor,
  binding: Parameters<typeof inTransaction>[1],
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  return inTransaction(actor, binding, async (scope) => {
    const result = await work(scope);
    if (!result.ok) throw (result as unknown as { error: TRPCError }).error;
    if (call.type === "mutation" && !isAudited(scope.tx)) reportUnaudited(call);
    return result;
  });
}

/** A bug of ours: found where it is made, and not held against the person where it slipped through. */
function reportUnaudited({ ctx, path }: Call): void {
  if (env.NODE_ENV !== "production") throw new Error(`${path} changed something and wrote no audit entry`);
  ctx.log.error({ path }, "a mutation wrote no audit entry");
}
