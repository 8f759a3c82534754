import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { argon2id } from "hash-wasm";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HolderMatch } from "../auth/decide-connection";
import { openSpool, type Spool } from "../ledger/spool";
import type { GatewayConfig } from "../protocol/api";
import { type AccountValue, emptyDocument, type TenantDocument } from "../protocol/document";
import type { EventBody, GatewayEvent } from "../protocol/events";
import { scanRoutes } from "../testing/scan-routes";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { type Supervisor, startSupervisor } from "./supervisor";
import { Lab, type LabIdentity, until } from "./test-lab";

type Router = ReturnType<Lab["router"]>;

let lab: Lab;
let document: TenantDocument;
let ana: LabIdentity;
let stranger: LabIdentity;
let supervisor: Supervisor;
let spool: Spool;
/** The newest of the gateway. */
let credentials: { certificate: string; key: string } | undefined;
let router: Router;
const byFingerprint = new Map<string, string>();
const tenantId = "00000000-0000-4000-8000-000000000001";
const accountId = "00000000-0000-4000-8000-0000000000a1";
const password = 'p"a\\ss wörd';
const address = "100.64.3.7";

beforeAll(async () => {
  lab = new Lab();
  ana = lab.identity("ana");
  stranger = lab.identity("stranger", "ana");
  document = emptyDocument(tenantId);
  document.tenant = { ...plainTenant, number: 1, name: "Acme", state: "active", blocks: ["100.64.0.0/20"] };
  document.networks.set("net", { cidr: "10.20.0.0/16" });
  document.policies.set("pumps", { name: "pumps", isEnabled: true, groups: ["pumps"], rules: [{ protocol: "tcp", from: 80, to: 80 }] }); // biome-ignore format: one line
  document.devices.set("pump", { ...plainDevice, address: "10.20.0.5", groups: ["pumps"] });
  document.accounts.set(accountId, {
    ...plainAccount,
    name: "Ana",
    state: "active",
    reason: null,
    address,
    passwordHash: await argon2id({
      password,
      salt: Buffer.alloc(16, 7),
      iterations: 2,
      parallelism: 1,
      memorySize: 19_456,
      hashLength: 32,
      outputType: "encoded",
    }),
    mustChangePassword: false,
    fingerprints: [ana.fingerprint],
    policies: ["pumps"],
  });
  byFingerprint.set(ana.fingerprint, accountId);
  await start();
});

afterEach(async () => {
  for (const session of supervisor.sessions.all())
    await supervisor.sessions.end(session.sessionId, "kicked", "test over");
  await lab.stopClients();
});

afterAll(async () => {
  await supervisor?.stopProcesses();
  await supervisor?.close();
  await spool?.close();
  await lab?.close();
});

const documents = {
  get: () => document,
  findByFingerprint(fingerprint: string): HolderMatch | undefined {
    for (const [deviceId, device] of document.devices)
      if (device.fingerprints.includes(fingerprint)) return { document, deviceId, device };
    const found = byFingerprint.get(fingerprint);
    const account = found && document.accounts.get(found);
    return account ? { document, accountId: found, account } : undefined;
  },
};

const config = (): GatewayConfig => ({
  version: 1,
  range: "100.64.0.0/10",
  rangeAddress: "100.64.0.1",
  processes: [
    { name: "udp-1194", protocol: "udp", port: 1194 },
    { name: "tcp-1194", protocol: "tcp", port: 1194 },
  ],
  clientCa: lab.read("client-ca.crt"),
  tlsCryptV2Key: lab.read("server.tls"),
});

async function start(): Promise<void> {
  const stateDir = join(lab.folder, "state");
  spool = openSpool(join(stateDir, "spool"));
  router = lab.router();
  const log = pino(
    { level: "debug" },
    pino.destination({ dest: join(lab.folder, "agent.log"), append: true, sync: true }),
  );
  supervisor = await startSupervisor({
    stateDir,
    gatewayId: "gateway",
    documents,
    routesOf: scanRoutes,
    spool,
    router,
    log,
    openvpnBin: lab.openvpnBin,
  });
  credentials ??= { certificate: lab.read("gateway.crt"), key: lab.read("gateway.key") };
  await supervisor.configure(config(), credentials);
}

/** As a SIGKILL of the agent would leave it, but for the files. */
async function restartAgent(): Promise<void> {
  await supervisor.close();
  await spool.close();
  await start();
}

