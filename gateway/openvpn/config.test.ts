import { describe, expect, it } from "vitest";
import type { ProcessConfig } from "../protocol/api";
import { maxClientsOf, netmask, type ProcessFiles, renderConfig } from "./config";
import type { PlannedProcess } from "./plan";

const files = (folder = "/state/openvpn/udp-1194"): ProcessFiles => ({
  folder,
  config: `${folder}/openvpn.conf`,
  log: `${folder}/openvpn.log`,
  pid: `${folder}/openvpn.pid`,
  socket: `${folder}/management.sock`,
  record: `${folder}/process.json`,
});
const keys = {
  certificate: "/k/cert",
  key: "/k/key",
  clientCa: "/k/ca",
  tlsCryptV2Key: "/k/tls",
  tlsCryptKey: "/k/old",
};
const range = { range: "100.64.0.0/10", rangeAddress: "100.64.0.1" };
const udp: ProcessConfig = { name: "udp-1194", protocol: "udp", port: 1194 };
const render = (process: Partial<PlannedProcess> = {}, where = files()) =>
  renderConfig({ ...udp, ...process }, range, where, keys, 4_096);

describe("the configuration of a process", () => {
  it("for old clients has the one key of all of them, and no other", () => {
    const text = render({ isForOldClients: true });
    expect(text).toContain('tls-crypt "/k/old"');
    expect(text).not.toContain("tls-crypt-v2");
    expect(render()).not.toContain("/k/old");
  });

  it("asks for certificates, lets the agent decide, and hands out no addresses of its own", () => {
    const lines = render().split("\n");
    for (const line of [
      "verify-client-cert require",
      "remote-cert-tls client",
      "management-client-auth",
      "tls-version-min 1.2",
      "data-ciphers AES-256-GCM:CHACHA20-POLY1305",
      "ifconfig 100.64.0.1 255.192.0.0",
      "ifconfig-noexec",
      "script-security 0",
      "dev db-udp-1194",
      'management "/state/openvpn/udp-1194/management.sock" unix',
    ])
      expect(lines).toContain(line);
    const text = lines.join("\n");
    for (const never of ["server ", "ifconfig-pool", "client-to-client", "client-config-dir", "status ", "crl-verify"])
      expect(text).not.toMatch(new RegExp(`^${never}`, "m"));
  });

  it("lets a client notice the gateway's death in four seconds, and costs it a ping in ten", () => {
    const lines = render().split("\n");
    for (const line of ["ping 1", 'push "ping-restart 4"', 'push "ping 10"', "ping-restart 30"])
      expect(lines).toContain(line);
  });

  it("has no more clients than the host's memory holds, whatever a start of the host says that it has", () => {
    expect(render()).toContain("max-clients 4096");
    const gibibyte = 2 ** 30;
    expect([1, 2, 8, 64].map((memory) => maxClientsOf(2, memory * gibibyte))).toEqual([1_024, 2_048, 8_192, 16_384]);
    expect(maxClientsOf(4, 8 * gibibyte - 80_000_000)).toBe(maxClientsOf(4, 8 * gibibyte - 90_000_000));
    expect(maxClientsOf(32, gibibyte / 4)).toBe(256);
  });

  it("keeps TCP to what passes on a narrow path, or to what it is told passes", () => {
    expect(render().split("\n")).toContain("mssfix 1260 mtu");
    expect(renderConfig(udp, { ...range, pathMtu: 1_400 }, files(), keys, 4_096)).toContain("mssfix 1380 mtu");
  });

  it("says good-bye over UDP, where nothing else does", () => {
    expect(render()).toContain("explicit-exit-notify 2");
    expect(render({ protocol: "tcp" })).not.toContain("explicit-exit-notify");
    expect(render({ protocol: "tcp" })).toContain("proto tcp4-server");
  });

  it.each([
    ["a name that adds an option", { name: "x\nscript-security 3" }],
    ["a name that leaves the folder", { name: "../etc" }],
    ["a name too long for a device", { name: "udp-1194-long" }],
    ["no port", { port: 0 }],
    ["a port out of range", { port: 65_536 }],
    ["a protocol of its own", { protocol: "udp6\nx" as "udp" }],
  ])("is refused with %s", (_what, change) => {
    expect(() => render(change)).toThrow(RangeError);
  });

  it("is refused where the folder is too deep for a socket, or would add an option", () => {
    expect(() => render({}, files(`/${"x".repeat(100)}`))).toThrow("too long");
    expect(() => render({}, files("/state\nup /bin/sh"))).toThrow("control character");
    expect(render({}, files('/a "quoted" folder'))).toContain('"/a \\"quoted\\" folder/management.sock"');
  });
});

it.each([
  ["100.64.0.0/10", "255.192.0.0"],
  ["10.20.0.0/16", "255.255.0.0"],
  ["192.0.2.7/32", "255.255.255.255"],
  ["0.0.0.0/0", "0.0.0.0"],
  ["128.0.0.0/1", "128.0.0.0"],
])("the netmask of %s is %s", (cidr, mask) => {
  expect(netmask(cidr)).toBe(mask);
});
