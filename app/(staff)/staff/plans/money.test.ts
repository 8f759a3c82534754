import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMoney, fromMinor, toMinor } from "./money";

test("a price has the decimals of its currency", () => {
  expect(formatMoney(4900, "EUR")).toBe("€49.00");
  expect(formatMoney(4900, "JPY")).toBe("JP¥4,900");
});

test("a price survives being edited without a change", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000_000), fc.constantFrom("EUR", "JPY", "KWD", "X"), (minor, currency) => {
      expect(toMinor(fromMinor(minor, currency), currency)).toBe(minor);
    }),
  );
});
