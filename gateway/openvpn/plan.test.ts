import { describe, expect, it } from "vitest";
import type { GatewayConfig, ProcessState } from "../protocol/api";
import { planProcesses, planSpread } from "./plan";

const front = (protocol: "udp" | "tcp", port: number) => ({ protocol, port });
const config = (change: Partial<GatewayConfig>): GatewayConfig => ({
  ...{ version: 1, range: "100.64.0.0/10", rangeAddress: "100.64.0.1", clientCa: "", tlsCryptV2Key: "" },
  fronts: [front("udp", 1194)],
  processes: [1, 2].map((n) => ({ name: `udp-${n}`, protocol: "udp" as const, port: 20_000 + n })),
  ...change,
});
const state = (name: string, status: ProcessState["status"]) => ({ name, status }) as ProcessState;
const taking = (...given: Parameters<typeof planSpread>) =>
  planSpread(...given)
    .processes.filter(({ isTaking }) => isTaking)
    .map(({ port }) => port);

describe("a gateway without named processes", () => {
  it("runs one a core for each protocol that has a port", () => {
    const both = { processes: [], fronts: [front("udp", 1194), front("udp", 443), front("tcp", 443)] };
    expect(planProcesses(both, 2)).toEqual([
      { name: "udp-1", protocol: "udp", port: 20_001 },
      { name: "udp-2", protocol: "udp", port: 20_002 },
      { name: "tcp-1", protocol: "tcp", port: 20_001 },
      { name: "tcp-2", protocol: "tcp", port: 20_002 },
    ]);
    expect(planProcesses({ processes: [], fronts: [front("tcp", 443)] }, 1)).toHaveLength(1);
    expect(planProcesses({ processes: [] }, 4)).toEqual([]);
  });

  it("runs those that are named, where some are", () => {
    expect(planProcesses(config({}), 64)).toEqual(config({}).processes);
  });
});

describe("new connections", () => {
  it("are led to every process before anything is known, so that an agent that starts shuts nobody out", () => {
    expect(taking(config({}), null)).toEqual([20_001, 20_002]);
    expect(taking(config({ draining: ["udp-1"] }), null)).toEqual([20_002]);
  });

  it("are not led to a process that does not run, or drains", () => {
    const states = [state("udp-1", "running"), state("udp-2", "starting")];
    expect(taking(config({}), states)).toEqual([20_001]);
    const running = ["udp-1", "udp-2"].map((name) => state(name, "running"));
    expect(taking(config({ draining: ["udp-1"] }), running)).toEqual([20_002]);
    expect(taking(config({ draining: ["udp-1", "udp-2"] }), running)).toEqual([]);
  });

  it("reach every process in maintenance, to be told where else to go", () => {
    expect(taking(config({ isInMaintenance: true, draining: ["udp-1"] }), null)).toEqual([20_001, 20_002]);
  });
});
