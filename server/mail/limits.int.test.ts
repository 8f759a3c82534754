/** Whoever has mail sent chooses to whom, and with which names in it; neither may make us a sender of theirs. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin, unique } from "@/e2e/support/principals";
import { type Actor, closeDatabase, inTransaction, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { nameInMail, sendMail } from "./mail";

let tenant: Awaited<ReturnType<typeof createTenantWithAdmin>>;
beforeAll(async () => {
  tenant = await createTenantWithAdmin();
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

describe("mails are limited", () => {
  test("to one recipient, whoever sends them", async () => {
    const email = `${unique("stranger")}@example.test`;
    const other = await createTenantWithAdmin();
    const invite = ({ tenantId, admin }: typeof tenant) =>
      callAs(admin).members.invite({ tenantId, email, role: "viewer" });
    for (let n = 0; n < 10; n++) await invite(n % 2 ? tenant : other);
    const eleventh = invite(other);
    await expect(eleventh).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS", cause: { field: "email" } });
    await expect(eleventh).rejects.toThrow(/^Too many mails were sent \(to .*\)\. Try again in 10 minutes\.$/);
    // The invitation that could not be sent was not made, and did not void the one before it.
    const { rows } = await callAs(tenant.staff).outbox.list({ search: email });
    expect(rows).toHaveLength(10);
    expect(
      (await callAs(other.admin).members.invitations({ tenantId: other.tenantId })).map((one) => one.email),
    ).toContain(email);
  });

  test("by one sender, over all recipients; what we send of our own accord is not", { timeout: 60_000 }, async () => {
    const actor = { kind: "user", id: crypto.randomUUID(), name: "Eve" } as const;
    const send = (by: Actor, count: number, to: () => string) =>
      inTransaction(by, {}, async (scope) => {
        for (let n = 0; n < count; n++) await sendMail(scope, { to: to(), subject: "x", text: "x" });
      });
    const anybody = () => `${unique("many")}@example.test`;
    await send(system, 12, () => "one-and-the-same@example.test");
    for (let n = 0; n < 6; n++) await send(actor, 50, anybody);
    await expect(send(actor, 1, anybody)).rejects.toMatchObject({ code: "too_many" });
  });
});

describe("a name in a mail", () => {
  test("is a name, and nothing that a mail program makes a link of", () => {
    expect(nameInMail("Dana Fox")).toBe("Dana Fox");
    expect(nameInMail("Jürgen O’Neill-Müller (Nord & Süd)")).toBe("Jürgen O’Neill-Müller (Nord & Süd)");
    expect(nameInMail("Насос № 4")).toBe("Насос 4");
    for (const link of [
      "https://evil.example/x",
      "www.evil.example",
      "evil.example",
      "mail me@evil.example",
      "evil。example",
    ])
      expect(nameInMail(link)).not.toMatch(/\S\.\S|:|\/|@|。/);
    expect(
      [...nameInMail("Your account was shut. Call +1 555 0100 at once to have it opened again")].length,
    ).toBeLessThan(42);
  });

  test("of whoever invites stands so in the mail", async () => {
    const { tenantId } = tenant;
    const email = `${unique("named")}@example.test`;
    const admin = { ...tenant.admin, name: "Verify at https://evil.example/login now" };
    const { mailId } = await callAs(admin).members.invite({ tenantId, email, role: "viewer" });
    const { text } = await callAs(tenant.staff).outbox.open({ id: mailId });
    expect(text).toContain("Verify at https evil. example login now invites you");
    expect(text.match(/https?:\S+/g)).toEqual([expect.stringContaining("http://localhost:3000/invitation/")]);
  });
});
