import { expect, test } from "vitest";
import { auditActions } from "@/server/core/audit-actions";
import { factsOf, sentenceOf } from "./audit-entry";

const subject = { kind: "account", id: "1", name: "Mara" };
const read = (action: string, details: unknown = {}) =>
  sentenceOf({ action, subject, details })
    .map(({ text }) => text)
    .join("");

test("an action reads as what was done to whom", () => {
  expect(read("grants.create", { groups: ["Cranes", "Pumps"] })).toBe(
    "Granted Mara access to Cranes, Pumps for a while",
  );
  expect(read("members.change_role", { before: "viewer", after: "admin" })).toBe(
    "Changed the role of Mara from viewer to admin",
  );
  expect(read("sign_in.succeeded")).toBe("Mara signed in");
});

test("every action is a sentence about its subject", () => {
  for (const action of Object.keys(auditActions)) {
    const sentence = read(action);
    expect(sentence, action).toMatch(/^[A-Z].*Mara|^Mara /s);
    expect(sentence, action).not.toMatch(/[{}_]|\w\.\w/);
  }
});

test("an action that is no longer known is shown by its own name", () => {
  expect(read("odd.thing")).toBe("odd.thing Mara");
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
