import { hash } from "@node-rs/argon2";
import { expect, test } from "vitest";
import { createTemporaryPassword, hashPassword, requireGoodPassword, verifyPassword } from "./password";

const owner = { email: "Dana.Fox@example.test", currentHash: null };

test("a hash is argon2id with the cost that we mean, and opens to its password alone", async () => {
  const hash = await hashPassword("correct horse battery");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await verifyPassword(hash, "correct horse battery")).toBe(true);
  expect(await verifyPassword(hash, "correct horse batterx")).toBe(false);
  expect(await verifyPassword(null, "correct horse battery")).toBe(false);
});

test.each([
  ["too short", "elevenchars", "at least 12"],
  ["too long", "x".repeat(128), "at most 127 bytes"],
  ["too long for its letters", "пароль".repeat(11), "this has 132"],
  ["with a line break", "correct horse\nbattery", "control characters"],
  ["with the email's name in it", "my-dana.fox-password", "dana.fox"],
])("a new password %s is refused, saying so", async (_, password, words) => {
  await expect(requireGoodPassword("next", password, owner)).rejects.toMatchObject({
    code: "invalid",
    field: "next",
    message: expect.stringContaining(words),
  });
});

test("a new password that is the current one is refused", async () => {
  const currentHash = await hashPassword("correct horse battery");
  await expect(requireGoodPassword("next", "correct horse battery", { ...owner, currentHash })).rejects.toThrow(
    "your current password",
  );
  await expect(
    requireGoodPassword("next", "another horse battery", { ...owner, currentHash }),
  ).resolves.toBeUndefined();
});

test("a temporary password keeps the rules and is never the same", async () => {
  const made = new Set(Array.from({ length: 100 }, createTemporaryPassword));
  expect(made.size).toBe(100);
  for (const password of made) expect(password).toMatch(/^([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}$/);
});

test("a password opens however its letters are put together, and an old hash opens to what was typed", async () => {
  const composed = "Zu\u0308rich im Regen".normalize("NFC");
  const apart = composed.normalize("NFD");
  for (const set of [composed, apart])
    for (const typed of [composed, apart]) expect(await verifyPassword(await hashPassword(set), typed)).toBe(true);
  expect(await verifyPassword(await hash(apart), apart)).toBe(true);
  // 126 bytes as it is sent, whatever was typed.
  await expect(requireGoodPassword("next", "é".repeat(63).normalize("NFD"), owner)).resolves.toBeUndefined();
});
