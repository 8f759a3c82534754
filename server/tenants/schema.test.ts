import { expect, test } from "vitest";
import { createTenantInput } from "./schema";

const tenant = (...cidrs: string[]) => ({
  name: "Acme",
  slug: "acme",
  planId: "0191d9a0-0000-7000-8000-000000000001",
  networks: cidrs.map((cidr, index) => ({ name: `network ${index}`, cidr })),
  admin: { email: "ines@acme.example" },
});
const issues = (...cidrs: string[]) =>
  (createTenantInput.safeParse(tenant(...cidrs)).error?.issues ?? []).map(({ path, message }) => [
    path.join("."),
    message,
  ]);

test.each(["", "10.0.0.0", "10.0.0.1/24", "10.0.0.0/33", "300.0.0.0/8", "nonsense"])(
  "a malformed network (%j) is named, beside one that is well formed",
  (cidr) => {
    expect(issues("10.9.0.0/24", cidr)).toEqual([["networks.1.cidr", expect.stringContaining("Give an IPv4 network")]]);
  },
);

test("networks that overlap are named with the one that they overlap", () => {
  expect(issues("10.0.0.0/16", "10.0.7.0/24")).toEqual([["networks.1.cidr", expect.stringContaining("10.0.0.0/16")]]);
});