/** A dead child of this test's process stays a zombie until it is waited for. */
const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
const account = (): AccountValue => document.accounts.get(accountId)!;
const events = async <T extends EventBody["type"]>(type: T, after = 0) =>
  (await spool.read(after, 100_000)).filter((event) => event.type === type) as Extract<GatewayEvent, { type: T }>[];
const connected = () => until("a session", () => supervisor.sessions.all()[0]);
const up = (client: { log(): string }) =>
  until("the tunnel", () => client.log().includes("Initialization Sequence Completed"));

describe("a client", () => {
  it("is let in with its certificate and password, gets its address, and its packets pass", async () => {
    const before = spool.lastSequence;
    const client = lab.connect(ana, { port: 1194, password });
    await up(client);
    const session = await connected();
    expect(session).toMatchObject({
      tenantId,
      accountId,
      vpnAddress: address,
      process: "udp-1194",
      fingerprint: ana.fingerprint,
      cipher: "AES-256-GCM",
      platform: "linux",
      clientVersion: expect.stringMatching(/^2\.6\./),
      realAddress: expect.stringMatching(/^192\.0\.2\.2(:\d+)?$/),
    });
    expect(client.log()).toContain("route 10.20.0.5 255.255.255.255");
    expect(lab.ping()).toBe(true);
    const event = await until("its event", async () => (await events("connected", before))[0]);
    expect(event).toMatchObject({ sessionId: session.sessionId, connectedAt: session.connectedAt });
    const totals = await until("its bytes", async () => (await events("totals", before)).at(-1));
    expect(totals.tenants).toMatchObject([{ tenantId, sessionIds: [session.sessionId] }]);
    expect(totals.tenants[0]!.received[0]).toBeGreaterThan(0);
    await until("a confirmation", async () =>
      (await events("confirmed", before)).some((c) =>
        c.tenants.some(({ sessionIds }) => sessionIds.includes(session.sessionId)),
      ),
    );
  });

  it("is let in over TCP too", async () => {
    await up(lab.connect(ana, { port: 1194, protocol: "tcp", password }));
    expect((await connected()).process).toBe("tcp-1194");
    expect(lab.ping()).toBe(true);
  });

  it.each([
    ["an unknown certificate, whatever name it bears", () => ({ identity: stranger, password }), "certificate_unknown"],
    ["a wrong password", () => ({ identity: ana, password: "wrong" }), "password_wrong"],
    ["no password", () => ({ identity: ana, password: null }), "password_missing"],
  ] as const)("is refused with %s, and is told why", async (_what, given, code) => {
    const before = spool.lastSequence;
    const { identity, password } = given();
    const client = lab.connect(identity, { port: 1194, password });
    const refused = await until("the refusal", async () => (await events("refused", before))[0]);
    expect(refused).toMatchObject({ code, process: "udp-1194" });
    await client.exited;
    expect(client.log()).toContain(`AUTH: Received control message: AUTH_FAILED,${refused.reason}`);
    expect(supervisor.sessions.all()).toEqual([]);
  });

  it("whose account was revoked is refused with the reason the administrator gave", async () => {
    const before = spool.lastSequence;
    Object.assign(account(), { state: "revoked", reason: 'left the company ("retired")' });
    try {
      const client = lab.connect(ana, { port: 1194, password });
      await client.exited;
      expect(client.log()).toContain('AUTH_FAILED,your access was revoked: left the company ("retired")');
      const refused = await until("the refusal", async () => (await events("refused", before))[0]);
      expect(refused).toMatchObject({ code: "account_revoked", tenantId, accountId });
    } finally {
      Object.assign(account(), { state: "active", reason: null });
    }
  });

  it("that connects again takes the place of its older session, which is told so", async () => {
    const before = spool.lastSequence;
    const first = lab.connect(ana, { port: 1194, password });
    await up(first);
    const older = await connected();
    const second = lab.connect(ana, { port: 1194, protocol: "tcp", password, options: ["dev tun9"] });
    await up(second);
    await first.exited;
    expect(first.log()).toContain("this account connected again");
    const gone = await until("the end of the first", async () => (await events("disconnected", before))[0]);
    expect(gone).toMatchObject({ sessionId: older.sessionId, code: "replaced" });
    expect(supervisor.sessions.all()).toHaveLength(1);
    expect(lab.ping("tun9")).toBe(true);
  });
});

