import { expect, test } from "vitest";
import { z } from "zod";
import "./zod-messages";

const said = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.issues[0]?.message;

test.each<[string, z.ZodType, unknown, string]>([
  ["an empty text", z.string().min(1), "", "This is needed."],
  ["a missing text", z.string(), undefined, "This is needed."],
  ["a short text", z.string().min(12), "short", "Use at least 12 characters."],
  ["a choice not made", z.enum(["fra", "iad"]), "", "Choose one."],
  ["no choice of several", z.array(z.string()).min(1), [], "Choose at least one."],
  ["a port out of range", z.number().max(65_535), 70_000, "The most is 65535."],
  ["half a port", z.number().int(), 22.5, "This must be a whole number."],
  ["a broken email", z.email(), "ada@", "Give an email address, such as ada@example.com."],
])("%s is refused in words for people", (_name, schema, value, message) => {
  expect(said(schema, value)).toBe(message);
});

test("a schema's own message wins", () => {
  expect(said(z.string().min(1, "Give a name."), "")).toBe("Give a name.");
});
