/**
 * What somebody may do only so often, counted in PostgreSQL for all processes. A budget holds so many at once, and one
 * comes back every so often: whoever has used it up is slowed down to that pace, and never shut out until a window ends.
 */
import { createHash } from "node:crypto";
import { database, type Tx } from "./db";
import { AppError } from "./errors";

export interface Budget {
  /** Of any length and with anything in it; a hash of it is kept. */
  key: string;
  /** How many at once. */
  holds: number;
  /** One comes back every so many milliseconds. */
  everyMs: number;
}

/** @returns the milliseconds until there is one to take, or 0 when it was taken */
export async function take(db: Tx, { key, holds, everyMs }: Budget): Promise<number> {
  const hashed = hashOf(key);
  const taken = await db.$executeRaw`
    INSERT INTO budgets AS b (key, full_at) VALUES (${hashed}, clock_timestamp() + ${everyMs} * interval '1 millisecond')
    ON CONFLICT (key) DO UPDATE SET full_at = greatest(b.full_at, clock_timestamp()) + ${everyMs} * interval '1 millisecond'
    WHERE b.full_at <= clock_timestamp() + ${everyMs * (holds - 1)} * interval '1 millisecond'`;
  if (taken > 0) return 0;
  const [row] = await db.$queryRaw<{ wait: number }[]>`
    SELECT extract(epoch FROM full_at - clock_timestamp())::float8 * 1000 - ${everyMs * (holds - 1)} AS wait
    FROM budgets WHERE key = ${hashed}`;
  return Math.max(1, Math.ceil(row?.wait ?? 1));
}

/** As if it had not been taken: this one, and none that others took. */
export async function giveBack(db: Tx, { key, everyMs }: Budget): Promise<void> {
  await db.$executeRaw`
    UPDATE budgets SET full_at = full_at - ${everyMs} * interval '1 millisecond' WHERE key = ${hashOf(key)}`;
}

/**
 * Takes one of each before what they bound is tried, so that many at once are as many. `succeed` gives those back.
 * @throws too_many that says when to try again; then nothing was taken
 */
export async function beginAttempt(budgets: Budget[]): Promise<{ succeed(): Promise<void> }> {
  const taken: Budget[] = [];
  const succeed = async () => {
    for (const budget of taken) await giveBack(database(), budget);
  };
  for (const budget of budgets) {
    const waitMs = await take(database(), budget);
    if (waitMs > 0) {
      await succeed();
      throw new AppError("too_many", `Too many attempts. Try again in ${inWords(waitMs)}.`);
    }
    taken.push(budget);
  }
  await forgetFull();
  return { succeed };
}

export function inWords(waitMs: number): string {
  const seconds = Math.ceil(waitMs / 1000);
  if (seconds <= 90) return seconds === 1 ? "a second" : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** More of them than an attempt makes, so that the table holds no more than what is being counted. */
async function forgetFull(): Promise<void> {
  await database().$executeRaw`
    DELETE FROM budgets WHERE key IN (SELECT key FROM budgets WHERE full_at < clock_timestamp() LIMIT 10 FOR UPDATE SKIP LOCKED)`;
}

const hashOf = (key: string) => createHash("sha256").update(key).digest("base64url");