describe("clients with a name of a thousand bytes, which openvpn cannot list", () => {
  it("stay out, end nobody's session, keep nobody out, and keep no session from being ended", async () => {
    const person = lab.connect(ana, { port: 1194, password });
    await up(person);
    const session = await connected();
    const before = spool.lastSequence;
    const agentLog = join(lab.folder, "agent.log");
    const told = readFileSync(agentLog, "utf8").length;
    const options = ["auth-retry nointeract", "connect-retry 1 1", "route-noexec", "ifconfig-noexec"];
    const username = "x".repeat(1_000);
    const knocking = [1, 2, 3].map(() => lab.connect(stranger, { port: 1194, password, username, options }));
    await until("a list that breaks off", () => readFileSync(agentLog, "utf8").slice(told).includes("breaks off"));
    await until(
      "three refusals each",
      () => knocking.every((one) => one.log().split("AUTH_FAILED").length > 3),
      30_000,
    );
    expect(await events("disconnected", before)).toEqual([]);
    expect(new Set((await events("refused", before)).map(({ code }) => code))).toEqual(new Set(["name_too_long"]));
    expect(lab.ping()).toBe(true);
    await restartAgent();
    expect(supervisor.sessions.all()).toMatchObject([{ sessionId: session.sessionId }]);
    const next = lab.connect(ana, { port: 1194, password, options: ["dev tun9"] });
    await up(next);
    await person.exited;
    const newer = await until("the newer session", () =>
      supervisor.sessions.all().find(({ sessionId }) => sessionId !== session.sessionId),
    );
    await supervisor.sessions.end(newer.sessionId, "kicked", "enough");
    await next.exited;
    expect(next.log()).toContain("enough");
    await until("both ends", async () => (await events("disconnected", before)).length === 2);
    expect((await events("disconnected", before)).map(({ code }) => code)).toEqual(["replaced", "kicked"]);
    expect(readFileSync(agentLog, "utf8").slice(told)).not.toContain("no reply to");
  });
});

describe("whom openvpn turns away by itself", () => {
  it("is told with its address and why", { timeout: 40_000 }, async () => {
    const before = spool.lastSequence;
    lab.connect(lab.unfitIdentity("expired", "expired"), { port: 1194, password });
    lab.connect(lab.unfitIdentity("foreign", "foreign"), { port: 1194, protocol: "tcp", password });
    const told = await until("both", async () => {
      const refused = await events("refused", before);
      return refused.length < 2 ? null : refused;
    });
    expect(told.map(({ code, realAddress, process, reason }) => [code, realAddress, process, reason])).toEqual(
      expect.arrayContaining([
        ["not_admitted", "192.0.2.2", "udp-1194", expect.stringContaining("its certificate has expired")],
        ["not_admitted", "192.0.2.2", "tcp-1194", expect.stringContaining("self-signed certificate")],
      ]),
    );
  });
});

describe("the address and the port of a client that openvpn still has", () => {
  const from = (port: number) => ["lport 4500", "server-poll-timeout 2"].map((line) => line.replace("4500", `${port}`));

  it("keep nobody out for longer than a keepalive, whoever comes by them", { timeout: 120_000 }, async () => {
    const before = spool.lastSequence;
    const bound = (port: number) => lab.connect(ana, { port: 1194, password, isBound: true, options: from(port) });
    const first = bound(4_500);
    await up(first);
    const { sessionId } = await connected();
    await until("its port", () => supervisor.sessions.get(sessionId)!.realAddress === "192.0.2.2:4500");
    await first.stop();
    const begun = performance.now();
    // Another certificate, by chance at the same port of the NAT: not told to give up, and in at once from the next.
    const other = lab.connect(stranger, { port: 1194, password, isBound: true, options: from(4_500) });
    await until("two attempts", () => other.log().split("Server poll timeout").length > 2);
    expect(other.log()).not.toContain("AUTH_FAILED");
    await other.stop();
    // The same person, from the same port.
    const again = bound(4_500);
    await until("the tunnel", () => again.log().includes("Initialization Sequence Completed"), 40_000);
    expect(performance.now() - begun).toBeLessThan(25_000);
    const [gone] = await events("disconnected", before);
    expect(gone).toMatchObject({ sessionId, code: "timed_out" });
  });
});

