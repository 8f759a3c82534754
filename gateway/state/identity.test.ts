import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EnrolmentToken, grantProof, requestProof } from "../protocol/enrolment";
import { createAuthority, publicKeyOfRequest } from "../testing/authority";
import { certificateFingerprint, Identity } from "./identity";

const token: EnrolmentToken = {
  gatewayId: "00000000-0000-4000-8000-0000000000ff",
  secret: "ab".repeat(32),
  expiresAt: Math.floor(Date.now() / 1000) + 600,
};
const authority = createAuthority("gateway CA");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gw-state-"));
});
afterEach(() => rm(folder, { recursive: true }));

function grantFor(csr: string, { subject = `gateway.${token.gatewayId}`, secret = token.secret, days = 30 } = {}) {
  const publicKey = createPublicKey({ key: publicKeyOfRequest(csr), format: "der", type: "spki" });
  const { certificate } = authority.issue(subject, { usage: "server", publicKey, days });
  return {
    certificate,
    gatewayCa: authority.certificate,
    proof: grantProof(secret, certificate, authority.certificate),
  };
}

describe("a gateway's identity", () => {
  it("keeps its key for itself, and the same over starts", async () => {
    const first = await Identity.open(folder);
    const again = await Identity.open(folder);
    expect(again.key).toBe(first.key);
    expect((await stat(join(folder, "identity/key.pem"))).mode & 0o777).toBe(0o600);
  });

  it("is asked for with a request that binds its key, the question and the TLS certificate", async () => {
    const identity = await Identity.open(folder);
    const shown = identity.selfSign(token);
    const nonce = "01".repeat(32);
    const { csr, proof } = identity.answer(token, nonce, shown);
    expect(proof).toBe(requestProof(token.secret, nonce, csr, certificateFingerprint(shown)));
    expect(new X509Certificate(shown).subject).toBe(`CN=gateway.${token.gatewayId}`);
    expect(publicKeyOfRequest(csr)).toEqual(
      new X509Certificate(shown).publicKey.export({ type: "spki", format: "der" }),
    );
  });

  it("is taken once and outlives the agent", async () => {
    const identity = await Identity.open(folder);
    const { csr } = identity.answer(token, "01".repeat(32), identity.selfSign(token));
    const grant = grantFor(csr);
    await identity.accept(token, grant);
    expect((await Identity.open(folder)).enrolled).toMatchObject({ gatewayId: token.gatewayId });
    await expect(identity.accept(token, grant)).rejects.toMatchObject({ code: "already_enrolled" });
    expect(() => identity.answer(token, "01".repeat(32), grant.certificate)).toThrow(/token is spent/);
  });

  it("is not taken by an expired token", async () => {
    const identity = await Identity.open(folder);
    const shown = identity.selfSign(token);
    const { csr } = identity.answer(token, "01".repeat(32), shown);
    const late = new Date(token.expiresAt * 1000);
    expect(() => identity.answer(token, "01".repeat(32), shown, late)).toThrow(/expired/);
    await expect(identity.accept(token, grantFor(csr), late)).rejects.toMatchObject({ code: "token_expired" });
    expect(identity.enrolled).toBeNull();
  });

  it("is not taken from who does not hold the token's secret", async () => {
    const identity = await Identity.open(folder);
    const { csr } = identity.answer(token, "01".repeat(32), identity.selfSign(token));
    const forged = grantFor(csr, { secret: "cd".repeat(32) });
    await expect(identity.accept(token, forged)).rejects.toMatchObject({ code: "proof_wrong" });
    const short = { ...grantFor(csr), proof: "ab" };
    await expect(identity.accept(token, short)).rejects.toMatchObject({ code: "proof_wrong" });
  });

  it("is not taken with a certificate of another key, another gateway, another CA, or past its end", async () => {
    const identity = await Identity.open(folder);
    const { csr } = identity.answer(token, "01".repeat(32), identity.selfSign(token));
    const wrap = (certificate: string, gatewayCa = authority.certificate) => ({
      certificate,
      gatewayCa,
      proof: grantProof(token.secret, certificate, gatewayCa),
    });
    const otherKey = authority.issue(`gateway.${token.gatewayId}`, { usage: "server" }).certificate;
    await expect(identity.accept(token, wrap(otherKey))).rejects.toThrow(/another key/);
    await expect(identity.accept(token, grantFor(csr, { subject: "gateway.other" }))).rejects.toThrow(
      /another gateway/,
    );
    const otherCa = wrap(grantFor(csr).certificate, createAuthority("gateway CA").certificate);
    await expect(identity.accept(token, otherCa)).rejects.toThrow(/not signed by that CA/);
    await expect(identity.accept(token, grantFor(csr, { days: -1 }))).rejects.toThrow(/expired/);
    await expect(identity.accept(token, wrap("nonsense"))).rejects.toThrow(/not PEM/);
    expect(identity.enrolled).toBeNull();
  });
});
