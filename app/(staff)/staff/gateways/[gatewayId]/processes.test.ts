import { expect, test } from "vitest";
import type { Gateway } from "../gateway-status";
import { listProcesses, whyNotDrain } from "./processes";

const running = (name: string, sessions: number, drain: { startedAt: string; from: number } | null = null) => ({
  ...{ name, protocol: "udp" as const, port: 20_001, pid: 1, boot: "b", status: "running" as const },
  ...{ startedAt: "2026-11-25T12:00:00Z", sessions, restarts: 0, drain },
});
const gateway = (change: object = {}) =>
  ({
    ...{ processes: [], draining: [], isInMaintenance: false, enrolledAt: new Date() },
    state: { processes: [running("udp-1", 4), running("udp-2", 5)] },
    ...change,
  }) as unknown as Gateway;
const why = (one: Gateway, index = 0) => whyNotDrain(one, listProcesses(one)[index]!);

test("a gateway that plans its own processes shows those that it tells of", () => {
  expect(listProcesses(gateway()).map(({ name, status }) => [name, status])).toEqual([
    ["udp-1", "running"],
    ["udp-2", "running"],
  ]);
  expect(listProcesses(gateway({ state: null }))).toEqual([]);
});

test("a drain shows how far it is, and when it is done", () => {
  const drain = { startedAt: "2026-11-25T12:00:00Z", from: 9 };
  const at = (left: number) => listProcesses(gateway({ state: { processes: [running("udp-1", left, drain)] } }))[0];
  expect(at(4)).toMatchObject({ status: "draining", progress: { from: 9, left: 4 } });
  expect(at(0)).toMatchObject({ status: "drained", progress: { from: 9, left: 0 } });
});

test("the last process that takes a protocol's clients is not drained, and the reason says what to do", () => {
  expect(why(gateway())).toBeNull();
  expect(why(gateway({ draining: ["udp-2"] }))).toContain("maintenance instead");
  expect(why(gateway({ draining: ["udp-2"] }), 1), "stopping that drain").toBeNull();
});

test("in maintenance no process is drained or not by itself", () => {
  expect(why(gateway({ isInMaintenance: true }))).toContain("in maintenance");
});
