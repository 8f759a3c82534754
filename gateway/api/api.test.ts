import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Agent, startAgent } from "../agent";
import type { LiveSession } from "../ledger/sessions";
import { createLog } from "../log";
import { type GatewayConfig, timeHeader } from "../protocol/api";
import type { AccountValue, Entry } from "../protocol/document";
import { Identity } from "../state/identity";
import { markPassword } from "../state/standing";
import { createAuthority, publicKeyOfRequest } from "../testing/authority";
import { type Caller, callApi } from "../testing/call-api";
import { createFakeSupervisor } from "../testing/fake-supervisor";
import { listChains } from "../testing/list-chains";
import { plainAccount, plainTenant } from "../testing/values";
import { createRoutes } from "./routes";
import { type ApiServer, startServer } from "./server";

const log = createLog("silent", "json");
const authority = createAuthority("gateway CA");
const clientAuthority = createAuthority("client CA");
const gatewayId = "00000000-0000-4000-8000-0000000000ff";
const tenantId = "00000000-0000-4000-8000-000000000001";
const anna = "00000000-0000-4000-8000-00000000000a";
const sessionId = "00000000-0000-4000-8000-0000000000e1";
const gateway = authority.issue(`gateway.${gatewayId}`, { usage: "server" });
const controlPlane: Caller = { ca: authority.certificate, ...authority.issue("control-plane", { usage: "client" }) };

let folder: string;
let agent: Agent;
let server: ApiServer;
let fake: ReturnType<typeof createFakeSupervisor>;
let nftLines: string[];
/** All of them, whatever a test looked at. */
let standing: string[];
let nftRefuses: boolean;

async function start(live: LiveSession[] = []): Promise<void> {
  fake = createFakeSupervisor(live);
  const enrolled = { gatewayId, gatewayCa: authority.certificate, ...gateway };
  await mkdir(join(folder, "identity"), { recursive: true });
  // Its second start finds what it renewed.
  await writeFile(join(folder, "identity/enrolled.json"), JSON.stringify(enrolled), { flag: "wx" }).catch(() => {});
  agent = await startAgent({
    stateDir: folder,
    openvpnBin: "openvpn",
    identity: await Identity.open(folder),
    kernel: {
      nft: {
        async apply(lines) {
          // A whole load begins with the table; only a delta is refused.
          if (nftRefuses && !lines[0]!.startsWith("add table")) throw new Error("nft refused the change: no");
          nftLines.push(...lines);
          standing.push(...lines);
        },
        read: async () => '{"nftables":[]}',
        list: async () => listChains(standing),
        listElements: async () => '{"nftables":[]}',
        close: () => {},
      },
      ip: { run: async () => "", close: () => {} },
      ipPipe: { run: async () => "", close: () => {} },
      readRouting: async () => ({ rules: new Set(), routes: new Map(), tunnels: new Map() }),
      ownInterfaces: async () => [],
      guard: { stand: async () => {}, close: () => {} },
    },
    startSupervisor: fake.start,
    log,
  });
  server = await startServer({
    host: "127.0.0.1",
    port: 0,
    ...(await Identity.open(folder)).credentials,
    gatewayCa: authority.certificate,
    routes: createRoutes(agent),
    hearTime: agent.hearTime,
    log,
    bodyLimit: 100_000,
  });
  agent.onRenewal((renewed) => server.useCertificate(renewed));
}

async function end(): Promise<void> {
  await server.close();
  await agent.close();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gw-state-"));
  nftLines = [];
  standing = [];
  nftRefuses = false;
  await start();
});
afterEach(async () => {
  await end();
  await rm(folder, { recursive: true });
});

const call = (method: string, path: string, body?: unknown, caller: Caller = controlPlane) =>
  callApi(`https://127.0.0.1:${server.port}${path}`, method, body, caller);
const push = (from: number | null, to: number, entries: unknown[]) =>
  call("PUT", `/v1/tenants/${tenantId}`, { from, to, entries });

