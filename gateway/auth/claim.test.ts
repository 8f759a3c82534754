import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClientMessage } from "../openvpn/codec";
import { connectEnvironment } from "../openvpn/transcript";
import { readClaim } from "./claim";
import { clean, cleanWord } from "./clean";

function message(change: Record<string, string | undefined> = {}, repeated: string[] = []): ClientMessage {
  const environment = new Map(connectEnvironment.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) environment.delete(name);
    else environment.set(name, value);
  }
  return { type: "client", event: "CONNECT", clientId: 1, keyId: 1, environment, repeated: new Set(repeated) };
}

describe("a client's claim", () => {
  it("is read from what openvpn says", () => {
    expect(readClaim(message())).toEqual({
      fingerprint: "52d0820b40498dc73e66782d49035b7b0bf85aedfaf7692f318375d382905490",
      password: 'p"a\\ss',
      realAddress: "192.0.2.2",
      clientVersion: "2.6.14",
      platform: "linux",
      cipher: "AES-256-GCM",
      isDevice: false,
      hasLongName: false,
      canBeToldToWait: true,
      canBeHurried: true,
    });
  });

  it.each([
    ["none", undefined],
    ["half of one", "52:d0:82"],
    ["letters that are no hex", "zz:".repeat(32).slice(0, -1)],
  ])("names nobody with a fingerprint that is %s", (_what, digest) => {
    expect(readClaim(message({ X509_0_SHA256: digest })).fingerprint).toBeNull();
  });

  it("names nobody with two fingerprints", () => {
    expect(readClaim(message({}, ["X509_0_SHA256"])).fingerprint).toBeNull();
  });

  it("has no password where none was sent, or an empty one", () => {
    expect(readClaim(message({ password: undefined })).password).toBeNull();
    expect(readClaim(message({ password: "" })).password).toBeNull();
  });

  it.each([
    ["CHACHA20-POLY1305:AES-128-GCM", "CHACHA20-POLY1305"],
    ["CHACHA20-POLY1305:AES-256-GCM", "AES-256-GCM"],
    ["BF-CBC", null],
  ])("of the ciphers %s gets %s", (ciphers, cipher) => {
    expect(readClaim(message({ IV_CIPHERS: ciphers })).cipher).toBe(cipher);
  });

  it("of an old client that only says it can negotiate gets AES-256-GCM", () => {
    expect(readClaim(message({ IV_CIPHERS: undefined })).cipher).toBe("AES-256-GCM");
    expect(readClaim(message({ IV_CIPHERS: undefined, IV_NCP: undefined })).cipher).toBeNull();
  });
});

describe("client-supplied text", () => {
  it("has no characters left that break lines, hide or turn text around, and is short", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 100 }), (text) => {
        const shown = clean(text, 40);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect([...shown].length).toBeLessThanOrEqual(40);
      }),
    );
    expect(clean("Zoë \u202eевил\n\u2028\u0000")).toBe("Zoë _евил___");
  });

  it("that should be a word is one", () => {
    expect(cleanWord("2.6.14")).toBe("2.6.14");
    expect(cleanWord('<b>"x"</b>')).toBe("_b__x___b_");
    expect(cleanWord("")).toBeNull();
    expect(cleanWord(undefined)).toBeNull();
  });
});
