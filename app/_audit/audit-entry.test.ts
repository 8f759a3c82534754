import { expect, test } from "vitest";
import { factsOf, verbOf } from "./audit-entry";

test("an action reads as a verb", () => {
  expect(verbOf("accounts.reset_password")).toBe("reset password");
  expect(verbOf("odd")).toBe("odd");
});

test("of a change only what differs is shown", () => {
  expect(
    factsOf({
      before: { name: "Crane 1", address: "10.0.0.1" },
      after: { name: "Crane 1", address: "10.0.0.2" },
      accountsAdded: 2,
    }),
  ).toEqual([
    { name: "address", before: "10.0.0.1", value: "10.0.0.2" },
    { name: "accounts added", value: "2" },
  ]);
});

test("lists, switches and nothing at all are said in words", () => {
  expect(
    factsOf({
      groups: [],
      isEnabled: false,
      rules: [
        { to: 22, from: 22, protocol: "tcp" },
        { to: 5010, from: 5000, protocol: "udp" },
        { to: null, from: null, protocol: "icmp" },
      ],
      reason: "",
    }),
  ).toEqual([
    { name: "groups", value: "none" },
    { name: "is enabled", value: "no" },
    { name: "rules", value: "tcp 22, udp 5000 to 5010, icmp" },
    { name: "reason", value: "none" },
  ]);
  expect(factsOf({})).toEqual([]);
  expect(factsOf(null)).toEqual([]);
});
