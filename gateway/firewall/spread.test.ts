import { describe, expect, it } from "vitest";
import { noSpread, printSpread } from "./spread";

const front = (protocol: "udp" | "tcp", port: number) => ({ protocol, port });
const process = (protocol: "udp" | "tcp", port: number, isTaking = true) => ({ protocol, port, isTaking });
const rules = (spread: Parameters<typeof printSpread>[0]) =>
  printSpread(spread)
    .filter((line) => /^add rule \S+ \S+ (fronts|doors)/.test(line) && !line.includes("limit rate"))
    .map((line) => line.replace("add rule inet drawbridge ", ""));

describe("the spread", () => {
  it("leads new flows to the processes in turn, and shuts their own ports", () => {
    const spread = { fronts: [front("udp", 1194)], processes: [process("udp", 20_001), process("udp", 20_002)] };
    expect(rules(spread)).toEqual([
      "fronts fib daddr . iif type local udp dport 1194 redirect to :numgen inc mod 2 map { 0 : 20001, 1 : 20002 }",
      "doors udp dport { 20001, 20002 } ct status & (snat | dnat) == 0 drop",
    ]);
  });

  it("leads nothing new to a process that takes none, and keeps its door shut to newcomers", () => {
    const processes = [process("udp", 20_001), process("udp", 20_002, false)];
    expect(rules({ fronts: [front("udp", 1194), front("udp", 443)], processes })).toEqual([
      "fronts fib daddr . iif type local udp dport { 1194, 443 } redirect to :20001",
      "doors udp dport { 20001, 20002 } ct status & (snat | dnat) == 0 drop",
    ]);
  });

  it("drops what is new where no process takes it, whatever listens on that port of the host", () => {
    expect(rules({ fronts: [front("tcp", 443)], processes: [process("tcp", 20_001, false)] })).toEqual([
      "doors tcp dport 443 drop",
      "doors tcp dport 20001 ct status & (snat | dnat) == 0 drop",
    ]);
  });

  it("keeps protocols apart, and leaves one without a front to its processes' own ports", () => {
    const processes = [process("udp", 1194), process("tcp", 20_001)];
    expect(rules({ fronts: [front("tcp", 443)], processes }).join("\n")).not.toContain("1194");
    expect(rules({ fronts: [], processes })).toEqual([]);
  });

  it("bounds who knocks at a process, behind a front or not, before openvpn keeps anything of it", () => {
    const limits = (processes: Parameters<typeof printSpread>[0]["processes"]) =>
      printSpread({ fronts: [], processes }).filter((line) => line.includes("limit rate"));
    expect(limits([process("udp", 1194), process("udp", 1195), process("tcp", 443)])).toEqual([
      expect.stringMatching(/doors udp dport \{ 1194, 1195 \} @th,64,8 0x50 update @udp_knockers/),
      expect.stringMatching(/doors udp dport \{ 1194, 1195 \} @th,64,8 0x50 @th,136,8 != 0x0f limit rate over 50/),
      expect.stringMatching(/doors tcp dport 443 ct state new update @tcp_knockers/),
    ]);
    expect(limits([])).toEqual([]);
  });

  it("leads no front to the process for old clients, leaves its port open, and bounds who knocks there", () => {
    const old = { ...process("udp", 1195), isForOldClients: true as const };
    const spread = { fronts: [front("udp", 1194)], processes: [process("udp", 20_001), old] };
    expect(rules(spread)).toEqual([
      "fronts fib daddr . iif type local udp dport 1194 redirect to :20001",
      "doors udp dport 20001 ct status & (snat | dnat) == 0 drop",
    ]);
    expect(printSpread(spread).join("\n")).toMatch(/doors udp dport 1195 @th,64,8 0x38 update @udp_knockers/);
  });

  it("leads strays to all processes behind a front, also to those that take nothing new, and to a single one nothing", () => {
    const strays = (processes: Parameters<typeof printSpread>[0]["processes"], protocol: "udp" | "tcp" = "udp") =>
      printSpread({ fronts: [front(protocol, 1194)], processes }).filter((line) =>
        line.includes("rule inet drawbridge strays"),
      );
    expect(strays([process("udp", 20_001), process("udp", 20_002, false)])).toEqual([
      expect.stringMatching(/udp dport 1194 .* notrack udp dport set numgen inc mod 2 map \{ 0 : 20001, 1 : 20002 \}$/),
    ]);
    expect(strays([process("udp", 20_001)])).toEqual([]);
    expect(strays([process("tcp", 20_001), process("tcp", 20_002)], "tcp")).toEqual([]);
  });

  it("takes the place of the one before: nothing of that is left", () => {
    expect(printSpread(noSpread)).toEqual([
      "add chain inet drawbridge fronts { type nat hook prerouting priority dstnat; policy accept; }",
      "add chain inet drawbridge doors { type filter hook input priority filter - 10; policy accept; }",
      "add chain inet drawbridge strays { type filter hook prerouting priority raw; policy accept; }",
      "add chain inet drawbridge answers { type filter hook output priority raw; policy accept; }",
      "add chain inet drawbridge stray_answers { type nat hook postrouting priority srcnat; policy accept; }",
      "flush chain inet drawbridge fronts",
      "flush chain inet drawbridge doors",
      "flush chain inet drawbridge strays",
      "flush chain inet drawbridge answers",
      "flush chain inet drawbridge stray_answers",
      expect.stringContaining("add set inet drawbridge udp_knockers"),
      expect.stringContaining("add set inet drawbridge tcp_knockers"),
    ]);
  });
});