describe("a client that leaves by itself", () => {
  it("is out at once, and not when openvpn lets go of it five seconds later", async () => {
    const before = spool.lastSequence;
    const client = lab.connect(ana, { port: 1194, password });
    await up(client);
    const { sessionId } = await connected();
    await until("its port", () => /:\d+$/.test(supervisor.sessions.get(sessionId)!.realAddress));
    const leftAt = performance.now();
    client.process.kill("SIGTERM");
    const gone = await until("its end", async () => (await events("disconnected", before))[0]);
    expect(performance.now() - leftAt).toBeLessThan(4_500);
    expect(gone).toMatchObject({ sessionId, code: "left", received: expect.any(Number) });
    await client.exited;
    expect(client.log()).toContain("SIGTERM[soft,exit-with-notification]");
  });
});

describe("a renegotiation", () => {
  it("passes unnoticed where the account may still be in", async () => {
    const client = lab.connect(ana, { port: 1194, password, options: ["reneg-sec 4"] });
    await up(client);
    const session = await connected();
    await until("another key", () => client.log().match(/Control Channel: TLS/g)?.length === 3, 20_000);
    expect(supervisor.sessions.all()).toMatchObject([{ sessionId: session.sessionId }]);
    // With keys this short, one packet may meet a key that has just gone.
    await until("a packet", () => lab.ping());
  });

  it("ends the session of whom the password no longer opens", async () => {
    const client = lab.connect(ana, { port: 1194, password, options: ["reneg-sec 4"] });
    await up(client);
    await connected();
    account().mustChangePassword = true;
    try {
      await client.exited;
      expect(client.log()).toContain("Halt command was pushed by server ('Change your temporary password");
      expect(supervisor.sessions.all()).toEqual([]);
    } finally {
      account().mustChangePassword = false;
    }
  });
});

describe("ending a session", () => {
  it("tells the client why, cuts it in openvpn, and is recorded once", async () => {
    const before = spool.lastSequence;
    const client = lab.connect(ana, { port: 1194, password });
    await up(client);
    const session = await connected();
    const begun = performance.now();
    await Promise.all([
      supervisor.sessions.end(session.sessionId, "revoked", "your access was revoked: at noon"),
      supervisor.sessions.end(session.sessionId, "kicked", "another reason"),
    ]);
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(supervisor.sessions.get(session.sessionId)).toBeUndefined();
    expect(router.calls.at(-1)).toBe(`detach ${address} db-udp-1194`);
    await client.exited;
    expect(client.log()).toContain("Halt command was pushed by server ('your access was revoked: at noon')");
    await until("its event", async () => (await events("disconnected", before)).length > 0);
    expect(await events("disconnected", before)).toMatchObject([
      { sessionId: session.sessionId, code: "revoked", reason: "your access was revoked: at noon" },
    ]);
  });

  it("happens by itself within seconds where the account may no longer be in", async () => {
    const client = lab.connect(ana, { port: 1194, password });
    await up(client);
    await connected();
    account().state = "revoked";
    try {
      await client.exited;
      expect(client.log()).toContain("This account has been revoked.");
    } finally {
      account().state = "active";
    }
  });
});

