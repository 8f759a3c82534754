import { describe, expect, it } from "vitest";
import { type CertificateUse, findDue, type ShownCertificate } from "./certificate-pace";

const day = 86_400_000;
const now = Date.parse("2026-06-01T00:00:00Z");
const certificate = (fingerprint: string, daysLeft: number): ShownCertificate => ({
  fingerprint,
  notBefore: new Date(now + (daysLeft - 90) * day).toISOString(),
  notAfter: new Date(now + daysLeft * day).toISOString(),
});
const present = certificate("new", 90);
const use = (name: string, change: Partial<CertificateUse> = {}): CertificateUse => ({
  ...{ name, certificate: certificate("old", 30), isRunning: true, isDraining: false, clients: 5 },
  ...change,
});
const due = (uses: CertificateUse[], lastCutAt = 0) => findDue(uses, present, lastCutAt, now);

describe("a renewed certificate", () => {
  it("is taken up at once by a process that has no client", () => {
    expect(due([use("udp-1"), use("udp-2", { clients: 0 })])).toBe("udp-2");
  });

  it("cuts nobody off while the old one has long to go", () => {
    expect(due([use("udp-1"), use("udp-2")])).toBeUndefined();
  });

  it("is taken up by a process that never rests when the old one is about to end", () => {
    const ending = { certificate: certificate("old", 14) };
    expect(due([use("udp-1", ending), use("udp-2", ending)])).toBe("udp-1");
  });

  it("cuts the clients of one process off at a time, while all the others are there for them", () => {
    const ending = { certificate: certificate("old", 14) };
    const taken = use("udp-1", { certificate: present });
    expect(due([taken, use("udp-2", ending)], now - 5_000)).toBeUndefined();
    expect(due([taken, use("udp-2", ending)], now - 60_000)).toBe("udp-2");
    expect(due([{ ...taken, isRunning: false }, use("udp-2", ending)])).toBeUndefined();
  });

  it("waits where a process drains, and waits for no such process", () => {
    const ending = { certificate: certificate("old", 14) };
    const drained = use("udp-1", { isDraining: true, isRunning: false, clients: 0 });
    expect(due([{ ...drained, isRunning: true }])).toBeUndefined();
    expect(due([drained, use("udp-2", ending)])).toBe("udp-2");
  });

  it("leaves those alone that show it already, or do not run", () => {
    expect(due([use("udp-1", { certificate: present, clients: 0 })])).toBeUndefined();
    expect(due([use("udp-1", { isRunning: false, clients: 0 })])).toBeUndefined();
    expect(due([use("udp-1", { certificate: undefined, clients: 0 })])).toBeUndefined();
  });
});