const config: GatewayConfig = {
  version: 1,
  range: "100.64.0.0/10",
  rangeAddress: "100.64.0.1",
  processes: [{ name: "udp-1194", protocol: "udp", port: 1194 }],
  clientCa: clientAuthority.certificate,
  tlsCryptV2Key:
    "-----BEGIN OpenVPN tls-crypt-v2 server key-----\nAAAA\n-----END OpenVPN tls-crypt-v2 server key-----\n",
};
const tenant: Entry = {
  kind: "tenant",
  id: tenantId,
  value: { ...plainTenant, number: 1, name: "Harbour Pumps", state: "active", blocks: ["100.64.16.0/20"] },
};
const account = (change: Partial<AccountValue> = {}): Entry => ({
  kind: "account",
  id: anna,
  value: {
    ...plainAccount,
    name: "Anna Lindqvist",
    state: "active",
    reason: null,
    address: "100.64.16.1",
    passwordHash: null,
    mustChangePassword: false,
    fingerprints: ["aa".repeat(32)],
    policies: ["00000000-0000-4000-8000-0000000000c1"],
    ...change,
  },
});
const session: LiveSession = {
  sessionId,
  tenantId,
  accountId: anna,
  processBoot: "b",
  clientId: 0,
  process: "udp-1194",
  realAddress: "198.18.0.9:40000",
  vpnAddress: "100.64.16.1",
  fingerprint: "aa".repeat(32),
  clientVersion: null,
  platform: null,
  cipher: null,
  connectedAt: "2026-01-01T00:00:00.000Z",
  received: 1,
  sent: 2,
};

describe("who may call", () => {
  it("is the control plane", async () => {
    const { status, body } = await call("GET", "/v1/state");
    expect(status).toBe(200);
    expect(body).toMatchObject({ gatewayId, configVersion: 0, revisions: {} });
  });

  it("is nobody without a certificate, with another CA's, or with one past its end", async () => {
    const strangers: Caller[] = [
      { ca: authority.certificate },
      { ca: authority.certificate, ...clientAuthority.issue("control-plane", { usage: "client" }) },
      { ca: authority.certificate, ...createAuthority("gateway CA").issue("control-plane", { usage: "client" }) },
      { ca: authority.certificate, ...authority.issue("control-plane", { usage: "client", days: -1 }) },
    ];
    for (const stranger of strangers) await expect(call("GET", "/v1/state", undefined, stranger)).rejects.toThrow();
  });

  it("is not another gateway, nor anybody else whom the gateway CA vouches for", async () => {
    const other = { ca: authority.certificate, ...authority.issue("gateway.other", { usage: "client" }) };
    expect(await call("GET", "/v1/state", undefined, other)).toMatchObject({ status: 403, body: { error: { code: "not_control_plane" } } }); // biome-ignore format: one line
    const serverOnly = { ca: authority.certificate, ...authority.issue("control-plane", { usage: "server" }) };
    await expect(call("GET", "/v1/state", undefined, serverOnly).then(({ status }) => status)).rejects.toThrow();
  });
});

