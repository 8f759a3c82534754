import { expect, test } from "vitest";
import { findEnding } from "./ending-certificate";

const now = new Date("2026-06-01T12:00:00Z");
const certificate = (id: string, days: number, change = {}) => ({
  ...{ id, createdAt: now, notAfter: new Date(now.getTime() + days * 86_400_000) },
  ...{ revoked: false, isUsed: true, isRenewed: false, isRenewal: false, ...change },
});

test("whoever's profile ends soon is asked to renew the one in use that ends first", () => {
  const all = [certificate("later", 20), certificate("first", 5), certificate("fine", 200)];
  expect(findEnding(all, now)?.id).toBe("first");
  expect(findEnding([certificate("over", -1)], now)?.id).toBe("over");
});

test("nobody is asked about a profile that is renewed, unused, shut out, or has long to go", () => {
  const all = [
    certificate("renewed", 5, { isRenewed: true }),
    certificate("unused", 5, { isUsed: false }),
    certificate("gone", 5, { revoked: true }),
    certificate("fine", 31),
    certificate("followed", -1, { createdAt: new Date(0) }),
  ];
  expect(findEnding(all, now)).toBeUndefined();
});
