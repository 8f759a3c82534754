import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { end, hasEnded, isAlive, markOf, ProcessBook } from "./processes";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbridge-processes-"));
});
afterAll(() => rm(folder, { recursive: true }));

const sleeper = () => spawn("sh", ["-c", "sleep 60 & wait"], { detached: true, stdio: "ignore" });

describe("a process that was written down", () => {
  it("is found by a later run, and ended with what it started", async () => {
    const child = sleeper();
    const mark = markOf("sleeper", child.pid!)!;
    await new ProcessBook(folder).add(mark);
    const [found] = await new ProcessBook(folder).all();
    expect(found).toEqual(mark);
    expect(isAlive(found!)).toBe(true);
    await end(found!, "SIGTERM", 5_000);
    expect(isAlive(found!)).toBe(false);
    // Its own child goes too, if a moment later.
    await vi.waitFor(() => expect(() => process.kill(-child.pid!, 0)).toThrow("ESRCH"), 5_000);
    await new ProcessBook(folder).remove(found!);
    expect(await new ProcessBook(folder).all()).toEqual([]);
  });

  it("is not taken for another that has its number now", async () => {
    const child = sleeper();
    const mark = markOf("sleeper", child.pid!)!;
    const earlier = { ...mark, beganAt: "1" };
    expect(isAlive(earlier)).toBe(false);
    await end(earlier, "SIGKILL", 100);
    expect(isAlive(mark)).toBe(true);
    await end(mark, "SIGKILL", 5_000);
    expect(await hasEnded(mark, 1_000)).toBe(true);
  });

  it("that ignores a polite request is ended all the same", async () => {
    const child = spawn(
      process.execPath,
      ["-e", "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"],
      {
        detached: true,
      },
    );
    const mark = markOf("stubborn", child.pid!)!;
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await end(mark, "SIGTERM", 100);
    expect(isAlive(mark)).toBe(false);
  });
});
