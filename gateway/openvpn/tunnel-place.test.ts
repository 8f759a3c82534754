import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, isInside, parseAddress } from "../protocol/addresses";
import { formatCidr } from "../protocol/cover";
import { addressOptions, doRoute, placeOf } from "./tunnel-place";

const address = fc.integer({ min: parseAddress("1.0.0.0"), max: parseAddress("223.255.255.255") }).map(formatAddress);

describe("the network that a client is told", () => {
  it.each([
    ["198.51.100.9", "198.51.100.8/29", "198.51.100.10"],
    ["198.51.100.13", "198.51.100.8/29", "198.51.100.12"],
    ["198.51.100.7", "198.51.100.0/28", "198.51.100.8"],
    ["198.51.100.16", "198.51.100.0/27", "198.51.100.17"],
  ])("of %s is %s, and the next hop %s", (own, block, nextHop) => {
    const place = placeOf(own);
    expect([formatCidr(place.block), place.nextHop]).toEqual([block, nextHop]);
  });

  it("has the address and another next hop, neither at its ends nor where Windows' driver answers DHCP", () => {
    fc.assert(
      fc.property(address, (own) => {
        const { block, nextHop } = placeOf(own);
        expect(nextHop).not.toBe(own);
        for (const one of [own, nextHop].map(parseAddress)) {
          expect(isInside(one, block)).toBe(true);
          expect([0, block.size - 2, block.size - 1]).not.toContain(one - block.base);
        }
      }),
    );
  });
});

describe("what a client is told to send into its tunnel", () => {
  const gateway = "198.51.100.1";
  const told = (...cidrs: string[]) => addressOptions("203.0.113.9", { cidrs, areWhole: false }, gateway).slice(2);

  it("leaves out what is on its link already, for the next hop itself could be that", () => {
    expect(told("203.0.113.10/32", "203.0.113.12/31", "10.0.0.10/32")).toEqual([
      'push "route 198.51.100.1 255.255.255.255"',
      'push "route 10.0.0.10 255.255.255.255"',
    ]);
    expect(told("203.0.113.0/24")).toContain('push "route 203.0.113.0 255.255.255.0"');
  });

  it("never has the way to the gateway itself among whole networks", () => {
    const lines = addressOptions("203.0.113.9", { cidrs: ["10.0.0.0/8"], areWhole: true }, gateway);
    expect(lines).toContain('push "route remote_host 255.255.255.255 net_gateway"');
    expect(told("10.0.0.10/32").join()).not.toContain("remote_host");
  });

  it.each([
    [["10.0.0.10/32"], ["10.0.0.10/32"], true],
    [["10.0.0.10/32"], ["10.0.0.10/31"], false],
    [["10.0.0.10/32", "10.0.0.11/32"], ["10.0.0.10/31"], true],
    [["10.0.0.0/8"], ["10.200.0.10/32"], true],
    [[], ["203.0.113.10/32"], true],
    [["10.0.0.10/32"], [], true],
    [[], ["0.0.0.0/0"], false],
  ])("%j holds %j: %s", (before, now, expected) => {
    const routes = (cidrs: string[]) => ({ cidrs, areWhole: false });
    expect(doRoute("203.0.113.9", routes(before), routes(now))).toBe(expected);
  });
});
