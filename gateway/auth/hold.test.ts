import { describe, expect, it } from "vitest";
import { type AccountValue, emptyDocument, type TenantDocument } from "../protocol/document";
import type { Documents } from "../state/documents";
import { findObjection } from "../state/standing";
import { plainAccount, plainTenant } from "../testing/values";
import { decideConnection } from "./decide-connection";

const now = new Date("2026-06-01T12:00:00Z");
const until = "2026-06-01T14:30:00.000Z";
const account: AccountValue = {
  ...plainAccount,
  passwordHash: "$argon2id$",
  fingerprints: ["f"],
  hold: { until, reason: "Malware on\nthe laptop." },
};
const document: TenantDocument = {
  ...emptyDocument("t"),
  tenant: plainTenant,
  accounts: new Map([["a", account]]),
};
const match = { document, accountId: "a", account };

describe("an account on hold", () => {
  it("is turned away until its end, and told until when and why", () => {
    expect(decideConnection(match, "secret", "right", now)).toEqual({
      outcome: "refuse",
      code: "held",
      reason: "you are blocked until 14:30 UTC: Malware on_the laptop.",
    });
    expect(decideConnection(match, "secret", "right", new Date(until)).outcome).toBe("accept");
  });

  it("is told the day where it is not today's", () => {
    const earlier = new Date("2026-05-29T12:00:00Z");
    expect(decideConnection(match, "secret", "right", earlier)).toMatchObject({
      reason: expect.stringContaining("until 1 Jun 14:30 UTC"),
    });
  });

  it("loses its session, and keeps the next one", () => {
    const documents: Documents = { get: () => document, findByFingerprint: () => match };
    const session = { tenantId: "t", accountId: "a", fingerprint: "f", vpnAddress: account.address };
    expect(findObjection(documents, session, now)).toMatchObject({ code: "kicked" });
    expect(findObjection(documents, session, new Date(until))).toBeNull();
  });
});
