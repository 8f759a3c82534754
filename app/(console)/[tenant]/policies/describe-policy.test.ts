import { expect, test } from "vitest";
import { describePolicy } from "./describe-policy";

const people = (...names: string[]) => names.map((name) => ({ name, isRevoked: false }));

const policy = {
  isEnabled: true,
  accounts: people("Dana Fox", "Ada Lind", "Bo Frost"),
  groups: [{ name: "Cranes", devices: 8 }],
  rules: [
    { protocol: "tcp", from: 22, to: 22 },
    { protocol: "tcp", from: 80, to: 80 },
  ],
} as const;

test("a policy is said in one sentence", () => {
  expect(describePolicy(policy)).toBe("Dana Fox and 2 others may reach Cranes (8 devices) on tcp 22 and tcp 80.");
});

test("two people are both named, and one alone", () => {
  expect(describePolicy({ ...policy, accounts: people("Dana Fox", "Ada Lind") })).toMatch(/^Dana Fox and Ada Lind may/);
  expect(describePolicy({ ...policy, accounts: people("Dana Fox") })).toMatch(/^Dana Fox may/);
});

test("people whose names are not at hand are counted", () => {
  expect(describePolicy({ ...policy, accounts: people("", "") })).toMatch(/^2 people may/);
  expect(describePolicy({ ...policy, accounts: people("", "Dana Fox") })).toMatch(/^Dana Fox and 1 other may/);
});

test("those who are revoked are not said to reach anything", () => {
  const viktor = { name: "Viktor Halász", isRevoked: true };
  expect(describePolicy({ ...policy, accounts: [viktor, ...people("Dana Fox")] })).toBe(
    "Dana Fox may reach Cranes (8 devices) on tcp 22 and tcp 80. 1 account in it is revoked.",
  );
  expect(describePolicy({ ...policy, accounts: [viktor] })).toBe("Everybody in it is revoked, so it opens nothing.");
});

test("a policy that is off says that it opens nothing", () => {
  expect(describePolicy({ ...policy, isEnabled: false })).toMatch(/^Switched off, it opens nothing/);
});

test("what is missing is asked for", () => {
  expect(describePolicy({ ...policy, rules: [] })).toBe("It opens nothing yet: say on which ports.");
  expect(describePolicy({ ...policy, accounts: [], groups: [] })).toBe(
    "It opens nothing yet: say who may go in and which groups it opens.",
  );
  expect(describePolicy({ ...policy, accounts: [], groups: [], rules: [] })).toBe(
    "Nobody reaches anything by this policy yet.",
  );
});

test("a group without devices is said to have none", () => {
  expect(describePolicy({ ...policy, groups: [{ name: "Cranes", devices: 0 }] })).toContain("Cranes (no devices yet)");
});