describe("a request that is wrong", () => {
  it("is answered with what is wrong", async () => {
    expect(await call("GET", "/v1/nothing")).toMatchObject({ status: 404, body: { error: { code: "unknown_route" } } });
    expect(await call("PUT", "/v1/state", {})).toMatchObject({
      status: 405,
      body: { error: { code: "wrong_method" } },
    });
    expect(await call("PUT", "/v1/config", '{"version":')).toMatchObject({ status: 400, body: { error: { code: "malformed" } } }); // biome-ignore format: one line
    expect(await call("PUT", "/v1/config", Buffer.from([0x22, 0xff, 0x22]).toString("latin1"))).toMatchObject({ status: 400 }); // biome-ignore format: one line
    expect(await call("PUT", "/v1/tenants/1", { from: null, to: 1, entries: [] })).toMatchObject({ status: 400 });
    expect(await call("POST", `/v1/sessions/${sessionId}/disconnect`, { reason: "x" })).toMatchObject({ status: 404 });
  });

  it("is so by the platform's range as the configuration has it", async () => {
    await call("PUT", "/v1/config", { ...config, range: "10.64.0.0/10", rangeAddress: "10.64.0.1" });
    const network = (cidr: string) => ({ kind: "network", id: anna, value: { cidr } });
    const blocks = (...all: string[]) => ({ ...tenant, value: { ...tenant.value, blocks: all } });
    for (const [field, entry] of [
      ["entries[0].value.blocks[1]", blocks("10.64.16.0/20", "100.64.16.0/20")],
      ["entries[0].value.cidr", network("10.0.0.0/8")],
    ] as const) {
      const answer = await push(null, 1, [entry]);
      expect(answer).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining(field) } } });
      expect(answer.body.error.message).toContain("10.64.0.0/10");
    }
    expect((await push(null, 1, [blocks("10.64.16.0/20"), network("100.64.0.0/16")])).status).toBe(200);
  });

  it("is cut off at the body limit, and changes nothing", async () => {
    const huge = { from: null, to: 1, entries: [tenant], padding: "x".repeat(200_000) };
    const answer = await call("PUT", `/v1/tenants/${tenantId}`, huge);
    expect(answer).toMatchObject({ status: 413, body: { error: { code: "too_large" } } });
    expect(agent.documents.revision(tenantId)).toBe(0);
  });

  it.each([
    ["entries[0].value.blocks[0]", { ...tenant, value: { ...tenant.value, blocks: ["100.64.16.1/20"] } }],
    ["entries[0].value.number", { ...tenant, value: { ...tenant.value, number: 0 } }],
    ["entries[0].value.cidr", { kind: "network", id: anna, value: { cidr: "10.0.0.0/33" } }],
    ["entries[0].value.name", account({ name: "An\nna" })],
    ["entries[0].value.address", account({ address: "100.64.16.256" })],
    ["entries[0].value.fingerprints[0]", account({ fingerprints: ["AA:BB"] })],
    [
      "entries[0].value.interface",
      { kind: "uplink", id: gatewayId, value: { interface: "db-udp-1194", nextHop: null } },
    ],
    ["entries[0].value.interface", { kind: "uplink", id: gatewayId, value: { interface: 'up"; drop', nextHop: null } }],
    ["entries[0].id", { kind: "device", id: "x y", value: null }],
    ["entries[0].kind", { kind: "parcel", id: anna, value: null }],
    ["entries[0].value.label", { ...tenant, value: { ...tenant.value, label: "no_label" } }],
    ["entries[0].value.hold.until", account({ hold: { until: "tomorrow", reason: "rest" } })],
    ["entries[0].value.rate.up", account({ rate: { down: 1, up: 0 } })],
    ["entries[0].id", { ...tenant, id: anna }],
    ...[
      [{ protocol: "tcp", from: 0, to: 1 }, "from"] as const,
      [{ protocol: "tcp", from: 1, to: 65536 }, "to"] as const,
      [{ protocol: "tcp", from: 9, to: 8 }, "to"] as const,
      [{ protocol: "tcp", from: 9, to: null }, "to"] as const,
      [{ protocol: "icmp", from: 1, to: 1 }, "from"] as const,
      [{ protocol: "gre", from: null, to: null }, "protocol"] as const,
    ].map(([rule, field]): [string, unknown] => [
      `entries[0].value.rules[0].${field}`,
      { kind: "policy", id: anna, value: { name: "p", isEnabled: true, groups: [], rules: [rule] } },
    ]),
  ])("names the field %s", async (field, entry) => {
    const { status, body } = await push(null, 1, [entry]);
    expect(status).toBe(400);
    expect(body.error.message.split(":")[0]).toBe(field);
    expect(agent.documents.revision(tenantId)).toBe(0);
  });
});

