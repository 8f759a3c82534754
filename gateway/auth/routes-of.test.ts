import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isInside, parseAddress, parseCidr } from "../protocol/addresses";
import { decide } from "../protocol/decide";
import { emptyDocument, type TenantDocument } from "../protocol/document";
import { scanRoutes } from "../testing/scan-routes";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { maxExactRoutes } from "./routes-of";

const at = new Date("2026-11-30T12:00:00Z");
const rules = [{ protocol: "tcp" as const, from: 80, to: 80 }];

function harbour(): TenantDocument {
  const document = emptyDocument("harbour");
  document.tenant = { ...plainTenant, blocks: ["198.51.100.0/24"] };
  document.networks.set("quay", { cidr: "10.0.0.0/16" });
  document.networks.set("yard", { cidr: "10.1.0.0/16" });
  document.policies.set("cranes", { name: "cranes", isEnabled: true, groups: ["cranes"], rules });
  document.accounts.set("ana", { ...plainAccount, policies: ["cranes"] });
  return document;
}

const routes = (document: TenantDocument) =>
  scanRoutes({ document, accountId: "ana", account: document.accounts.get("ana")! }, at);

const addDevice = (document: TenantDocument, address: string, change = {}) =>
  document.devices.set(address, { ...plainDevice, address, groups: ["cranes"], ...change });

describe("a person's client", () => {
  it("is told the devices that may be reached, and of their network nothing else", () => {
    const document = harbour();
    addDevice(document, "10.0.0.10");
    addDevice(document, "10.0.0.11");
    addDevice(document, "198.51.100.77", { attachment: "openvpn" });
    addDevice(document, "10.0.0.254", { groups: ["lamps"] });
    expect(routes(document)).toEqual({ cidrs: ["10.0.0.10/31", "198.51.100.77/32"], areWhole: false });
  });

  it("is told nothing of a policy that is off or empty, of a grant that has ended, or of what lies outside the networks", () => {
    const document = harbour();
    addDevice(document, "10.0.0.10");
    addDevice(document, "192.0.2.1");
    document.policies.get("cranes")!.isEnabled = false;
    document.policies.set("empty", { name: "empty", isEnabled: true, groups: ["cranes"], rules: [] });
    document.accounts.get("ana")!.policies.push("empty");
    document.grants.set("past", { account: "ana", groups: ["cranes"], rules, until: at.toISOString() });
    expect(routes(document).cidrs).toEqual([]);
    document.grants.set("now", { account: "ana", groups: ["cranes"], rules, until: "2026-11-30T13:00:00Z" });
    expect(routes(document).cidrs).toEqual(["10.0.0.10/32"]);
  });

  it("is told of more than some hundred the networks that they lie in, and of no other", () => {
    const document = harbour();
    for (let n = 0; n <= maxExactRoutes; n++) addDevice(document, `10.0.${n >> 6}.${(n & 63) * 2}`);
    expect(routes(document)).toEqual({ cidrs: ["10.0.0.0/16"], areWhole: true });
    document.devices.delete("10.0.0.0");
    expect(routes(document).cidrs).toHaveLength(maxExactRoutes);
  });

  it("is told all that the one decision allows", () => {
    const device = fc.record({
      address: fc.integer({ min: 0, max: 40 }).map((n) => `10.${n % 3}.0.${n}`),
      groups: fc.subarray(["cranes", "lamps", "pumps"]),
    });
    const policy = fc.record({ isEnabled: fc.boolean(), groups: fc.subarray(["cranes", "lamps", "pumps"]) });
    fc.assert(
      fc.property(fc.array(device, { maxLength: 30 }), fc.array(policy, { maxLength: 4 }), (devices, policies) => {
        const document = harbour();
        document.policies.clear();
        policies.forEach((one, n) => void document.policies.set(`p${n}`, { name: "", rules, ...one }));
        document.accounts.get("ana")!.policies = policies.map((_, n) => `p${n}`);
        devices.forEach((one, n) => void document.devices.set(`d${n}`, { ...plainDevice, ...one }));
        const told = routes(document).cidrs.map(parseCidr);
        const reached = [...document.devices].filter(
          ([deviceId]) => decide(document, { accountId: "ana", deviceId, protocol: "tcp", port: 80 }, at).allow,
        );
        const addresses = new Set(reached.map(([, { address }]) => parseAddress(address)));
        for (const one of addresses) expect(told.some((cidr) => isInside(one, cidr))).toBe(true);
        expect(told.reduce((sum, { size }) => sum + size, 0)).toBe(addresses.size);
      }),
    );
  });
});

it("a device's client is told its tenant's blocks, where all who may reach it have their addresses", () => {
  const document = harbour();
  const device = { ...plainDevice, attachment: "openvpn" as const, address: "198.51.100.77" };
  expect(scanRoutes({ document, deviceId: "d", device }, at).cidrs).toEqual(["198.51.100.0/24"]);
});
