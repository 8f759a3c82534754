import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AuthTokens, looksLikeToken, type TokenSubject, tokenLifetimeMs } from "./auth-token";

const secret = "ab".repeat(32);
const ana: TokenSubject = { tenantId: "t", accountId: "ana", fingerprint: "f1", passwordHash: "$argon2id$1" };
const start = Date.parse("2026-11-25T12:00:00Z");
const at = (ms: number, key = secret) => new AuthTokens(key, () => start + ms);
const token = at(0).issue(ana);

describe("a token", () => {
  it("opens on every gateway that has the platform's secret, for a day", () => {
    expect(at(0).isValid(token, ana, false)).toBe(true);
    expect(at(tokenLifetimeMs).isValid(token, ana, false)).toBe(true);
    expect(at(-60_000).isValid(token, ana, false), "a clock a minute behind").toBe(true);
  });

  it("is worth nothing after a day, before it was issued, or under another secret", () => {
    expect(at(tokenLifetimeMs + 1_000).isValid(token, ana, false)).toBe(false);
    expect(at(-600_000).isValid(token, ana, false)).toBe(false);
    expect(at(0, "cd".repeat(32)).isValid(token, ana, false)).toBe(false);
  });

  it("carries a connection that stands for as long as it stands", () => {
    expect(at(30 * tokenLifetimeMs).isValid(token, ana, true)).toBe(true);
  });

  it.each([
    ["another tenant's account", { tenantId: "other" }],
    ["another account", { accountId: "boris" }],
    ["another certificate", { fingerprint: "f2" }],
    ["a changed password", { passwordHash: "$argon2id$2" }],
  ])("is worth nothing with %s, not even to a connection that stands", (_what, change) => {
    for (const isRenewal of [false, true]) expect(at(0).isValid(token, { ...ana, ...change }, isRenewal)).toBe(false);
  });

  it("cannot be bent: no change of a character opens", () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(..."abzAZ019-_."), (index, character) => {
        fc.pre(token[index] !== character);
        const bent = token.slice(0, index) + character + token.slice(index + 1);
        // The last character of the signature has two bits that say nothing.
        fc.pre(
          Buffer.from(bent.slice(-43), "base64url").compare(Buffer.from(token.slice(-43), "base64url")) !== 0 ||
            index < token.length - 43,
        );
        expect(at(0).isValid(bent, ana, true)).toBe(false);
      }),
    );
  });

  it("fits into one line of what openvpn is told, and is no password of a person", () => {
    expect(`push "auth-token ${token}"`.length).toBeLessThan(254);
    expect(looksLikeToken(token)).toBe(true);
    for (const text of ["", "dbt1.", "correct horse", `${token} `, `x${token}`])
      expect(looksLikeToken(text)).toBe(false);
  });
});