describe("a push", () => {
  beforeEach(async () => {
    expect(await call("PUT", "/v1/config", config)).toMatchObject({ status: 200, body: { configVersion: 1 } });
    expect(await push(null, 5, [tenant, account()])).toMatchObject({ status: 200, body: { revision: 5, ended: [] } });
    nftLines = [];
  });

  it("that revokes takes the kernel's permission, ends the session and outlives a restart", async () => {
    fake.supervisor.live = [session];
    const revoked = account({ state: "revoked", reason: "Left the company." });
    const { body } = await push(5, 6, [revoked]);
    expect(body).toMatchObject({ revision: 6, ended: [sessionId] });
    expect(nftLines[0]).toBe("delete element inet drawbridge people { 100.64.16.1 }");
    expect(fake.supervisor.ended).toEqual([{ sessionId, code: "revoked", reason: "Left the company." }]);
    await end();
    await start([session]);
    expect(fake.supervisor.ended).toMatchObject([{ sessionId, code: "revoked" }]);
    expect(agent.documents.revision(tenantId)).toBe(6);
  });

  it("that is replayed answers as before and changes nothing", async () => {
    await push(5, 6, [account({ name: "Anna" })]);
    const digest = await call("GET", `/v1/tenants/${tenantId}/digest`);
    nftLines = [];
    expect(await push(5, 6, [account({ name: "Anna" })])).toMatchObject({
      status: 200,
      body: { revision: 6, ended: [] },
    });
    expect(await push(null, 5, [tenant, account()])).toMatchObject({ status: 409, body: { revision: 6 } });
    expect(nftLines).toEqual([]);
    expect((await call("GET", `/v1/tenants/${tenantId}/digest`)).body).toEqual(digest.body);
  });

  it("from another revision is answered with the one that is here", async () => {
    expect(await push(7, 8, [account({ state: "revoked" })])).toMatchObject({ status: 409, body: { revision: 5 } });
  });

  it("that the kernel refuses fails with the kernel's words and leaves everything as it was", async () => {
    fake.supervisor.live = [session];
    nftRefuses = true;
    const { status, body } = await push(5, 6, [account({ state: "revoked" })]);
    expect(status).toBe(500);
    expect(body.error.message).toBe("nft refused the change: no");
    expect(agent.documents.revision(tenantId)).toBe(5);
    expect(fake.supervisor.ended).toEqual([]);
    expect(nftLines.join("\n")).toMatch(/add element inet drawbridge people \{ 100\.64\.16\.1 : \d+ \}/);
    nftRefuses = false;
    expect(await push(5, 6, [account({ state: "revoked" })])).toMatchObject({
      status: 200,
      body: { ended: [sessionId] },
    });
  });

  it("whose session could not be ended is not called enforced until it is", async () => {
    fake.supervisor.live = [session];
    fake.supervisor.failNextEnd = true;
    const revoked = account({ state: "revoked" });
    expect((await push(5, 6, [revoked])).status).toBe(500);
    expect(await push(5, 6, [revoked])).toMatchObject({ status: 200, body: { revision: 6, ended: [sessionId] } });
  });

  it.each([
    ["the tenant is suspended", { ...tenant, value: { ...tenant.value, state: "suspended" } }],
    ["the tenant is gone", { ...tenant, value: null }],
    ["the account is gone", { kind: "account", id: anna, value: null }],
    ["the certificate is not listed any more", account({ fingerprints: [] })],
    ["the address is another", account({ address: "100.64.16.2" })],
    ["the password is another", account({ passwordHash: "$argon2id$another" })],
    ["the password must be changed", account({ mustChangePassword: true })],
  ])("ends a session when %s", async (_, entry) => {
    fake.supervisor.live = [{ ...session, passwordMark: markPassword(null) }];
    expect(await push(5, 6, [entry])).toMatchObject({ status: 200, body: { ended: [sessionId] } });
  });

  it("that is of no concern to a session leaves it", async () => {
    fake.supervisor.live = [{ ...session, passwordMark: markPassword(null) }];
    const more = [account({ name: "Anna L." }), { kind: "network", id: anna, value: { cidr: "10.0.0.0/24" } }];
    expect(await push(5, 6, more)).toMatchObject({ status: 200, body: { ended: [] } });
  });

  it("is applied in turn where several come at once", async () => {
    const answers = await Promise.all([5, 6, 7, 8].map((from) => push(from, from + 1, [account({ name: `${from}` })])));
    for (const { status, body } of answers) expect(status === 200 || (status === 409 && body.revision >= 5)).toBe(true);
    expect(agent.documents.revision(tenantId)).toBeGreaterThanOrEqual(6);
  });
});

