import { pino } from "pino";
import { beforeEach, describe, expect, it } from "vitest";
import { emptyDocument } from "../protocol/document";
import { plainAccount, plainTenant } from "../testing/values";
import { AdmissionDesk } from "./admission";
import { AttemptLimiter } from "./attempt-limiter";
import type { Claim } from "./claim";

const people = ["ana", "bob", "cid", "dee"];
let answers: ((isRight: boolean) => void)[];
let desk: AdmissionDesk;

beforeEach(() => {
  answers = [];
  const document = emptyDocument("tenant");
  document.tenant = { ...plainTenant, state: "active" };
  desk = new AdmissionDesk({
    findByFingerprint: (accountId) => ({ document, accountId, account: { ...plainAccount, passwordHash: "hash" } }),
    passwords: { check: () => new Promise((resolve) => answers.push(resolve)), close: async () => {} },
    log: pino({ enabled: false }),
    perNetwork: new AttemptLimiter(2, 60_000),
  });
});

const come = async (who: string, realAddress = "192.0.2.2") => {
  const claim = { fingerprint: who, password: "a password", realAddress } as Claim;
  const admission = await desk.admit(claim);
  return admission.accepted ? "accepted" : admission.code;
};

/** Knocks, and has the password found right or wrong. */
const knock = async (isRight: boolean, who: string, realAddress: string) => {
  const coming = come(who, realAddress);
  answers.shift()?.(isRight);
  return coming;
};

describe("whoever guesses at somebody else's password", () => {
  beforeEach(() => {
    const document = emptyDocument("tenant");
    document.tenant = { ...plainTenant, state: "active" };
    desk = new AdmissionDesk({
      findByFingerprint: (accountId) => ({ document, accountId, account: { ...plainAccount, passwordHash: "hash" } }),
      passwords: { check: () => new Promise((resolve) => answers.push(resolve)), close: async () => {} },
      log: pino({ enabled: false }),
    });
  });

  it("is slowed down, in any address of one IPv6 network, and the person elsewhere is not", async () => {
    for (let n = 0; n < 10; n++) expect(await knock(false, "ana", `2001:db8:0:1::${n}`)).toBe("password_wrong");
    expect(await knock(true, "ana", "2001:db8:0:1::ffff")).toBe("too_many_attempts");
    expect(await knock(true, "ana", "2001:db8:0:2::1")).toBe("accepted");
  });

  it("has no more attempts for the person's having come in meanwhile", async () => {
    for (let n = 0; n < 9; n++) expect(await knock(false, "ana", "192.0.2.7")).toBe("password_wrong");
    expect(await knock(true, "ana", "192.0.2.7")).toBe("accepted");
    expect(await knock(false, "ana", "192.0.2.7")).toBe("password_wrong");
    expect(await knock(false, "ana", "192.0.2.7")).toBe("too_many_attempts");
  });
});

describe("an office behind one address", () => {
  it("that comes all at once waits its turn, and is not taken for one that guesses", async () => {
    const [first, second] = people.slice(0, 2).map((who) => come(who));
    expect(await come("cid")).toBe("not_ready");
    for (const answer of answers.splice(0)) answer(true);
    expect(await Promise.all([first, second])).toEqual(["accepted", "accepted"]);
    const third = come("cid");
    answers[0]!(true);
    expect(await third).toBe("accepted");
  });

  it("from which too many were wrong is refused, and no password of it is checked", async () => {
    const wrong = people.slice(0, 2).map((who) => come(who));
    for (const answer of answers.splice(0)) answer(false);
    expect(await Promise.all(wrong)).toEqual(["password_wrong", "password_wrong"]);
    expect(await come("cid")).toBe("too_many_attempts");
    expect(answers).toEqual([]);
  });
});
