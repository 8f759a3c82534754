import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Clock } from "./clock";

const noon = Date.parse("2026-03-01T12:00:00Z");
const hour = 3_600_000;

function start({ hostIsOffMs = 0 } = {}) {
  let steady = 5_000;
  let host = noon + hostIsOffMs;
  let boot = "first";
  const create = () =>
    new Clock(
      () => steady,
      () => host,
      () => boot,
    );
  return {
    clock: create(),
    /** That of another agent. */
    create,
    reboot: () => {
      boot = "second";
      steady = 1_000;
    },
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

  describe("kept in a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "clock-"));
    const path = join(folder, "clock.json");
    afterEach(() => rmSync(path, { force: true }));

    test("is the control plane's from the start in the next agent, though the host's is off", () => {
      const { clock, create, pass } = start({ hostIsOffMs: hour });
      clock.keepIn(path);
      clock.hear(new Date(noon));
      pass(2_000);
      const next = create();
      next.keepIn(path);
      expect(next.now()).toEqual(new Date(noon + 2_000));
    });

    test("is right in the next agent though the host's was set while there was none", () => {
      const { clock, create, pass, setHost } = start();
      clock.keepIn(path);
      clock.hear(new Date(noon));
      setHost(-hour);
      pass(2_000);
      const next = create();
      next.keepIn(path);
      expect(next.now()).toEqual(new Date(noon + 2_000));
    });

    test("is the host's after the host has started anew", () => {
      const { clock, create, reboot } = start();
      clock.keepIn(path);
      clock.hear(new Date(noon));
      reboot();
      const next = create();
      next.keepIn(path);
      expect(next.ms()).toBe(noon);
    });

    test("is the host's where the file is damaged", () => {
      for (const text of ["", '{"bootId":"first"', '{"bootId":"first","offsetMs":"soon"}', "null"]) {
        writeFileSync(path, text);
        const { clock } = start();
        clock.keepIn(path);
        expect(clock.ms()).toBe(noon);
      }
    });

    test("goes on where it cannot be kept, and is kept once it can", () => {
      const { clock, create } = start({ hostIsOffMs: hour });
      clock.keepIn(join(folder, "missing", "clock.json"));
      clock.hear(new Date(noon));
      expect(clock.ms()).toBe(noon);
      clock.keepIn(path);
      clock.hear(new Date(noon));
      const next = create();
      next.keepIn(path);
      expect(next.ms()).toBe(noon);
    });
  });
});
