import { afterAll, expect, test } from "vitest";
import { closeDatabase, pool } from "./db";

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
