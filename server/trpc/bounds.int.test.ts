/** What one caller asks for at once leaves the pool's connections to the others. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountPrincipal, callAs, createMember, createTenantWithAdmin, unique } from "@/e2e/support/principals";
import { until } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import { closeDatabase, inTransaction, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { callerOf } from "./root";

let dropDatabase: () => Promise<void>;
let owner: pg.Client;
let victim: Awaited<ReturnType<typeof createTenantWithAdmin>>;
let other: Awaited<ReturnType<typeof createTenantWithAdmin>>;

beforeAll(async () => {
  // Its connections are counted.
  dropDatabase = await useOwnDatabase();
  owner = new pg.Client({ connectionString: process.env.MIGRATE_DATABASE_URL });
  await owner.connect();
  [victim, other] = [await createTenantWithAdmin(), await createTenantWithAdmin()];
});
afterAll(async () => {
  await owner.end();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

/** With the tenant's row lock held by somebody else, so that each call which comes so far stays, with its connection. */
async function whileLocked(tenantId: string, calls: () => Promise<unknown>[], most: number): Promise<string[]> {
  await owner.query("BEGIN");
  await owner.query("SELECT 1 FROM tenants WHERE id = $1 FOR UPDATE", [tenantId]);
  const flood = Promise.allSettled(calls());
  try {
    await until("one of the flood waits for the lock", async () => (await countWaiting()) > 0);
    // The others come in their turn; this one is answered meanwhile, several times over.
    for (let n = 0; n < 5; n++) await callAs(other.admin).accounts.list({ tenantId: other.tenantId });
    const added = await callAs(other.admin).devices.createGroup({ tenantId: other.tenantId, name: unique("group") });
    expect(added.group.id).toBeTruthy();
    expect(await countWaiting()).toBeLessThanOrEqual(most);
  } finally {
    await owner.query("ROLLBACK");
  }
  return (await flood).map((one) => (one.status === "fulfilled" ? "done" : (one.reason as { code: string }).code));
}

async function countWaiting(): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  return rows[0]!.count;
}

describe("however much one asks for at once, another tenant is answered", () => {
  test("while somebody who is not signed in sends 700 acceptances of an invitation", async () => {
    const email = `${unique("guest")}@example.test`;
    const { mailId } = await callAs(victim.admin).members.invite({ tenantId: victim.tenantId, email, role: "viewer" });
    const { text } = await callAs(victim.staff).outbox.open({ id: mailId });
    const token = /invitation\/(\S+)/.exec(text)![1]!;
    const input = { token, name: "Guest", password: "correct horse battery" };
    const stranger = callAs(null, "203.0.113.66");
    const outcomes = await whileLocked(
      victim.tenantId,
      () => Array.from({ length: 700 }, () => stranger.invitations.accept(input)),
      2,
    );
    expect(outcomes.filter((code) => code === "done")).toHaveLength(1);
    expect(outcomes.filter((code) => code === "TOO_MANY_REQUESTS").length).toBeGreaterThan(600);
  });

  test("while strangers do so from a hundred networks", async () => {
    const token = "x".repeat(43);
    const outcomes = await whileStrangersAreMany(token);
    expect(new Set(outcomes)).toEqual(new Set(["NOT_FOUND"]));
  });

  test("while strangers name a tenant whose people wait: they are refused, and wait with nobody", async () => {
    const { tenantId, admin } = victim;
    const change = (who: Parameters<typeof callAs>[0], address?: string) =>
      callAs(who, address).devices.createGroup({ tenantId, name: unique("group") });
    const member = await createMember(tenantId, "admin");
    await owner.query("BEGIN");
    await owner.query("SELECT 1 FROM tenants WHERE id = $1 FOR UPDATE", [tenantId]);
    const held = [change(admin), change(member)];
    try {
      await until("both wait for the lock", async () => (await countWaiting()) === 2);
      const codes = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          change(null, `198.51.100.${n}`).then(
            () => "done",
            ({ code }) => code,
          ),
        ),
      );
      expect(new Set(codes)).toEqual(new Set(["UNAUTHORIZED"]));
      expect(await countWaiting()).toBe(2);
    } finally {
      await owner.query("ROLLBACK");
    }
    await Promise.all(held);
  });

  async function whileStrangersAreMany(token: string) {
    await owner.query("BEGIN");
    await owner.query("LOCK TABLE invitations IN ACCESS EXCLUSIVE MODE");
    const calls = Array.from({ length: 100 }, (_, n) => callAs(null, `198.51.100.${n}`).invitations.open({ token }));
    const flood = Promise.allSettled(calls);
    try {
      await until("they wait for the table", async () => (await countWaiting()) > 0);
      await callAs(other.admin).accounts.list({ tenantId: other.tenantId });
      expect(await countWaiting()).toBeLessThanOrEqual(6);
    } finally {
      await owner.query("ROLLBACK");
    }
    return (await flood).map((one) => (one.status === "rejected" ? (one.reason as { code: string }).code : "done"));
  }

  test("while an admin resets 150 passwords at once", { timeout: 120_000 }, async () => {
    const { tenantId, admin } = victim;
    const { account } = await callAs(admin).accounts.create({ tenantId, name: "Dana", email: "dana@bounds.test" });
    const caller = callAs(admin);
    const outcomes = await whileLocked(
      tenantId,
      () => Array.from({ length: 150 }, () => caller.accounts.resetPassword({ tenantId, accountId: account.id })),
      2,
    );
    expect(outcomes.filter((code) => code === "done").length).toBeGreaterThanOrEqual(100);
    expect(outcomes.filter((code) => code !== "done" && code !== "TOO_MANY_REQUESTS")).toEqual([]);
  });

  test("while all the people of a tenant change and read as much as they may", async () => {
    const { tenantId, admin } = victim;
    const { account } = await callAs(admin).accounts.create({ tenantId, name: "Eve", email: "eve@bounds.test" });
    const portal = callAs(await accountPrincipal(tenantId, account.id));
    const members = await Promise.all(Array.from({ length: 8 }, () => createMember(tenantId, "admin")));
    const outcomes = await whileLocked(
      tenantId,
      () =>
        members.flatMap((member) => [
          // In whatever letters they write its id.
          ...Array.from({ length: 5 }, (_, n) =>
            callAs(member).devices.createGroup({
              ...{ tenantId: n % 2 ? tenantId : tenantId.toUpperCase(), name: unique("group") },
            }),
          ),
          ...Array.from({ length: 5 }, () => callAs(member).accounts.list({ tenantId })),
          portal.portal.profile(),
        ]),
      2,
    );
    expect(new Set(outcomes)).toEqual(new Set(["done"]));
  });
});

test("where every connection is taken all the same, the answer is to try again, and no stack trace", async () => {
  const ends: (() => void)[] = [];
  const taken = Array.from({ length: 20 }, () =>
    inTransaction(system, {}, () => new Promise<void>((resolve) => ends.push(resolve))),
  );
  await until("all connections are taken", async () => ends.length === 20);
  const lines: unknown[] = [];
  const log = createLog("test");
  log.error = ((...line: unknown[]) => lines.push(line)) as typeof log.error;
  const caller = callerOf({ principal: other.admin, address: "192.0.2.1", userAgent: "test", log });
  try {
    await expect(caller.accounts.list({ tenantId: other.tenantId })).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
      message: expect.stringContaining("Try again"),
    });
  } finally {
    for (const end of ends) end();
  }
  await Promise.all(taken);
  expect(lines).toEqual([]);
});
