import { describe, expect, test } from "vitest";
import { Clock } from "./clock";

const noon = Date.parse("2026-03-01T12:00:00Z");
const hour = 3_600_000;

function start({ hostIsOffMs = 0 } = {}) {
  let steady = 5_000;
  let host = noon + hostIsOffMs;
  const clock = new Clock(
    () => steady,
    () => host,
  );
  return {
    clock,
    pass: (ms: number) => {
      steady += ms;
      host += ms;
    },
    setHost: (byMs: number) => {
      host += byMs;
    },
  };
}

describe("the agent's clock", () => {
  test("goes on steadily while the host's is set", () => {
    const { clock, pass, setHost } = start();
    setHost(-hour);
    pass(1_000);
    expect(clock.ms()).toBe(noon + 1_000);
  });

  test("is the control plane's where the host's is an hour off, either way", () => {
    for (const hostIsOffMs of [hour, -hour]) {
      const { clock, pass } = start({ hostIsOffMs });
      expect(clock.hear(new Date(noon))).toBe(-hostIsOffMs);
      pass(2_000);
      expect(clock.now()).toEqual(new Date(noon + 2_000));
    }
  });

  test("does not follow each call's time under way", () => {
    const { clock } = start();
    expect(clock.hear(new Date(noon - 6_000))).toBe(0);
    expect(clock.ms()).toBe(noon);
  });

  test("knows when it was what the host's calls by another number", () => {
    const { clock } = start({ hostIsOffMs: hour });
    const hostSays = (noon + hour) / 1000;
    expect(clock.ofHost(hostSays)).toBe(hostSays);
    clock.hear(new Date(noon));
    expect(clock.ofHost(hostSays)).toBe(noon / 1000);
  });

  test("takes no time from what is none", () => {
    const { clock } = start();
    expect(clock.hear(new Date("tomorrow"))).toBe(0);
    expect(clock.ms()).toBe(noon);
  });
});