describe("events", () => {
  const poll = (query: string) => call("GET", `/v1/events?${query}`);

  it("wait for the first one and end at once when it comes", async () => {
    const { epoch } = agent.spool;
    const started = performance.now();
    const polled = poll(`epoch=${epoch}&after=0&limit=10&waitMs=20000`);
    setTimeout(() => agent.spool.append({ type: "confirmed", tenants: [] }), 50);
    const { body } = await polled;
    expect(body).toMatchObject({ epoch, isNewEpoch: false, events: [{ sequence: 1, type: "confirmed" }] });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("end empty when the time is up, and leave the spool when they were committed", async () => {
    const { epoch } = agent.spool;
    agent.spool.append({ type: "confirmed", tenants: [] });
    const { body } = await poll(`epoch=${epoch}&after=0&waitMs=5000`);
    expect(body.events).toHaveLength(1);
    expect((await poll(`epoch=${epoch}&after=1&waitMs=10`)).body.events).toEqual([]);
    expect(agent.spool.depth).toBe(0);
  });

  it("that were read ahead stay in the spool until they are said to be committed", async () => {
    const { epoch } = agent.spool;
    agent.spool.append({ type: "confirmed", tenants: [] });
    agent.spool.append({ type: "confirmed", tenants: [] });
    expect((await poll(`epoch=${epoch}&after=0&limit=1&waitMs=5000`)).body.events).toHaveLength(1);
    expect((await poll(`epoch=${epoch}&after=1&committed=0&limit=1&waitMs=5000`)).body.events).toHaveLength(1);
    expect(agent.spool.depth).toBe(2);
    await poll(`epoch=${epoch}&after=2&committed=1&waitMs=10`);
    expect(agent.spool.depth).toBe(1);
  });

  it("say whether there are more than the limit let through", async () => {
    const { epoch } = agent.spool;
    agent.spool.append({ type: "confirmed", tenants: [] });
    agent.spool.append({ type: "confirmed", tenants: [] });
    expect((await poll(`epoch=${epoch}&after=0&limit=1&waitMs=5000`)).body).toMatchObject({ hasMore: true });
    expect((await poll(`epoch=${epoch}&after=0&limit=2&waitMs=5000`)).body).toMatchObject({ hasMore: false });
  });

  it("begin a new epoch, and the state says why, where the state folder was put back from an older copy", async () => {
    const { epoch } = agent.spool;
    const { body } = await poll(`epoch=${epoch}&after=7`);
    expect(body).toEqual({ epoch: agent.spool.epoch, events: [], isNewEpoch: true, isRestored: true });
    expect(body.epoch).not.toBe(epoch);
    expect((await call("GET", "/v1/state")).body.warnings).toMatchObject([{ code: "state_restored" }]);
  });

  it("of another epoch are to be begun anew", async () => {
    agent.spool.append({ type: "confirmed", tenants: [] });
    expect((await poll("epoch=other&after=7")).body).toEqual({
      epoch: agent.spool.epoch,
      events: [],
      isNewEpoch: true,
      isRestored: false,
    });
    expect((await poll("limit=0")).status).toBe(400);
    expect((await poll("waitMs=60000")).status).toBe(400);
  });
});

describe("the configuration", () => {
  it("is kept over a restart and does not go back", async () => {
    await call("PUT", "/v1/config", { ...config, version: 4 });
    expect(await call("PUT", "/v1/config", config)).toMatchObject({ status: 409, body: { error: { code: "stale_config" } } }); // biome-ignore format: one line
    await end();
    await start();
    expect(fake.supervisor.configs).toMatchObject([{ version: 4 }]);
    expect(nftLines.join("\n")).toContain("policy drop");
  });

  it.each([
    ["processes[0].name", { processes: [{ name: "UDP 1", protocol: "udp", port: 1 }] }],
    ["processes[0].port", { processes: [{ name: "a", protocol: "udp", port: 65536 }] }],
    ["processes", { processes: [1, 2].map((port) => ({ name: "a", protocol: "udp", port })) }],
    ["rangeAddress", { rangeAddress: "10.0.0.1" }],
    ["clientCa", { clientCa: gateway.certificate }],
    ["tlsCryptV2Key", { tlsCryptV2Key: "secret" }],
  ])("names the field %s that is wrong", async (field, change) => {
    const { status, body } = await call("PUT", "/v1/config", { ...config, ...change });
    expect(status).toBe(400);
    expect(body.error.message.split(":")[0]).toBe(field);
  });
});

describe("renewal", () => {
  const ask = async () => (await call("POST", "/v1/certificate/request", {})).body.csr as string;
  const issue = (csr: string, subject = `gateway.${gatewayId}`, from = authority) =>
    from.issue(subject, {
      usage: "server",
      publicKey: createPublicKey({ key: publicKeyOfRequest(csr), format: "der", type: "spki" }),
    });
  const grant = (certificate: string) => call("PUT", "/v1/certificate", { certificate });
  const shown = async () => new X509Certificate((await call("GET", "/v1/state")).peer).toString();

  it("shows the new certificate from the next connection on, and hands it to the processes with its own key", async () => {
    const { certificate } = issue(await ask());
    expect(await grant(certificate)).toMatchObject({ status: 204 });
    expect(await shown()).toBe(certificate);
    expect(certificate).not.toBe(gateway.certificate);
    const [renewed] = fake.supervisor.renewed;
    expect(renewed!.certificate).toBe(certificate);
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(renewed!.key))).toBe(true);
    expect(renewed!.key).not.toBe(gateway.key);
  });

  it("outlives the agent, and may be told twice", async () => {
    const { certificate } = issue(await ask());
    await grant(certificate);
    await grant(certificate);
    expect(fake.supervisor.renewed).toHaveLength(1);
    await end();
    await start();
    expect(await shown()).toBe(certificate);
    expect(await grant(certificate)).toMatchObject({ status: 204 });
  });

  it("asks for one key until its certificate came, also when the agent is killed in between, and then for another", async () => {
    const key = async () => publicKeyOfRequest(await ask());
    const first = await key();
    await end();
    await start();
    expect(await key()).toEqual(first);
    await grant(issue(await ask()).certificate);
    expect(await key()).not.toEqual(first);
  });

  it("takes no certificate of another key, another gateway or another CA, and goes on with the one it has", async () => {
    const csr = await ask();
    const wrong = [
      authority.issue(`gateway.${gatewayId}`, { usage: "server" }),
      issue(csr, "gateway.other"),
      issue(csr, undefined, createAuthority("gateway CA")),
    ];
    for (const { certificate } of wrong)
      expect(await grant(certificate)).toMatchObject({ status: 400, body: { error: { code: "certificate_wrong" } } });
    expect(await shown()).toBe(gateway.certificate);
  });
});

