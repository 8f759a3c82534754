import { afterAll, describe, expect, test } from "vitest";
import { createGatewayRow } from "@/e2e/support/principals";
import { canonical } from "@/gateway/protocol/canonical";
import { entryDigest } from "@/gateway/protocol/digest";
import type { Entry } from "@/gateway/protocol/document";
import { closeDatabase, inTenant, inTransaction, system } from "@/server/core/db";
import { verifyPassword } from "@/server/core/password";
import { closeQueues } from "@/server/core/queue";
import { projectTenant } from "@/server/tenants/projection";
import { asStaff } from "./callers";
import { tenants } from "./demonstration-data";
import { seedHistory } from "./history";
import { largeNetwork, seedLarge } from "./large";
import { seed } from "./seed";

const password = "correct horse battery";
const administratorEmail = "administrator@seed.example";

afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

/** Tables and published document as they stand; they must agree. */
async function documentOf(tenantId: string): Promise<{ stored: string[]; projected: string[] }> {
  return inTenant(system, tenantId, async (scope) => {
    const rows = await scope.tx.documentEntry.findMany({ where: { tenantId } });
    const entries = rows.filter(({ value }) => value !== null) as unknown as (Entry & { digest: Uint8Array })[];
    for (const { kind, id, value, digest } of entries)
      expect(Buffer.from(digest)).toEqual(entryDigest({ kind, id, value } as Entry));
    const text = (list: Entry[]) => list.map(({ kind, id, value }) => canonical({ kind, id, value })).sort();
    return { stored: text(entries), projected: text(await projectTenant(scope)) };
  });
}

const findTenant = (slug: string) =>
  inTransaction(system, { isStaff: true }, ({ tx }) => tx.tenant.findUniqueOrThrow({ where: { slug } }));

describe("the demonstration", () => {
  test("fills an empty database with two tenants whose networks overlap, all told to the gateways", async () => {
    const signIns = await seed("demonstration", { password, administratorEmail });
    expect(signIns.map(({ kind }) => kind)).toEqual([
      "staff",
      "staff",
      "staff",
      "member",
      "account",
      "member",
      "account",
    ]);
    for (const { slug, devices, accounts, networks } of tenants) {
      const { id: tenantId } = await findTenant(slug);
      const { stored, projected } = await documentOf(tenantId);
      expect(stored).toEqual(projected);
      const [deviceCount, accountCount] = await inTenant(system, tenantId, ({ tx }) =>
        Promise.all([tx.device.count({ where: { tenantId } }), tx.account.count({ where: { tenantId } })]),
      );
      expect([deviceCount, accountCount]).toEqual([devices.length, accounts.length]);
      expect(networks.map(({ cidr }) => cidr)).toContain("10.0.0.0/24");
    }
  });

  test("lets everybody whom it lists sign in with the password that it was given", async () => {
    const emails = tenants.flatMap(({ members }) => members.map(({ email }) => email));
    const users = await inTransaction(system, { isStaff: true }, ({ tx }) =>
      tx.user.findMany({ where: { email: { in: [...emails, administratorEmail] } } }),
    );
    expect(users).toHaveLength(emails.length + 1);
    for (const { email, passwordHash } of users) expect(await verifyPassword(passwordHash, password), email).toBe(true);
    const { id: tenantId } = await findTenant("harbour-cranes");
    const mara = await inTenant(system, tenantId, ({ tx }) =>
      tx.account.findFirstOrThrow({ where: { email: "mara@harbour-cranes.example" } }),
    );
    expect(mara.mustChangePassword).toBe(false);
    expect(await verifyPassword(mara.passwordHash, password)).toBe(true);
  });
});

describe("the demonstration's history", () => {
  test("is over by now, one session of an account at a time, and comes to rest in the ledger once", async () => {
    const { id: gatewayId } = await createGatewayRow();
    const { id: tenantId } = await findTenant("harbour-cranes");
    const now = new Date();
    await seedHistory([{ id: gatewayId, region: "fra" }], now);
    await seedHistory([{ id: gatewayId, region: "fra" }], now);
    const [sessions, refusals, packets, samples] = await inTenant(system, tenantId, ({ tx }) =>
      Promise.all([
        tx.session.findMany({
          where: { tenantId, gatewayId },
          orderBy: [{ accountId: "asc" }, { connectedAt: "asc" }],
        }),
        tx.refusal.findMany({ where: { tenantId, gatewayId } }),
        tx.refusedPackets.findMany({ where: { tenantId, gatewayId }, orderBy: { packets: "asc" } }),
        tx.trafficSample.count({ where: { tenantId } }),
      ]),
    );
    expect(sessions.length).toBeGreaterThan(15);
    expect(samples).toBeGreaterThan(sessions.length);
    expect(new Set(refusals.map(({ code }) => code))).toContain("account_revoked");
    const { refused } = tenants.find(({ slug }) => slug === "harbour-cranes")!;
    // Told twice, as all of it was here, they are twice as many.
    expect(packets.map((row) => Number(row.packets) / 2)).toEqual(refused.map((seed) => seed.packets).sort((a, b) => a - b)); // biome-ignore format: one line
    for (const [index, session] of sessions.entries()) {
      expect(session.disconnectedAt!.getTime()).toBeLessThan(now.getTime());
      const next = sessions[index + 1];
      if (next?.accountId === session.accountId) {
        expect(next.connectedAt.getTime()).toBeGreaterThan(session.disconnectedAt!.getTime());
        expect(next.id > session.id).toBe(true);
      }
    }
  });
});

describe("a large tenant", () => {
  test("is published as its tables say, with an address of its own for everybody", async () => {
    const administrator = await inTransaction(system, { isStaff: true }, ({ tx }) =>
      tx.user.findUniqueOrThrow({ where: { email: administratorEmail } }),
    );
    const { id: userId, email, name } = administrator;
    const staff = asStaff({ userId, email, name, staffRole: "administrator" });
    const plan = (await staff.plans.list({ search: "Enterprise" })).rows[0]!;
    const { tenantId } = await staff.tenants.create({
      name: "Large",
      slug: "large",
      planId: plan.id,
      networks: [largeNetwork],
      admin: { email: "admin@large.example" },
    });
    // More than one block of addresses holds.
    await seedLarge(tenantId, { accounts: 5_000, devices: 300, groups: 7, policies: 5 });
    const { stored, projected } = await documentOf(tenantId);
    expect(stored).toEqual(projected);
    const addresses = await inTenant(system, tenantId, ({ tx }) =>
      tx.account.findMany({ where: { tenantId }, select: { address: true } }),
    );
    expect(new Set(addresses.map(({ address }) => address)).size).toBe(5_000);
    const created = await staff.tenants.get({ tenantId });
    expect(created.accounts).toBe(5_000);
  });
});
