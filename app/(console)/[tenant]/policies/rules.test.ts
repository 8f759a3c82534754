import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PolicyRule } from "@/gateway/protocol/document";
import { formatRules, linesOf, parsePorts, ruleNames, rulesOf } from "./rules";

const tcp = (from: number, to = from): PolicyRule => ({ protocol: "tcp", from, to });
const ping: PolicyRule = { protocol: "icmp", from: null, to: null };

describe("ports as people write them", () => {
  test.each([
    ["22", [{ from: 22, to: 22 }]],
    [
      "22, 80",
      [
        { from: 22, to: 22 },
        { from: 80, to: 80 },
      ],
    ],
    [
      "22 80;8000-8099",
      [
        { from: 22, to: 22 },
        { from: 80, to: 80 },
        { from: 8000, to: 8099 },
      ],
    ],
    ["1–65535", [{ from: 1, to: 65535 }]],
    ["any", "any"],
    [" All ", "any"],
  ])("%j is read", (text, ranges) => {
    expect(parsePorts(text)).toEqual({ ranges });
  });

  test.each([
    ["", /Give ports/],
    [" ; ,", /Give ports/],
    ["ssh", /“ssh” is no port/],
    ["0", /from 1 to 65535/],
    ["65536", /from 1 to 65535/],
    ["80-22", /Did you mean 22-80/],
    ["-5", /no port/],
    ["22,,x", /“x”/],
  ])("%j is refused with the way to mend it", (text, problem) => {
    expect(parsePorts(text)).toEqual({ problem: expect.stringMatching(problem) });
  });

  test("any text is either read or refused", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parsePorts(text);
        return "problem" in parsed ? parsed.problem.length > 0 : parsed.ranges.length > 0;
      }),
    );
  });
});

describe("rules", () => {
  test("are shown compactly, a protocol at a time", () => {
    expect(formatRules([ping, tcp(80), tcp(22), tcp(8000, 8099)])).toBe("tcp 22, 80, 8000–8099 · icmp");
    expect(formatRules([{ protocol: "udp", from: null, to: null }])).toBe("udp any");
    expect(formatRules([])).toBe("");
  });

  test("are named one by one in a sentence", () => {
    expect(ruleNames([tcp(22), { protocol: "udp", from: null, to: null }, ping])).toEqual([
      "tcp 22",
      "any udp port",
      "icmp",
    ]);
  });

  test("survive being edited without a change", () => {
    const rule = fc.oneof(
      fc.constant(ping),
      fc
        .tuple(fc.constantFrom("tcp" as const, "udp" as const), fc.integer({ min: 1, max: 65535 }), fc.nat(500))
        .map(([protocol, from, more]): PolicyRule => ({ protocol, from, to: Math.min(65535, from + more) })),
    );
    fc.assert(
      fc.property(fc.uniqueArray(rule, { selector: (one) => JSON.stringify(one) }), (rules) => {
        const sorted = (list: PolicyRule[]) => list.map((one) => JSON.stringify(one)).toSorted();
        expect(sorted(rulesOf(linesOf(rules)))).toEqual(
          sorted(rules.map(({ protocol, from, to }) => ({ protocol, from, to }))),
        );
      }),
    );
  });

  test("said twice count once", () => {
    expect(
      rulesOf([
        { protocol: "tcp", ports: "22, 22" },
        { protocol: "icmp", ports: "" },
        { protocol: "icmp", ports: "ignored" },
      ]),
    ).toEqual([tcp(22), ping]);
  });
});
