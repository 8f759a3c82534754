import { beforeEach, describe, expect, it } from "vitest";
import { AttemptLimiter } from "./attempt-limiter";

let at = 0;
beforeEach(() => {
  at = 1_000_000;
});
const limiter = (limit: number, maxKeys?: number) => new AttemptLimiter(limit, 60_000, () => at, maxKeys);

describe("the limiter of failed attempts", () => {
  it("slows down whoever has used them up, and shuts nobody out until a window ends", () => {
    const attempts = limiter(2);
    expect([attempts.take("ana"), attempts.take("ana")]).toEqual([0, 0]);
    at += 20_000;
    expect(attempts.take("ana")).toBe(10_000);
    expect(attempts.take("bob")).toBe(0);
    at += 10_000;
    expect(attempts.take("ana")).toBe(0);
    expect(attempts.take("ana")).toBe(30_000);
    at += 60_000;
    expect([attempts.take("ana"), attempts.take("ana"), attempts.take("ana")]).toEqual([0, 0, 30_000]);
  });

  it("counts attempts that run at once, and gives back one that was right and none of those before it", () => {
    const attempts = limiter(2);
    attempts.take("ana");
    attempts.take("ana");
    expect(attempts.take("ana")).toBeGreaterThan(0);
    attempts.giveBack("ana");
    expect(attempts.take("ana")).toBe(0);
    expect(attempts.take("ana")).toBeGreaterThan(0);
  });

  it("does not grow with the number of keys that are tried", () => {
    const attempts = limiter(1, 100);
    for (let n = 0; n < 1_000; n++) attempts.take(`key ${n}`);
    expect(attempts.take("key 999")).toBeGreaterThan(0);
    expect(attempts.take("key 0")).toBe(0);
  });
});