describe("devices", () => {
  const ids = [1, 2, 3, 4].map((n) => `00000000-0000-4000-8000-00000000000${n}`);
  const until2999 = "2999-01-01T00:00:00.000Z";
  const held = { until: until2999, reason: "maintenance" };
  const identities = new Map<string, LabIdentity>();
  const device = (id: string) => document.devices.get(id)!;
  const sessionOf = (id: string) => supervisor.sessions.byHolder({ tenantId, accountId: null, deviceId: id })[0];
  const put = (id: string, n: number) => {
    const name = `URI:urn:drawbridge:tenant:${tenantId}:device:${id}`;
    const identity = identities.get(id) ?? lab.identity(`device-${n}`, id, name);
    identities.set(id, identity);
    const { fingerprint } = identity;
    document.devices.set(id, {
      ...{ ...plainDevice, attachment: "openvpn", address: `100.64.4.${n}`, fingerprints: [fingerprint] },
    });
  };
  // A profile from before devices were told to try again at whatever they are told.
  const dial = (id: string) => lab.connect(identities.get(id)!, { port: 1194, options: ["auth-retry none"] });
  const back = (id: string) => until(`device ${id}`, () => sessionOf(id), 60_000);

  it("are back within a minute, however they were cut or kept out", { timeout: 240_000 }, async () => {
    for (const [n, id] of ids.entries()) put(id, n + 1);
    const [put_off, disconnected, revoked, late] = ids as [string, string, string, string];
    device(late).hold = held;
    const clients = ids.map(dial);
    for (const id of [put_off, disconnected, revoked]) await back(id);
    device(put_off).hold = held;
    const { fingerprints } = device(revoked);
    device(revoked).fingerprints = [];
    const { sessionId } = sessionOf(disconnected)!;
    await supervisor.sessions.end(sessionId, "kicked", "disconnected by an administrator");
    await until("those put off and revoked to be out", () => !sessionOf(put_off) && !sessionOf(revoked));
    expect((await back(disconnected)).sessionId).not.toBe(sessionId);
    // Long enough for each to have been refused more than once.
    const refusals = (n: number) => clients[n]!.log().split("AUTH_FAILED,TEMP").length - 1;
    await until("two refusals of each", () => [0, 2, 3].every((n) => refusals(n) > 1), 60_000);
    for (const id of [put_off, late]) device(id).hold = null;
    device(revoked).fingerprints = fingerprints;
    await Promise.all(ids.map(back));

    document.tenant!.state = "suspended";
    await until("all to be out", () => supervisor.sessions.all().length === 0);
    await until("a refusal of each", () => clients.every((_client, n) => refusals(n) > 0), 60_000);
    document.tenant!.state = "active";
    await Promise.all(ids.map(back));
    expect(clients.map(({ process }) => process.exitCode)).toEqual([null, null, null, null]);
  });

  it("of one profile: the first stays, and the next is in when that has gone", { timeout: 120_000 }, async () => {
    const [id] = ids as [string];
    put(id, 1);
    const before = spool.lastSequence;
    const first = dial(id);
    const { sessionId } = await back(id);
    const second = dial(id);
    await until("three refusals", () => second.log().split("TEMP[backoff 5]").length > 3, 60_000);
    expect(sessionOf(id)).toMatchObject({ sessionId });
    expect(first.log()).not.toContain("Connection reset");
    // A client's log and ours need not count alike: it may have begun anew before it heard the one before.
    const refused = await events("refused", before);
    expect(refused.length).toBeGreaterThan(0);
    for (const one of refused) expect(one).toMatchObject({ deviceId: id, code: "already_connected" });
    await first.stop();
    await until("the second", () => sessionOf(id) && sessionOf(id)!.sessionId !== sessionId, 60_000);
    expect(second.process.exitCode).toBeNull();
  });
});

describe("a renewed certificate", () => {
  const shownBy = (name: string) =>
    supervisor.processes().find((one) => one.name === name && one.status === "running")!;

  it("is taken up at once where nobody is, and later where somebody is, and cuts nobody off", async () => {
    const client = lab.connect(ana, { port: 1194, password });
    await up(client);
    await connected();
    const before = { udp: shownBy("udp-1194"), tcp: shownBy("tcp-1194") };
    credentials = lab.renewGateway();
    await supervisor.renew(credentials);
    await until("the idle process", () => {
      const now = shownBy("tcp-1194");
      return now && now.pid !== before.tcp.pid;
    });
    expect(shownBy("udp-1194")).toMatchObject({ pid: before.udp.pid, sessions: 1 });
    expect(lab.ping()).toBe(true);
    // The agent after this one knows which process shows what.
    await restartAgent();
    expect(shownBy("udp-1194")).toMatchObject({ pid: before.udp.pid, sessions: 1 });
    await supervisor.sessions.end((await connected()).sessionId, "kicked", "enough");
    await until("the other process", () => {
      const now = shownBy("udp-1194");
      return now && now.pid !== before.udp.pid;
    });
    const next = lab.connect(ana, { port: 1194, password });
    await up(next);
    expect(next.log()).toContain("VERIFY OK: depth=0, CN=gateway.lab");
    await until("its packets", () => lab.ping());
  });
});

