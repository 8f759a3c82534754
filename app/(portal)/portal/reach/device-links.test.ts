import { expect, test } from "vitest";
import { deviceLinks } from "./device-links";

test("a device is opened by the programs whose ports are open", () => {
  const rules = [
    { protocol: "tcp" as const, from: 22, to: 22 },
    { protocol: "tcp" as const, from: 80, to: 90 },
    { protocol: "udp" as const, from: 443, to: 443 },
    { protocol: "icmp" as const, from: null, to: null },
  ];
  expect(deviceLinks("crane.harbour.vpn.internal", rules)).toEqual([
    { label: "http", href: "http://crane.harbour.vpn.internal" },
    { label: "ssh", href: "ssh://crane.harbour.vpn.internal" },
  ]);
  expect(deviceLinks("10.0.0.1", [{ protocol: "tcp", from: 8080, to: null }])).toEqual([
    { label: "http 8080", href: "http://10.0.0.1:8080" },
  ]);
  expect(deviceLinks("10.0.0.1", [{ protocol: "tcp", from: null, to: null }])).toEqual([]);
});
