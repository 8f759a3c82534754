import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sayMeanwhile } from "./builds";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells of a long build while it lasts, and no more once it has ended", async () => {
  const said: number[] = [];
  let end = (_: number) => {};
  const work = sayMeanwhile(new Promise<number>((resolve) => (end = resolve)), (seconds) => said.push(seconds), 20_000);
  await vi.advanceTimersByTimeAsync(50_000);
  expect(said).toEqual([20, 40]);
  end(7);
  expect(await work).toBe(7);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toEqual([20, 40]);
});
