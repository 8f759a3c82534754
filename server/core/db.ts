/**
 * The database. Work is done in a transaction that is bound, by settings that end with it, to what it may see: row-level
 * security does the rest, so a forgotten `where` finds nothing of anybody else's. Jobs are added after commit.
 */
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { env } from "./env";
import { AppError } from "./errors";
import { type Prisma, PrismaClient } from "./prisma/client";

export type Tx = Prisma.TransactionClient;

/** Who is doing it, for the audit. */
export interface Actor {
  /** `staff` is a user of the operator's, who acts as such. */
  kind: "user" | "staff" | "account" | "system";
  id: string | null;
  name: string;
}

export const system: Actor = { kind: "system", id: null, name: "Drawbridge" };

/** What a transaction may see. Nothing set, nothing seen but the platform's own tables. */
export interface Binding {
  /** Reads and writes this tenant's rows. */
  tenantId?: string;
  /** Sees which tenants this user belongs to. */
  userId?: string;
  /** Reads every tenant. */
  isStaff?: boolean;
  /** Finds which tenants are behind. */
  isWorker?: boolean;
  /** Reads the accounts with this email, in any tenant: signing in. */
  signInEmail?: string;
  /** Reads the invitation with this token hash. */
  invitation?: string;
}

/** A transaction, who acts in it, and what is to follow its commit. */
export interface Scope {
  tx: Tx;
  actor: Actor;
  /** Runs once committed, in order; for jobs. A failure is logged, never undoes: a sweep heals it. */
  afterCommit(work: () => Promise<unknown>): void;
}

export interface TenantScope extends Scope {
  tenantId: string;
}

/** The nil tenant: holds the operator's own audit and refusals of nobody known. */
export const nilTenant = "00000000-0000-0000-0000-000000000000";

export async function inTransaction<T>(actor: Actor, binding: Binding, work: (scope: Scope) => Promise<T>): Promise<T> {
  const following: (() => Promise<unknown>)[] = [];
  const result = await database()
    .$transaction(async (tx) => {
      await bind(tx, binding);
      return work({ tx, actor, afterCommit: (next) => following.push(next) });
    }, limits)
    .catch((error) => {
      throw isPoolFull(error) ? new AppError("unavailable", poolFull) : error;
    });
  const settled = await Promise.allSettled(following.map((next) => next()));
  for (const outcome of settled) {
    if (outcome.status === "rejected") process.emitWarning(`after commit: ${outcome.reason}`);
  }
  return result;
}

/** Prisma has one code for all that becomes of a transaction; only its words say that this one never began. */
const isPoolFull = (error: unknown) =>
  (error as { code?: unknown }).code === "P2028" && /unable to start/i.test((error as Error).message);
const poolFull = "Too much is asked of us at once just now. Try again in a moment.";

/** How long a transaction waits for a connection, and how long it may take, in milliseconds: longer than a person would wait. */
let limits = { maxWait: 10_000, timeout: 20_000 };

/**
 * For a process that nobody waits for at a screen, such as a seed's or the set-up's: on a busy machine its transactions
 * are late instead of given up. What runs beside them in this process (namespaces, hashes) holds them up as well.
 */
export function takeYourTime(longer = { maxWait: 5 * 60_000, timeout: 5 * 60_000 }): void {
  limits = longer;
}

export async function inTenant<T>(
  actor: Actor,
  tenantId: string,
  work: (scope: TenantScope) => Promise<T>,
): Promise<T> {
  return inTransaction(actor, { tenantId }, (scope) => work({ ...scope, tenantId }));
}

/**
 * Takes the tenant's row lock until the transaction ends. Whatever changes a tenant starts with it, so that what it reads
 * is still so when it writes, and two changes never wait for each other crosswise.
 */
export async function lockTenant({ tx, tenantId }: TenantScope): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM tenants WHERE id = ${tenantId}::uuid FOR UPDATE`;
}

/** Sets or changes what the rest of the transaction may see, e.g. to the tenant that it has just created. */
export async function bind(tx: Tx, binding: Binding): Promise<void> {
  const on = (is: boolean | undefined) => (is ? "on" : "");
  await tx.$queryRaw`SELECT
    set_config('app.tenant', ${binding.tenantId ?? ""}, true), set_config('app.user', ${binding.userId ?? ""}, true),
    set_config('app.staff', ${on(binding.isStaff)}, true), set_config('app.worker', ${on(binding.isWorker)}, true),
    set_config('app.sign_in_email', ${binding.signInEmail ?? ""}, true), set_config('app.invitation', ${binding.invitation ?? ""}, true)`;
}

/** Binds the transaction to a tenant for one piece of work, and then to what it was bound to before. */
export async function whileBound<T>(tx: Tx, tenantId: string, work: () => Promise<T>): Promise<T> {
  const [bound] = await tx.$queryRaw<{ tenant: string | null }[]>`
    SELECT current_setting('app.tenant', true) AS tenant, set_config('app.tenant', ${tenantId}, true)`;
  const result = await work();
  await tx.$queryRaw`SELECT set_config('app.tenant', ${bound?.tenant ?? ""}, true)`;
  return result;
}

const held = globalThis as { drawbridgeDatabase?: PrismaClient; drawbridgePool?: pg.Pool };

/** They are looked through and never read. */
const searchColumns = {
  ...{
    account: { search: true },
    auditEntry: { search: true },
    device: { search: true },
    deviceGroup: { search: true },
  },
  ...{ gateway: { search: true }, grant: { search: true }, mail: { search: true }, plan: { search: true } },
  ...{ policy: { search: true }, tenant: { search: true }, user: { search: true } },
} as const;

/** One client a process, kept over hot reloads. Unbound: sees the platform's own tables only. */
export function database(): PrismaClient {
  held.drawbridgeDatabase ??= new PrismaClient({
    adapter: new PrismaPg({
      connectionString: env.DATABASE_URL,
      // Timestamps are taken for UTC by the adapter, whatever the server's zone.
      options: "-c TimeZone=UTC",
      max: 20,
    }),
    omit: searchColumns,
  }) as PrismaClient;
  return held.drawbridgeDatabase;
}

/** Plain SQL for the hot paths of the workers, where a round trip counts. As unbound as `database()` until it is bound. */
export function pool(): pg.Pool {
  if (!held.drawbridgePool) {
    held.drawbridgePool = new pg.Pool({
      connectionString: env.DATABASE_URL,
      options: "-c TimeZone=UTC",
      max: 20,
      // Statements that are queued at once cross at once; each still has its own answer.
      pipeline: true,
    });
    // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
    held.drawbridgePool.on("error", () => {});
    // Nor may one that breaks between two queries of a transaction end the process: its next query fails.
    held.drawbridgePool.on("connect", (client) => client.on("error", () => {}));
  }
  return held.drawbridgePool;
}

export async function closeDatabase(): Promise<void> {
  await Promise.all([held.drawbridgeDatabase?.$disconnect(), held.drawbridgePool?.end()]);
  held.drawbridgeDatabase = undefined;
  held.drawbridgePool = undefined;
}
