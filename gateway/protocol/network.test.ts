import { expect, test } from "vitest";
import { networkOf } from "./network";

test("an IPv4 address is its own network, and an IPv6 address stands for its /64, however it is written", () => {
  expect(networkOf("192.0.2.7")).toBe("192.0.2.7");
  expect(networkOf("2001:db8:1:2:aaaa::1")).toBe("2001:db8:1:2::/64");
  expect(networkOf("2001:0DB8:0001:0002:0:0:0:9")).toBe("2001:db8:1:2::/64");
  expect(networkOf("2001:db8::1:2:3:4")).toBe("2001:db8:0:0::/64");
  expect(networkOf("2001:db8:1::192.0.2.1")).toBe("2001:db8:1:0::/64");
  expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
  expect(networkOf("unknown")).toBe("unknown");
});
