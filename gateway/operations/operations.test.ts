import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../log";
import type { GatewayStateReply } from "../protocol/api";
import { createMetrics, type Metrics } from "./metrics";
import { type OperationsServer, startOperations } from "./server";

const tenantId = "00000000-0000-4000-8000-000000000001";
const accountId = "00000000-0000-4000-8000-00000000000a";

let metrics: Metrics;
let server: OperationsServer;
let reasons: string[];

beforeEach(async () => {
  metrics = createMetrics();
  reasons = [];
  server = await startOperations({
    ...{ host: "127.0.0.1", port: 0, metrics, notReady: () => reasons, log: createLog("silent", "json") },
  });
});
afterEach(() => server.close());

describe("metrics", () => {
  it("are served before there is anything to tell", async () => {
    const { status, text } = await get("/metrics");
    expect(status).toBe(200);
    expect(text).toContain("process_resident_memory_bytes");
    expect(text).not.toMatch(/^drawbridge_agent_spool_depth \d/m);
  });

  it("tell of sessions by process, of the spool and of the certificate, as they are at the scrape", async () => {
    let sessions = 3;
    metrics.follow(() => state({ sessions }));
    expect((await get("/metrics")).text).toContain('drawbridge_agent_sessions{process="udp-1194"} 3');
    sessions = 4;
    const { text } = await get("/metrics");
    expect(text).toContain('drawbridge_agent_sessions{process="udp-1194"} 4');
    expect(text).toContain('drawbridge_agent_process_up{process="udp-1194"} 1');
    expect(text).toContain("drawbridge_agent_spool_depth 7");
    expect(Number(/^drawbridge_agent_certificate_days_left (\S+)/m.exec(text)![1])).toBeCloseTo(10, 2);
  });

  it("tell of each link whether the other gateway is heard", async () => {
    const link = (peer: string, isUp: boolean) => ({ peer, isUp, since: "2026-11-25T12:00:00Z", received: 0, sent: 0 });
    metrics.follow(() => ({ ...state({ sessions: 0 }), links: [link("a", true), link("b", false)] }));
    const { text } = await get("/metrics");
    expect(text).toContain('drawbridge_agent_link_up{peer="a"} 1');
    expect(text).toContain('drawbridge_agent_link_up{peer="b"} 0');
  });

  it("count what was decided by its code, and name no tenant and no account", async () => {
    metrics.admitted(
      {
        accepted: true,
        tenantId,
        accountId,
        address: "100.64.0.9",
        domain: null,
        token: null,
        isByToken: false,
      },
      3,
    );
    for (let n = 0; n < 2; n++)
      metrics.admitted({ accepted: false, tenantId, accountId, code: "password_wrong", reason: "wrong" }, 30);
    metrics.sessionEnded("revoked");
    const { text } = await get("/metrics");
    expect(text).toContain('drawbridge_agent_admissions_total{outcome="accepted"} 1');
    expect(text).toContain('drawbridge_agent_admissions_total{outcome="password_wrong"} 2');
    expect(text).toContain('drawbridge_agent_sessions_ended_total{code="revoked"} 1');
    expect(text).not.toContain(tenantId);
    expect(text).not.toContain(accountId);
  });

  it("time what the kernel and a push take, and tell failures apart", async () => {
    const nft = metrics.timeNft({
      apply: async (lines) => {
        if (lines[0] === "bad") throw new Error("nft refused the change: no");
      },
      read: async () => "",
      list: async () => "",
      listElements: async () => '{"nftables":[]}',
      close: () => {},
    });
    await nft.apply(["good"]);
    await expect(nft.apply(["bad"])).rejects.toThrow("refused");
    const enforcer = metrics.timeEnforcer({
      push: async () => ({ outcome: "conflict", revision: 4 }),
      recheck: async () => [],
    });
    expect(await enforcer.push(tenantId, { from: 1, to: 2, entries: [] })).toEqual({
      outcome: "conflict",
      revision: 4,
    });
    const { text } = await get("/metrics");
    expect(text).toContain('drawbridge_agent_nft_seconds_count{outcome="applied"} 1');
    expect(text).toContain('drawbridge_agent_nft_seconds_count{outcome="failed"} 1');
    expect(text).toContain('drawbridge_agent_push_seconds_count{outcome="conflict"} 1');
  });
});

describe("health", () => {
  it("is well while the process answers; ready only when nothing stands against it, and says what does", async () => {
    expect(await get("/healthz")).toMatchObject({ status: 200 });
    expect(await get("/readyz")).toMatchObject({ status: 200, text: '{"status":"ready"}\n' });
    reasons = ["udp-1194 is stopped"];
    const { status, text } = await get("/readyz");
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({ status: "not ready", reasons: ["udp-1194 is stopped"] });
    expect(await get("/healthz")).toMatchObject({ status: 200 });
  });

  it("changes nothing and serves nothing else", async () => {
    expect(await get("/metrics", "POST")).toMatchObject({ status: 405 });
    expect(await get("/v1/state")).toMatchObject({ status: 404 });
  });
});

async function get(path: string, method = "GET"): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return { status: response.status, text: await response.text() };
}

function state({ sessions }: { sessions: number }): GatewayStateReply {
  return {
    ...{
      gatewayId: "g",
      epoch: "e",
      agentVersion: "1",
      openvpnVersion: "2.6.14",
      startedAt: new Date(0).toISOString(),
    },
    ...{ configVersion: 2, revisions: { [tenantId]: 5 }, sessions, lastSequence: 9, spooled: 7, memoryBytes: 1 },
    processes: [
      {
        ...{ name: "udp-1194", protocol: "udp", port: 1194, pid: 1, boot: "b", status: "running" },
        ...{ startedAt: null, sessions, restarts: 0 },
      },
    ],
    ...{ certificateNotAfter: new Date(Date.now() + 10 * 86_400_000).toISOString(), warnings: [] },
  };
}
