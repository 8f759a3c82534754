/** Limits on guessing: per email, whether or not anybody has it, and per network address. Kept in PostgreSQL for all processes. */
import { createHash } from "node:crypto";
import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { database } from "./db";
import { AppError } from "./errors";

const windowSeconds = 15 * 60;

/**
 * Counts an attempt before it is made, so that many at once are as many attempts. `succeed` takes it back.
 * @throws too_many that says when to try again
 */
export async function beginAttempt(email: string, address: string): Promise<{ succeed(): Promise<void> }> {
  const { perEmail, perAddress } = limiters();
  const emailKey = createHash("sha256").update(email.toLowerCase()).digest("hex");
  const addressKey = address.slice(0, 100);
  await consume(perAddress, addressKey);
  await consume(perEmail, emailKey);
  return {
    async succeed() {
      await perEmail.delete(emailKey);
      await perAddress.reward(addressKey, 1);
    },
  };
}

async function consume(limiter: RateLimiterPostgres, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (rejection) {
    if (!(rejection instanceof RateLimiterRes)) throw rejection;
    const minutes = Math.max(1, Math.ceil(rejection.msBeforeNext / 60_000));
    throw new AppError(
      "too_many",
      `Too many attempts. Try again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}.`,
    );
  }
}

let made: { perEmail: RateLimiterPostgres; perAddress: RateLimiterPostgres } | undefined;

function limiters() {
  const shared = { storeClient: store, storeType: "client", tableName: "attempts", tableCreated: true };
  made ??= {
    perEmail: new RateLimiterPostgres({ ...shared, keyPrefix: "email", points: 5, duration: windowSeconds }),
    perAddress: new RateLimiterPostgres({ ...shared, keyPrefix: "address", points: 50, duration: windowSeconds }),
  };
  return made;
}

/** The limiter's queries over our own client, in the form of node-postgres. */
const store = {
  async query({ text, values }: { text: string; values: unknown[] }) {
    const rows = await database().$queryRawUnsafe<{ points: number; expire: bigint | null }[]>(text, ...values);
    return {
      rows: rows.map(({ points, expire }) => ({ points, expire: expire === null ? null : Number(expire) })),
      rowCount: rows.length,
    };
  },
};
