import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callAs, createTenantWithAdmin } from "@/e2e/support/principals";
import { closeDatabase } from "./db";
import { closeQueues } from "./queue";

let tenantId: string;
let admin: ReturnType<typeof callAs>;
const people: [name: string, email: string][] = [
  ["Jürgen MÜLLER", "jm@firma.test"],
  ["Иван ПЕТРОВ", "ivan@firma.test"],
  ["Søren Ångström", "soren@firma.test"],
  ["Ｗｉｄｅ Straße", "wide@firma.test"],
  ["100%_sure\\", "sure@firma.test"],
  ["山田 太郎", "yamada@firma.test"],
];
const devices = ["Zebra", "eins", "Ärger", "Kran 10", "Kran 9", "kran 9a", "Élan"];

beforeAll(async () => {
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  for (const [name, email] of people) await admin.accounts.create({ tenantId, name, email });
  for (const [at, name] of devices.entries())
    await admin.devices.create({ tenantId, name, address: `10.0.0.${at === 0 ? 1 : at + 9}` });
}, 120_000);
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

describe("a search", () => {
  test.each([
    ["müller", "Jürgen MÜLLER"],
    ["muller", "Jürgen MÜLLER"],
    ["MULLER", "Jürgen MÜLLER"],
    ["Müller Jürgen", "Jürgen MÜLLER"],
    ["Mu\u0308ller", "Jürgen MÜLLER"],
    ["firma jürg", "Jürgen MÜLLER"],
    ["петров", "Иван ПЕТРОВ"],
    ["ПЕТРОВ иван", "Иван ПЕТРОВ"],
    ["soren angstrom", "Søren Ångström"],
    ["ＷＩＤＥ strasse", "Ｗｉｄｅ Straße"],
    ["wide", "Ｗｉｄｅ Straße"],
    ["STRASSE", "Ｗｉｄｅ Straße"],
    ["0%_s", "100%_sure\\"],
    ["%", "100%_sure\\"],
    ["_", "100%_sure\\"],
    ["\\", "100%_sure\\"],
    ["山田", "山田 太郎"],
    ["郎 山", "山田 太郎"],
  ])("for %j finds %j alone", async (search, name) => {
    const { rows, total } = await admin.accounts.list({ tenantId, search });
    expect(rows.map((row) => row.name)).toEqual([name]);
    expect(total).toBe(1);
  });

  test("finds an address by its start, and a whole one alone", async () => {
    const found = async (search: string) =>
      (await admin.devices.list({ tenantId, search })).rows.map((row) => row.name);
    expect(await found("10.0.0.1")).toEqual(["Zebra"]);
    expect((await found("10.0.0.")).length).toBe(devices.length);
    expect((await found("10.0")).length).toBe(devices.length);
    expect(await found("0.0.1")).toEqual([]);
    expect(await found("10.0.0.15 élan")).toEqual(["Élan"]);
  });

  test("of one letter or digit finds it at the start of a word, and of more anywhere", async () => {
    const found = async (search: string) =>
      (await admin.devices.list({ tenantId, search })).rows.map((row) => row.name);
    expect(await found("kran 0")).toEqual([]);
    expect(await found("i")).toEqual([]);
    expect(await found("ra")).toEqual(["Kran 9", "kran 9a", "Kran 10", "Zebra"]);
  });

  test("means every wildcard literally, in every list", async () => {
    for (const search of ["%", "_", "\\"]) {
      expect((await admin.devices.list({ tenantId, search })).total).toBe(0);
      expect((await admin.devices.listGroups({ tenantId, search })).total).toBe(0);
      expect((await admin.policies.list({ tenantId, search })).total).toBe(0);
      expect((await admin.sessions.list({ tenantId, search })).total).toBe(0);
    }
  });
});

test("names sort as people sort: accents beside their letters, and numbers as numbers", async () => {
  const { rows } = await admin.devices.list({ tenantId, sort: "name" });
  expect(rows.map(({ name }) => name)).toEqual(["Ärger", "eins", "Élan", "Kran 9", "kran 9a", "Kran 10", "Zebra"]);
});
