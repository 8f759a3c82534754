import { afterAll, expect, test } from "vitest";
import { closeDatabase, inTransaction, pool, system, takeYourTime } from "./db";

afterAll(closeDatabase);

test("a connection that the server ends between two queries fails the next query, and not the process", async () => {
  const client = await pool().connect();
  try {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const ended = new Promise<void>((resolve) => client.once("end", () => resolve()));
    await pool().query("SELECT pg_terminate_backend($1)", [rows[0]!.pid]);
    await ended;
    await expect(client.query("SELECT 1")).rejects.toThrow();
  } finally {
    client.release(true);
  }
  expect((await pool().query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("a transaction that a busy machine holds up is given up for a person, and late for a seed", async () => {
  // What a process does beside it holds a transaction up as a slow statement does.
  const slow = () => inTransaction(system, {}, ({ tx }) => tx.$queryRaw`SELECT pg_sleep(0.5)::text`);
  takeYourTime({ maxWait: 5_000, timeout: 100 });
  await expect(slow()).rejects.toMatchObject({ code: "P2028" });
  takeYourTime();
  await slow();
});