describe("the control plane's clock", () => {
  const grantId = "00000000-0000-4000-8000-00000000000c";
  const sayTime = (at: Date) =>
    callApi(`https://127.0.0.1:${server.port}/v1/state`, "GET", undefined, controlPlane, {
      [timeHeader]: at.toISOString(),
    });
  /** Seconds, as the kernel was last told. */
  const grantLasts = () =>
    Number(nftLines.findLast((line) => /add element .* a_/.test(line))?.match(/timeout (\d+)s/)?.[1]);

  afterEach(async () => {
    await sayTime(new Date());
  });

  it("is what a grant ends by, also one that is in the kernel already, where the host's is an hour off", async () => {
    await call("PUT", "/v1/config", config);
    const value = {
      ...{ account: anna, groups: [tenantId], rules: [{ protocol: "tcp", from: 80, to: 80 }] },
      until: new Date(Date.now() + 90 * 60_000).toISOString(),
    };
    await push(null, 1, [tenant, account(), { kind: "grant", id: grantId, value }]);
    expect(grantLasts() / 60).toBeCloseTo(90, 0);
    nftLines.length = 0;
    const { body } = await sayTime(new Date(Date.now() + 60 * 60_000));
    expect(Date.parse(body.now) - Date.now()).toBeGreaterThan(59 * 60_000);
    await vi.waitFor(() => expect(grantLasts() / 60).toBeCloseTo(30, 0), 10_000);
  });
});

describe("the API as it closes", () => {
  it("waits no longer than a moment for whoever connected and says nothing", async () => {
    const silent = connect(server.port, "127.0.0.1");
    silent.on("error", () => {});
    await vi.waitFor(() => expect(silent.readyState).toBe("open"));
    expect((await call("GET", "/v1/state")).status).toBe(200);
    const begun = performance.now();
    await server.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
    silent.destroy();
  });
});
