import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LiveSession } from "../ledger/sessions";
import { Drain } from "./drain";

let live: string[];
let told: string[];
let drain: Drain;

beforeEach(() => {
  vi.useFakeTimers();
  live = ["a", "b", "c", "d"];
  told = [];
});
afterEach(() => {
  drain.stop();
  vi.useRealTimers();
});

function start(sendAway: (id: string) => Promise<void>): void {
  const sessions = () => live.map((sessionId) => ({ sessionId }) as LiveSession);
  drain = new Drain({ perSecond: 2, sessions, sendAway: ({ sessionId }) => sendAway(sessionId) });
}

const leave = async (id: string) => {
  told.push(id);
  live = live.filter((one) => one !== id);
};

it("sends one client away after the other, no faster than it was told to", async () => {
  start(leave);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(["a", "b", "c", "d"]);
  expect(drain.state.from).toBe(4);
});

it("sends away who comes while it drains", async () => {
  start(leave);
  await vi.advanceTimersByTimeAsync(5_000);
  live.push("late");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toBe("late");
});

it("goes on with the others where one does not hear, and comes back to it", async () => {
  start(async (id) => {
    if (id === "a" && told.filter((one) => one === "a").length === 0) {
      told.push(id);
      throw new Error("openvpn does not answer");
    }
    await leave(id);
  });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told).toEqual(["a", "b", "c", "d"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(["a", "b", "c", "d", "a"]);
  expect(live).toEqual([]);
});

it("stops at once when it is called off", async () => {
  start(leave);
  await vi.advanceTimersByTimeAsync(500);
  drain.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(told).toEqual(["a"]);
});
