import { beforeEach, describe, expect, it } from "vitest";
import { AttemptLimiter } from "./attempt-limiter";

let at = 0;
beforeEach(() => {
  at = 1_000_000;
});
const limiter = (limit: number, maxKeys?: number) => new AttemptLimiter(limit, 60_000, () => at, maxKeys);

describe("the limiter of failed attempts", () => {
  it("says how long to wait once there were too many, and forgets with the window", () => {
    const attempts = limiter(2);
    expect([attempts.take("ana"), attempts.take("ana")]).toEqual([0, 0]);
    at += 20_000;
    expect(attempts.take("ana")).toBe(40_000);
    expect(attempts.take("bob")).toBe(0);
    at += 40_000;
    expect(attempts.take("ana")).toBe(0);
  });

  it("counts attempts that run at once, and gives back those that were right", () => {
    const attempts = limiter(2);
    attempts.take("ana");
    attempts.take("ana");
    expect(attempts.take("ana")).toBeGreaterThan(0);
    attempts.giveBack("ana");
    expect(attempts.take("ana")).toBe(0);
    attempts.clear("ana");
    expect(attempts.take("ana")).toBe(0);
  });

  it("does not grow with the number of keys that are tried", () => {
    const attempts = limiter(1, 100);
    for (let n = 0; n < 1_000; n++) attempts.take(`key ${n}`);
    expect(attempts.take("key 999")).toBeGreaterThan(0);
    expect(attempts.take("key 0")).toBe(0);
  });
});
