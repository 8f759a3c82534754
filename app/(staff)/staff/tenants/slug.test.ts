import fc from "fast-check";
import { expect, test } from "vitest";
import { slugField } from "@/server/tenants/schema";
import { slugOf } from "./slug";

test.each([
  ["Acme Harbour", "acme-harbour"],
  ["Hafen Größe & Söhne", "hafen-grosse-sohne"],
  ["  Dana's   Cranes! ", "danas-cranes"],
  ["Łódź Ærø", "lodz-aero"],
  ["港", ""],
])("%j suggests %j", (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test("a suggestion is one that the server takes, unless it is too short or the platform's own", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 80 }), (name) => {
      const slug = slugOf(name);
      const verdict = slugField.safeParse(slug);
      const isExcused =
        slug.length < 2 || verdict.error?.issues.every((issue) => issue.message.includes("platform's own"));
      expect(verdict.success || isExcused).toBe(true);
    }),
  );
});
