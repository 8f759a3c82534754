import { describe, expect, test } from "vitest";
import { reservedSlugs as appSlugs, paths } from "@/app/_lib/paths";
import { type Cidr, parseCidr } from "@/gateway/protocol/addresses";
import { createTenantInput, reservedSlugs, slugField } from "./schema";
import { firstFree } from "./tenants";

describe("the first free block", () => {
  const range = parseCidr("100.64.0.0/16");
  const free = (taken: string[], size = 4096) => firstFree(range, size, taken.map(parseCidr));
  const base = (cidr: string) => parseCidr(cidr).base;

  test("skips the first of the range, in which the gateways' own address is", () => {
    expect(free([])).toBe(base("100.64.16.0/20"));
  });
  test("comes after those that are taken, or in a gap between them", () => {
    expect(free(["100.64.16.0/20", "100.64.32.0/20"])).toBe(base("100.64.48.0/20"));
    expect(free(["100.64.16.0/20", "100.64.48.0/20"])).toBe(base("100.64.32.0/20"));
  });
  test("is aligned, also beside blocks of another size", () => {
    expect(free(["100.64.16.0/28"])).toBe(base("100.64.32.0/20"));
    expect(free(["100.64.0.0/28", "100.64.32.0/19"])).toBe(base("100.64.16.0/20"));
  });
  test("is none when the range is full", () => {
    const full: string[] = Array.from({ length: 15 }, (_, index) => `100.64.${(index + 1) * 16}.0/20`);
    expect(free(full)).toBeUndefined();
    expect(firstFree(range, 65536, [] as Cidr[])).toBeUndefined();
  });
});

test("no tenant takes an address that is the app's own", () => {
  for (const slug of appSlugs.filter((name) => /^[a-z0-9-]{2,}$/.test(name))) expect(reservedSlugs).toContain(slug);
  expect(appSlugs.length).toBeGreaterThan(5);
  expect(paths.staff.home).toBe("/staff");
  for (const slug of ["staff", "api", "portal", "a", "Ünder", "two--hyphens", "-x", "x".repeat(41), "~gone"])
    expect(slugField.safeParse(slug).success, slug).toBe(false);
  expect(slugField.parse(" Acme-Water ")).toBe("acme-water");
});

describe("networks that are refused, by name", () => {
  const input = (...cidrs: string[]) =>
    createTenantInput.safeParse({
      name: "Acme",
      slug: "acme",
      planId: crypto.randomUUID(),
      networks: cidrs.map((cidr, index) => ({ name: `net ${index}`, cidr })),
      admin: { email: "a@example.test" },
    });
  test.each([
    ["10.0.0.0", "Give an IPv4 network"],
    ["10.0.0.0/33", "Give an IPv4 network"],
    ["10.0.0.256/24", "Give an IPv4 network"],
    ["010.0.0.0/24", "Write 10.0.0.0."],
    ["10.0.0.1/24", "the network is 10.0.0.0/24"],
    ["fd00::/8", "Give an IPv4 network"],
    ["127.0.0.0/24", "overlaps 127.0.0.0/8"],
    ["0.0.0.0/0", "overlaps 0.0.0.0/8"],
    ["239.1.0.0/16", "overlaps 224.0.0.0/3"],
    ["10.0.0.0/24; DROP", "Give an IPv4 network"],
  ])("%s", (cidr, words) => {
    const { error } = input(cidr);
    expect(error?.issues[0]?.message).toContain(words);
    expect(error?.issues[0]?.path).toEqual(["networks", 0, "cidr"]);
  });
  test("those that overlap another, saying which", () => {
    const { error } = input("10.0.0.0/16", "192.168.0.0/24", "10.0.3.0/24");
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]).toMatchObject({ path: ["networks", 2, "cidr"] });
    expect(error?.issues[0]?.message).toContain("10.0.3.0/24 overlaps 10.0.0.0/16 (net 0)");
    expect(input("10.0.0.0/16", "10.1.0.0/16").success).toBe(true);
  });
});
