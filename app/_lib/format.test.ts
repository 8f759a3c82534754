import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCompact,
  formatDateTime,
  formatDuration,
  formatPercent,
  formatRate,
  formatRelative,
  formatUntil,
  formatUtc,
  plural,
  shorten,
} from "./format";

describe("sizes", () => {
  test.each<[number | bigint, string]>([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1560, "1.6 kB"],
    [999_900, "1 MB"],
    [1_260_000, "1.3 MB"],
    [123_456_789n, "123 MB"],
    [10n ** 19n, "10 EB"],
    [-2500, "−2.5 kB"],
  ])("%s bytes read %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  test("no size reads as a thousand of its unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 53 - 1 }), (bytes) => Number.parseFloat(formatBytes(bytes)) < 1000),
    );
  });

  test("a rate is shown in bits", () => {
    expect(formatRate(1_250_000)).toBe("10 Mbit/s");
    expect(formatRate(0)).toBe("0 bit/s");
  });

  test("a large count is shortened", () => {
    expect(formatCompact(950)).toBe("950");
    expect(formatCompact(12_345)).toBe("12.3k");
  });
});

describe("durations", () => {
  test.each([
    [0, "0 ms"],
    [0.4, "<1 ms"],
    [38, "38 ms"],
    [999.6, "1 s"],
    [1234, "1.2 s"],
    [59_400, "59 s"],
    [59_900, "1 min"],
    [250_000, "4 min 10 s"],
    [3_600_000, "1 h"],
    [8_040_000, "2 h 14 min"],
    [273_600_000, "3 d 4 h"],
    [-1500, "−1.5 s"],
  ])("%s ms read %s", (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});

describe("times", () => {
  const now = new Date("2026-11-22T05:31:07Z");
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);

  test.each([
    [0, "just now"],
    [-12, "12 s ago"],
    [-200, "3 min ago"],
    [3 * 3600, "in 3 h"],
    [-5 * 86_400, "5 d ago"],
    [-60 * 86_400, "23 Sep 2026"],
  ])("%s seconds away reads %s", (seconds, expected) => {
    expect(formatRelative(after(seconds), now, "UTC")).toBe(expected);
  });

  test("the reader's zone moves the day", () => {
    expect(formatDateTime(now, "America/New_York")).toBe("22 Nov 2026, 00:31:07");
    expect(formatDateTime(now, "America/Los_Angeles")).toBe("21 Nov 2026, 21:31:07");
  });

  test("what the server renders is the same in every zone", () => {
    expect(formatUtc(now)).toBe("22 Nov 2026, 05:31 UTC");
  });
});

describe("words", () => {
  test.each([
    [0, "0%"],
    [0.004, "0.4%"],
    [0.5, "50%"],
    [0.9996, "99.9%"],
    [1, "100%"],
  ])("a share of %s reads %s", (share, expected) => {
    expect(formatPercent(share)).toBe(expected);
  });

  test("one is singular", () => {
    expect(plural(1, "gateway")).toBe("1 gateway");
    expect(plural(0, "gateway")).toBe("0 gateways");
    expect(plural(1200n, "policy", "policies")).toBe("1,200 policies");
  });

  test("a fingerprint keeps its ends", () => {
    expect(shorten("0123456789abcdef0123", 6, 4)).toBe("012345…0123");
    expect(shorten("short")).toBe("short");
  });
});

test("an end is told by its time today, with its day else", () => {
  const now = new Date("2026-11-30T10:00:00Z");
  expect(formatUntil(new Date("2026-11-30T14:30:10Z"), now, "UTC")).toBe("14:30");
  expect(formatUntil(new Date("2026-12-01T09:05:00Z"), now, "UTC")).toBe("1 Dec, 09:05");
  expect(formatUntil(new Date("2027-01-01T09:05:00Z"), now, "UTC")).toBe("1 Jan 2027, 09:05");
});
