import { describe, expect, test } from "vitest";
import { labelOf } from "./label";

describe("a device's label in DNS", () => {
  test.each([
    ["Crane 4 controller", "crane-4-controller"],
    ["  Größe / Ångström №7 ", "grosse-angstrom-no7"],
    ["ポンプ", "ponpu"],
    ["Pumpe Hauptstraße 5", "pumpe-hauptstrasse-5"],
    ["Насос 4", "nasos-4"],
    ["--", "device"],
    ["a.b_c", "a-b-c"],
  ])("of %j is %j", (name, label) => expect(labelOf(name)).toBe(label));

  test("is a label of DNS whatever the name, with room for a number", () => {
    for (const name of ["x".repeat(500), `${"y".repeat(49)} z`, "é".repeat(80)])
      expect(labelOf(name)).toMatch(/^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$/);
  });
});
