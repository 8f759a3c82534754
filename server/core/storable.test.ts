import { expect, test } from "vitest";
import { isStorable } from "./storable";

test("a text with NUL or half a character is found wherever it stands, and nothing else is taken for one", () => {
  for (const text of ["", "Zoë", "😀", "\u001f", "%00"])
    expect(isStorable({ rows: [{ name: text }] }), text).toBe(true);
  for (const text of ["\0", "a\0b", "\ud800", "\udc00x", "😀".slice(1)]) {
    expect(isStorable(text)).toBe(false);
    expect(isStorable({ rows: [{ name: text }] })).toBe(false);
    expect(isStorable({ [text]: 1 })).toBe(false);
  }
  expect(isStorable([1, null, undefined, new Date(), true])).toBe(true);
});