describe("the agent", () => {
  it("goes on with the processes and sessions of the one before it", async () => {
    await up(lab.connect(ana, { port: 1194, password }));
    const session = await connected();
    const processes = supervisor.processes().map(({ pid, boot }) => ({ pid, boot }));
    const before = spool.lastSequence;
    await restartAgent();
    expect(supervisor.processes()).toMatchObject(processes);
    expect(supervisor.sessions.all()).toMatchObject([
      { sessionId: session.sessionId, connectedAt: session.connectedAt },
    ]);
    await until("a confirmation", async () =>
      (await events("confirmed", before)).some((c) =>
        c.tenants.some(({ sessionIds }) => sessionIds.includes(session.sessionId)),
      ),
    );
    expect([...(await events("connected", before)), ...(await events("disconnected", before))]).toEqual([]);
    expect(lab.ping()).toBe(true);
    await supervisor.sessions.end(session.sessionId, "kicked", "enough");
    expect(supervisor.sessions.all()).toEqual([]);
  });

  it.each([
    ["died", "SIGKILL"],
    ["was reloaded", "SIGHUP"],
  ] as const)("closes the sessions of a process that %s while no agent was there", async (_what, signal) => {
    const client = lab.connect(ana, { port: 1194, password });
    await up(client);
    const session = await connected();
    const { pid } = supervisor.processes().find(({ name }) => name === "udp-1194")!;
    const before = spool.lastSequence;
    await supervisor.close();
    await spool.close();
    await client.stop();
    const log = join(lab.folder, "state", "openvpn", "udp-1194", "openvpn.log");
    const starts = () => readFileSync(log, "utf8").split("Initialization Sequence Completed").length;
    const startsBefore = starts();
    process.kill(pid!, signal);
    await until("the signal's effect", () => (signal === "SIGHUP" ? starts() > startsBefore : !isRunning(pid!)));
    await start();
    const gone = await until("its end", async () => (await events("disconnected", before))[0]);
    expect(gone).toMatchObject({ sessionId: session.sessionId, code: "process_ended" });
    expect(supervisor.processes().find(({ name }) => name === "udp-1194")).toMatchObject({ status: "running" });
    await up(lab.connect(ana, { port: 1194, password }));
    expect(await connected()).not.toMatchObject({ processBoot: session.processBoot });
  });

  it("lets in a client whose CONNECT nobody heard", async () => {
    await supervisor.close();
    await spool.close();
    const client = lab.connect(ana, { port: 1194, password });
    await until("its certificate", () => client.log().includes("Peer Connection Initiated"));
    await start();
    await up(client);
    expect(supervisor.sessions.all()).toHaveLength(1);
  });

  it("closes the sessions of a process that was killed and brings it back, and the client with it", async () => {
    const client = lab.connect(ana, { port: 1194, password });
    await up(client);
    const session = await connected();
    const before = spool.lastSequence;
    const old = supervisor.processes().find(({ name }) => name === "udp-1194")!;
    process.kill(old.pid!, "SIGKILL");
    const gone = await until("its event", async () => (await events("disconnected", before))[0]);
    expect(gone).toMatchObject({ sessionId: session.sessionId, code: "process_ended" });
    const back = await until("the process", () =>
      supervisor.processes().find((p) => p.name === "udp-1194" && p.status === "running" && p.pid !== old.pid),
    );
    expect(back).toMatchObject({ restarts: old.restarts + 1 });
    expect(back.boot).not.toBe(old.boot);
    // The client finds out by the pings that do not come: 15 seconds.
    const next = await until("the client", () => supervisor.sessions.all()[0], 30_000);
    expect(next.sessionId).not.toBe(session.sessionId);
    await until("its packets", () => lab.ping());
  });

  it("takes a SIGHUP of openvpn for what it is: every session of it ended", async () => {
    const client = lab.connect(ana, { port: 1194, password });
    await up(client);
    const session = await connected();
    const before = spool.lastSequence;
    const old = supervisor.processes().find(({ name }) => name === "udp-1194")!;
    process.kill(old.pid!, "SIGHUP");
    const gone = await until("its end", async () => (await events("disconnected", before))[0]);
    expect(gone.sessionId).toBe(session.sessionId);
    const next = await until("a new session", () =>
      supervisor.sessions.all().find((s) => s.sessionId !== session.sessionId),
    );
    expect(next.processBoot).not.toBe(session.processBoot);
    await until("its packets", () => lab.ping());
  });

  it("leaves no secret readable by others", () => {
    const mode = (file: string) => statSync(file).mode & 0o777;
    for (const file of ["identity.pem", "tls-crypt-v2.pem", "udp-1194/openvpn.conf"])
      expect(mode(join(lab.folder, "state", "openvpn", file))).toBe(0o600);
    expect(readFileSync(join(lab.folder, "agent.log"), "utf8")).not.toContain(password);
  });
});
