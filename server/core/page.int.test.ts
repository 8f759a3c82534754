import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createPlan, createTenantWithAdmin } from "@/e2e/support/principals";
import { closeDatabase } from "./db";
import { closeQueues } from "./queue";

let tenantId: string;
let admin: ReturnType<typeof callAs>;
beforeAll(async () => {
  const tenant = await createTenantWithAdmin({ planId: (await createPlan()).id });
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  for (let n = 1; n <= 9; n++) await admin.devices.create({ tenantId, name: `Kran ${n}`, address: `10.0.0.${n}` });
}, 60_000);
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

const names = ({ rows }: { rows: { name: string }[] }) => rows.map(({ name }) => name);

describe("a list that is paged by key", () => {
  test("repeats and drops no row while rows come and go before the page", async () => {
    const first = await admin.devices.list({ tenantId, pageSize: 3 });
    expect(names(first)).toEqual(["Kran 1", "Kran 2", "Kran 3"]);
    await admin.devices.delete({ tenantId, deviceId: first.rows[0]!.id });
    await admin.devices.delete({ tenantId, deviceId: first.rows[2]!.id });
    const second = await admin.devices.list({ tenantId, pageSize: 3, page: 2, after: first.last });
    expect(names(second)).toEqual(["Kran 4", "Kran 5", "Kran 6"]);
    await admin.devices.create({ tenantId, name: "Ast", address: "10.0.0.101" });
    const third = await admin.devices.list({ tenantId, pageSize: 3, page: 3, after: second.last });
    expect(names(third)).toEqual(["Kran 7", "Kran 8", "Kran 9"]);
    expect(names(await admin.devices.list({ tenantId, pageSize: 3, page: 2, before: third.first }))).toEqual([
      "Kran 4",
      "Kran 5",
      "Kran 6",
    ]);
    expect(names(await admin.devices.list({ tenantId, pageSize: 3, page: 2 }))).toEqual(["Kran 5", "Kran 6", "Kran 7"]);
  });

  test("goes through all of it by every order, both ways", async () => {
    for (const sort of ["name", "address", "createdAt"] as const)
      for (const order of ["asc", "desc"] as const) {
        const all = names(await admin.devices.list({ tenantId, sort, order }));
        const paged: string[] = [];
        let after: string | undefined;
        do {
          const page = await admin.devices.list({ tenantId, sort, order, pageSize: 2, after });
          paged.push(...names(page));
          after = page.last;
        } while (after);
        expect(paged).toEqual(all);
      }
  });

  test("refuses a key that is none, with words", async () => {
    for (const after of ["", "x", `${crypto.randomUUID()}10.0.0.999`, "'; --"])
      await expect(admin.devices.list({ tenantId, sort: "address", after })).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
    for (const after of [`${"-".repeat(36)}2026-01-01 00:00:00+00`, `${crypto.randomUUID()}2026-02-31 00:00:00+00`])
      await expect(admin.devices.list({ tenantId, sort: "createdAt", after })).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
  });
});
