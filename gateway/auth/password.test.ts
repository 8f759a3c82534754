import { hash as hashNatively } from "@node-rs/argon2";
import { argon2id } from "hash-wasm";
import { afterAll, describe, expect, it } from "vitest";
import { BusyError, type PasswordChecker, startPasswordChecker } from "./password";

const checkers: PasswordChecker[] = [];
const start = (options: Parameters<typeof startPasswordChecker>[0] = {}) => {
  const checker = startPasswordChecker({ workers: 1, ...options });
  checkers.push(checker);
  return checker;
};
afterAll(async () => {
  for (const checker of checkers) await checker.close();
});

const hash = (password: string, salt = 1, memorySize = 1_024) =>
  argon2id({
    password,
    salt: Buffer.alloc(16, salt),
    iterations: 2,
    parallelism: 1,
    memorySize,
    hashLength: 32,
    outputType: "encoded",
  });

describe("passwords", { timeout: 20_000 }, () => {
  it("are checked against argon2id hashes, to the last character of any script", async () => {
    const checker = start();
    const stored = await hash('p"a\\ss wörd 密码');
    expect(await checker.check(stored, 'p"a\\ss wörd 密码')).toBe(true);
    expect(await checker.check(stored, 'p"a\\ss wörd 密')).toBe(false);
    expect(await checker.check(stored, "")).toBe(false);
  });

  it("are right by the hashes that the control plane makes with another library", async () => {
    const stored = await hashNatively("e\u0301 ＡＢＣ ﬁ wörd", { memoryCost: 1_024, timeCost: 2, parallelism: 1 });
    expect(await start().check(stored, "e\u0301 ＡＢＣ ﬁ wörd")).toBe(true);
  });

  it("are right however their letters are put together", async () => {
    const stored = await hash("Zu\u0308rich".normalize("NFC"));
    const checker = start();
    for (const form of ["NFC", "NFD"]) expect(await checker.check(stored, "Zürich".normalize(form))).toBe(true);
    expect(await checker.check(stored, "Zurich")).toBe(false);
  });

  it("that were right are remembered for that hash alone", async () => {
    const checker = start();
    const first = await hash("one", 1, 32_768);
    const changed = await hash("two", 2);
    expect(await checker.check(first, "one")).toBe(true);
    const begun = performance.now();
    for (let n = 0; n < 200; n++) expect(await checker.check(first, "one")).toBe(true);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(await checker.check(changed, "one")).toBe(false);
  });

  it("leave the event loop free while they are checked", async () => {
    const checker = start();
    const stored = await hash("slow", 3, 65_536);
    await checker.check(await hash("warm"), "warm");
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await checker.check(stored, "slow");
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  it("are not checked at all where too many wait", async () => {
    const checker = start({ maxWaiting: 1 });
    const stored = await hash("right", 4, 32_768);
    const first = checker.check(stored, "right");
    await expect(checker.check(stored, "other")).rejects.toThrow(BusyError);
    expect(await first).toBe(true);
  });

  it("are not checked once they have waited for longer than a client does", async () => {
    const checker = start({ maxWaitMs: 20 });
    const stored = await hash("right", 5, 65_536);
    const first = checker.check(stored, "right");
    await expect(checker.check(stored, "other")).rejects.toThrow(BusyError);
    expect(await first).toBe(true);
    expect(await checker.check(stored, "another")).toBe(false);
  });

  it("are each answered for themselves where many are asked at once", async () => {
    const checker = start({ workers: 2 });
    const stored = await hash("right", 6);
    const asked = ["a", "right", "b", "c", "right", "d"];
    expect(await Promise.all(asked.map((password) => checker.check(stored, password)))).toEqual(
      asked.map((password) => password === "right"),
    );
  });

  it("fail loudly, never as right, where the stored hash is no hash", async () => {
    const checker = start();
    await expect(checker.check("$argon2id$nonsense", "x")).rejects.toThrow();
  });
});
