import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AdmissionDesk } from "../auth/admission";
import { AttemptLimiter } from "../auth/attempt-limiter";
import { AuthTokens } from "../auth/auth-token";
import type { HolderMatch } from "../auth/decide-connection";
import { BusyError } from "../auth/password";
import { clock } from "../clock";
import { SessionLedger } from "../ledger/sessions";
import { openSpool, type Spool } from "../ledger/spool";
import { type AccountValue, type DeviceValue, emptyDocument, type TenantDocument } from "../protocol/document";
import type { EventBody, GatewayEvent } from "../protocol/events";
import { findObjection } from "../state/standing";
import { scanRoutes } from "../testing/scan-routes";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { isGoodbye } from "./codec";
import { heardWithinMs } from "./config";
import { FakeOpenvpn, recordedFingerprint } from "./fake-openvpn";
import type { ProcessRecord } from "./process";
import { ProcessClients, type Resolver } from "./process-clients";
import { connectManagement, type ManagementSocket } from "./socket";
import { connectEnvironment } from "./transcript";

const patience = { timeout: 4_000 };
const address = "100.64.3.7";
const password = 'p"a\\ss';
let folder: string;
let fake: FakeOpenvpn;
let spool: Spool;
let ledger: SessionLedger;
let clients: ProcessClients;
let socket: ManagementSocket;
let document: TenantDocument;
let record: ProcessRecord;
let tokens: AuthTokens | null;
let isDraining: boolean;
let resolver: Resolver | null;
let checkPassword: (hash: string, given: string) => Promise<boolean>;

beforeEach(async () => {
  tokens = null;
  isDraining = false;
  folder = mkdtempSync(join(tmpdir(), "clients-"));
  fake = await FakeOpenvpn.listen(join(folder, "m.sock"));
  spool = openSpool(join(folder, "spool"));
  document = emptyDocument("tenant");
  document.tenant = { ...plainTenant, number: 1, name: "Acme", state: "active", blocks: [] };
  document.networks.set("n", { cidr: "10.20.0.0/16" });
  document.accounts.set("ana", {
    ...plainAccount,
    name: "Ana",
    state: "active",
    reason: null,
    address,
    passwordHash: "hash",
    mustChangePassword: false,
    fingerprints: [recordedFingerprint],
    policies: [],
  });
  resolver = null;
  checkPassword = async (_hash, given) => given === password;
  ledger = new SessionLedger({
    path: join(folder, "sessions.ndjson"),
    spool,
    cut: (session, code, reason) => clients.cut(session, code, reason),
  });
  record = { boot: "boot", configDigest: "", startedAt: "", upSince: 1 };
  await attach();
});
afterEach(async () => {
  clients.detach();
  socket.close();
  ledger.dispose();
  await fake.close();
  await spool.close();
  rmSync(folder, { recursive: true, force: true });
});

async function attach(): Promise<void> {
  const findByFingerprint = (fingerprint: string): HolderMatch | undefined => {
    for (const [accountId, account] of document.accounts)
      if (account.fingerprints.includes(fingerprint)) return { document, accountId, account };
    for (const [deviceId, device] of document.devices)
      if (device.fingerprints.includes(fingerprint)) return { document, deviceId, device };
    return undefined;
  };
  const log = pino({ level: "silent" });
  const desk = new AdmissionDesk({
    findByFingerprint,
    tokens: () => tokens,
    passwords: { check: (hash, given) => checkPassword(hash, given), close: async () => {} },
    log,
    perPlace: new AttemptLimiter(3, 60_000),
  });
  socket = await connectManagement({
    path: join(folder, "m.sock"),
    onNotification: (notification) => {
      if (notification.type === "client") clients.hear(notification);
      else if (isGoodbye(notification)) clients.hearGoodbye();
    },
  });
  clients = new ProcessClients(
    {
      ...{ ledger, desk, findByFingerprint, routesOf: scanRoutes, spool, log },
      findObjection: (live) => findObjection({ get: () => document, findByFingerprint }, live),
    },
    {
      socket,
      record,
      processName: "udp-1194",
      gatewayAddress: "100.64.0.1",
      isDraining: () => isDraining,
      resolver: () => resolver,
      tunReady: async () => {},
    },
  );
}

/** What every client with that address is told of it. */
const placed = [
  `ifconfig-push ${address} 255.255.255.240`,
  'push "route-gateway 100.64.3.8"',
  'push "route 100.64.0.1 255.255.255.255"',
];

/** Lets Ana reach pumps at these addresses, and nobody any other. */
function openPumps(...addresses: string[]): void {
  const rules = [{ protocol: "tcp" as const, from: 80, to: 80 }];
  document.policies.set("pumps", { name: "pumps", isEnabled: true, groups: ["pumps"], rules });
  document.devices.clear();
  for (const one of addresses) document.devices.set(one, { ...plainDevice, address: one, groups: ["pumps"] });
  account().policies = ["pumps"];
}

const account = (): AccountValue => document.accounts.get("ana")!;
const environment = (change: Record<string, string | null>) =>
  connectEnvironment.flatMap((line) => {
    const name = line.slice(0, line.indexOf("="));
    const value = change[name];
    return value === undefined ? [line] : value === null ? [] : [`${name}=${value}`];
  });
async function events<T extends EventBody["type"]>(type: T, count = 1): Promise<Extract<GatewayEvent, { type: T }>[]> {
  return vi.waitFor(async () => {
    const found = (await spool.read(0, 1_000)).filter((event) => event.type === type);
    expect(found).toHaveLength(count);
    return found as Extract<GatewayEvent, { type: T }>[];
  }, patience);
}
const session = () => vi.waitFor(() => ledger.all()[0] ?? expect.fail("no session"), patience);
const count = (prefix: string) => fake.commands.filter((command) => command.startsWith(prefix)).length;

describe("a client", () => {
  it("is given its address, and the way to the gateway and to what it may reach", async () => {
    openPumps("10.20.0.5", "10.20.0.7");
    fake.connect(4);
    expect(await fake.told("client-auth")).toBe(
      [
        "client-auth 4 1",
        ...placed,
        'push "route 10.20.0.5 255.255.255.255"',
        'push "route 10.20.0.7 255.255.255.255"',
        "END",
      ].join("\n"),
    );
    expect(await session()).toMatchObject({
      accountId: "ana",
      clientId: 4,
      realAddress: "192.0.2.2",
      vpnAddress: address,
      cipher: "AES-256-GCM",
      clientVersion: "2.6.14",
      platform: "linux",
      fingerprint: recordedFingerprint,
    });
  });

  it("lacks a route when it may reach more than it was told, and none when it may reach less", async () => {
    openPumps("10.20.0.5", "10.20.0.6");
    fake.connect(4);
    const connected = await session();
    expect(clients.lacksRoutes(connected)).toBe(false);
    openPumps("10.20.0.5");
    expect(clients.lacksRoutes(connected)).toBe(false);
    openPumps("10.20.0.5", "10.20.0.9");
    expect(clients.lacksRoutes(connected)).toBe(true);
  });

  it("shows its port within a second", async () => {
    fake.connect(4);
    const { sessionId } = await session();
    expect(await events("moved")).toMatchObject([{ sessionId, realAddress: "192.0.2.2:50004" }]);
  });

  it("that sends nothing more is let in without waiting for openvpn's next look, where it knows the word for it", async () => {
    fake.connect(4, { isSlow: true });
    expect(await fake.told("client-pending-auth")).toBe("client-pending-auth 4 1 accepted 30");
    expect(await session()).toMatchObject({ clientId: 4 });
    fake.connect(5, { isSlow: true, environment: environment({ IV_PROTO: "2" }) });
    fake.connect(6);
    await vi.waitFor(() => expect(ledger.find("boot", 6)).toBeDefined(), patience);
    await clients.reconcile();
    const hurried = fake.commands.filter((command) => command.startsWith("client-pending-auth"));
    expect(hurried.map((command) => command.split(" ")[1])).toEqual(["4", "6"]);
  });

  it.each(["untrusted_ip=203.0.113.9", "session_state=Authenticated", "password=other"])(
    "that says %s of itself, in openvpn's own words, is refused",
    async (line) => {
      fake.connect(1, { environment: ["session_state=Initial", ...connectEnvironment, line] });
      expect(await fake.told("client-deny")).toContain("certificate_mismatch");
    },
  );

  it("is known by its certificate, whatever name it gives itself", async () => {
    fake.connect(1, { environment: environment({ username: "bob", common_name: "acc-bob" }) });
    expect((await session()).accountId).toBe("ana");
  });

  it("that shows two fingerprints is refused: one of them is forged", async () => {
    fake.connect(1, { environment: [`X509_0_SHA256=${"a".repeat(64)}`, ...connectEnvironment] });
    expect(await fake.told("client-deny")).toContain("certificate_mismatch");
    expect(await events("refused")).toMatchObject([{ tenantId: null, code: "certificate_mismatch" }]);
  });

  it.each([
    ["of an unknown certificate", () => account().fingerprints.pop(), "certificate_unknown", null],
    [
      "of a revoked account",
      () => Object.assign(account(), { state: "revoked", reason: "moved on" }),
      "account_revoked",
      "moved on",
    ],
    [
      "of a suspended tenant",
      () => Object.assign(document.tenant!, { state: "suspended" }),
      "tenant_suspended",
      "suspended",
    ],
    ["of an unloaded tenant", () => Object.assign(document, { tenant: null }), "tenant_suspended", "suspended"],
    [
      "with a temporary password",
      () => Object.assign(account(), { mustChangePassword: true }),
      "password_must_change",
      "temporary",
    ],
    [
      "without any password set",
      () => Object.assign(account(), { passwordHash: null }),
      "password_must_change",
      "set a password",
    ],
    [
      "with a wrong password",
      () => {
        checkPassword = async () => false;
      },
      "password_wrong",
      "wrong",
    ],
  ])("%s is refused, and told why", async (_who, change, code, words) => {
    change();
    fake.connect(1);
    const denial = await fake.told("client-deny 1 1");
    expect(denial).toContain(`"${code}"`);
    if (words) expect(denial).toContain(words);
    const [refused] = await events("refused");
    expect(refused).toMatchObject({ code, realAddress: "192.0.2.2", process: "udp-1194" });
    expect(denial.endsWith(`"${refused!.reason.replace(/["\\]/g, "\\$&")}"`)).toBe(true);
    expect(ledger.all()).toEqual([]);
  });

  it("is told to wait, not that it is wrong, where it cannot be checked", async () => {
    checkPassword = async () => {
      throw new BusyError("busy");
    };
    fake.connect(1);
    expect(await fake.told("client-deny 1 1")).toMatch(/TEMP\[backoff 5\]:the gateway cannot/);
    fake.connect(2, { environment: environment({ IV_PROTO: "2" }) });
    expect(await fake.told("client-deny 2 1")).not.toContain("TEMP");
    expect((await events("refused", 2)).map(({ code }) => code)).toEqual(["not_ready", "not_ready"]);
  });

  it("that fails too often is not even checked, right password or not", async () => {
    for (let attempt = 1; attempt <= 3; attempt++)
      fake.connect(attempt, { environment: environment({ password: "wrong" }) });
    await events("refused", 3);
    fake.connect(4);
    expect(await fake.told("client-deny 4")).toContain("too many failed attempts");
    expect((await events("refused", 4)).map(({ code }) => code)).toEqual([
      "password_wrong",
      "password_wrong",
      "password_wrong",
      "too_many_attempts",
    ]);
  });

  it("gets past nothing by a hostile name, version or password", async () => {
    const hostile = `"\u202e; kill <script>\u0000${"x".repeat(10_000)}`;
    fake.connect(1, {
      environment: environment({ username: hostile, password: hostile, IV_VER: hostile, IV_PLAT: hostile }),
    });
    expect(await fake.told("client-deny 1")).toContain("name_too_long");
    fake.connect(3, { environment: environment({ username: hostile.slice(0, 40), password: hostile }) });
    expect(await fake.told("client-deny 3")).toContain("password_wrong");
    fake.connect(2, { environment: environment({ IV_VER: hostile, IV_PLAT: "" }) });
    const { clientVersion, platform } = await session();
    expect(clientVersion).toMatch(/^[\w.+-]{32}$/);
    expect(platform).toBeNull();
    expect(JSON.stringify(await spool.read(0, 100))).not.toContain("script>");
  });

  it.each([
    ["a device's address that is none", () => openPumps("10.20.0.5 255.0.0.0")],
    ["an address that is none", () => Object.assign(account(), { address: 'x"\npush "route 0.0.0.0' })],
  ])("is refused, never let in halfway, where its document has %s", async (_what, change) => {
    change();
    fake.connect(1);
    expect(await fake.told("client-deny 1")).toContain("not_ready");
    expect(count("client-auth")).toBe(0);
    expect(ledger.hasAccepted("boot", 1)).toBe(false);
  });

  it("that knocks without end does not fill the disk", async () => {
    account().fingerprints = [];
    for (let n = 0; n < 100; n++) fake.connect(n, { realAddress: `192.0.2.2:${1_000 + n}` });
    fake.connect(100, { realAddress: "198.51.100.1:5" });
    await fake.told("client-deny 100");
    await events("refused", 31);
  });

  it("that is gone before it was decided is let be", async () => {
    let decide = (_isRight: boolean) => {};
    checkPassword = () => new Promise((resolve) => (decide = resolve));
    fake.connect(1);
    await vi.waitFor(() => expect(decide.length).toBe(1));
    fake.disconnect(1);
    checkPassword = async () => true;
    fake.connect(2);
    await session();
    decide(true);
    await socket.run({ name: "state", bytes: Buffer.from("state\n"), reply: "block" });
    expect(count("client-auth 1")).toBe(0);
  });

  it("revoked while its password was checked is not let in", async () => {
    checkPassword = async () => {
      account().state = "revoked";
      return true;
    };
    fake.connect(1);
    expect(await fake.told("client-deny")).toContain("account_revoked");
  });

  it("revoked between our word and openvpn's is cut at once", async () => {
    const accept = ledger.accept.bind(ledger);
    ledger.accept = (accepted) => {
      accept(accepted);
      account().state = "revoked";
    };
    fake.connect(1);
    expect(await fake.told("client-kill 1")).toContain("HALT,This account has been revoked.");
    expect(await events("disconnected")).toMatchObject([{ code: "revoked" }]);
  });

  it("leaves, and is recorded with its totals", async () => {
    fake.connect(1);
    const { sessionId } = await session();
    fake.disconnect(1);
    expect(await events("disconnected")).toMatchObject([{ sessionId, code: "left", received: 1905, sent: 2115 }]);
  });

  it("that says goodbye is out at once, and whoever came to its port since is not", async () => {
    fake.connect(1);
    const { sessionId } = await session();
    // Its port is known from here on.
    await clients.reconcile();
    fake.sayGoodbye(1, Math.floor(Date.now() / 1000) - 60);
    await fake.told("log");
    // The first may have been asked before what the log means was said.
    for (let round = 0; round < 2; round++) await clients.reconcile();
    expect(count("kill")).toBe(0);
    fake.sayGoodbye(1);
    expect(await events("disconnected")).toMatchObject([{ sessionId, code: "left", received: 1905 }]);
  });

  it("that came to the port of one who said goodbye stays in where the host's clock is ahead", async () => {
    clock.hear(new Date(Date.now() - 3_600_000));
    try {
      fake.connect(1);
      await session();
      // Its port is known from here on.
      await clients.reconcile();
      fake.sayGoodbye(1, Math.floor(Date.now() / 1000) - 60);
      await fake.told("log");
      // The first may have been asked before what the log means was said.
      for (let round = 0; round < 2; round++) await clients.reconcile();
      expect(count("kill")).toBe(0);
    } finally {
      clock.hear(new Date());
    }
  });

  it("that connects again ends its older session", async () => {
    fake.connect(1);
    const older = await session();
    fake.connect(2);
    expect(await fake.told("client-kill 1")).toContain("HALT,this account connected again");
    expect(await events("disconnected")).toMatchObject([{ sessionId: older.sessionId, code: "replaced" }]);
    expect(ledger.all()).toMatchObject([{ clientId: 2 }]);
  });

  it("twice, and the agent was killed before it had ended the older, loses that at the next look", async () => {
    for (const clientId of [1, 2]) {
      const client = { clientId, realAddress: `192.0.2.2:${clientId}`, vpnAddress: address, commonName: "acc-ana" };
      fake.clients.set(clientId, { ...client, environment: [] });
      ledger.accept({
        ...{ tenantId: "tenant", accountId: "ana", processBoot: "boot", clientId, process: "udp-1194" },
        ...{ realAddress: client.realAddress, vpnAddress: address, fingerprint: recordedFingerprint },
        ...{ clientVersion: null, platform: null, cipher: null },
      });
      ledger.establish("boot", clientId);
    }
    await clients.reconcile();
    expect(await events("disconnected")).toMatchObject([{ code: "replaced" }]);
    expect(ledger.all()).toMatchObject([{ clientId: 2 }]);
  });

  describe("whose tenant has the older session stay", () => {
    beforeEach(() => {
      document.tenant!.secondSession = "refuse";
    });

    it("is refused while that one is there, told to wait, and let in once it has left", async () => {
      fake.connect(1);
      const older = await session();
      fake.connect(2);
      expect(await fake.told("client-deny 2")).toMatch(/TEMP\[backoff 5\]:this account is connected already, from 192/);
      expect(await events("refused")).toMatchObject([{ accountId: "ana", code: "already_connected" }]);
      expect(ledger.all()).toMatchObject([{ sessionId: older.sessionId }]);
      fake.disconnect(1);
      await events("disconnected");
      fake.connect(3);
      expect(await session()).toMatchObject({ clientId: 3 });
    });

    it("learns that only with the right password", async () => {
      fake.connect(1);
      await session();
      fake.connect(2, { environment: environment({ password: "wrong" }) });
      expect(await fake.told("client-deny 2")).toContain("password is wrong");
    });

    it("is let in where that one went silent", async () => {
      fake.connect(1);
      const older = await session();
      vi.spyOn(performance, "now").mockReturnValue(performance.now() + heardWithinMs);
      fake.connect(2);
      expect(await events("disconnected")).toMatchObject([{ sessionId: older.sessionId, code: "replaced" }]);
      vi.restoreAllMocks();
      expect(ledger.all()).toMatchObject([{ clientId: 2 }]);
    });

    it("renegotiates as before", async () => {
      fake.connect(1);
      await session();
      fake.renegotiate(1, 2);
      expect(await fake.told("client-auth-nt")).toBe("client-auth-nt 1 2");
    });

    it("loses the later of two that were let in at once", async () => {
      const decide: ((isRight: boolean) => void)[] = [];
      checkPassword = () => new Promise((resolve) => decide.push(resolve));
      fake.connect(1);
      fake.connect(2);
      await vi.waitFor(() => expect(decide).toHaveLength(2), patience);
      fake.holdsEstablished = true;
      for (const one of decide) one(true);
      await fake.told("client-auth 1");
      await fake.told("client-auth 2");
      fake.establishHeld();
      expect(await fake.told("client-kill 2")).toContain("HALT,this account is connected already");
      expect(await events("disconnected")).toMatchObject([{ code: "refused" }]);
      expect(ledger.all()).toMatchObject([{ clientId: 1 }]);
    });
  });
});

describe("a renegotiation", () => {
  it("passes where the account may still be in", async () => {
    fake.connect(1);
    await session();
    fake.renegotiate(1, 2);
    expect(await fake.told("client-auth-nt")).toBe("client-auth-nt 1 2");
    expect(ledger.all()).toHaveLength(1);
  });

  it("with a wrong password ends the session: denied, the old key would live on", async () => {
    fake.connect(1);
    await session();
    fake.renegotiate(1, 2, environment({ password: "old" }));
    expect(await fake.told("client-kill 1")).toContain("HALT,the password is wrong");
    expect(count("client-deny")).toBe(0);
    expect(await events("disconnected")).toMatchObject([{ code: "revoked" }]);
  });

  it("under another account's certificate ends the session", async () => {
    document.accounts.set("bob", { ...account(), fingerprints: ["b".repeat(64)], address: "100.64.3.8" });
    fake.connect(1);
    await session();
    fake.renegotiate(1, 2, environment({ X509_0_SHA256: "bb:".repeat(32).slice(0, -1) }));
    // The other may come in by itself: nobody is told to give up.
    expect(await fake.told("client-kill 1")).toBe(
      'client-kill 1 "RESTART,another client came from its address and port"',
    );
    expect(await events("disconnected")).toMatchObject([{ code: "unknown" }]);
  });
});

describe("ending a session", () => {
  it("cuts by the real address who does not leave when told", async () => {
    fake.leavesWhenTold = false;
    fake.connect(1);
    const { sessionId } = await session();
    await clients.reconcile();
    await ledger.end(sessionId, "kicked", 'a "reason" \\ of\nlines');
    expect(fake.commands.slice(-2)).toEqual([
      'client-kill 1 "HALT,a \\"reason\\" \\\\ of_lines"',
      "kill 192.0.2.2:50001",
    ]);
    expect(ledger.all()).toEqual([]);
  });

  it("finds a client whose port is not known yet", async () => {
    fake.leavesWhenTold = false;
    fake.connect(1);
    const { sessionId } = await session();
    await ledger.end(sessionId, "kicked", "enough");
    expect(fake.commands.at(-1)).toBe("kill 192.0.2.2:50001");
    expect(ledger.all()).toEqual([]);
  });

  it("finds a client that roamed", async () => {
    fake.leavesWhenTold = false;
    const client = fake.connect(1);
    const { sessionId } = await session();
    client.realAddress = "198.51.100.7:999";
    await ledger.end(sessionId, "kicked", "enough");
    expect(fake.commands.at(-1)).toBe("kill 198.51.100.7:999");
    expect(await events("disconnected")).toMatchObject([{ sessionId, code: "kicked" }]);
  });

  it("is done where openvpn does not know the client any more", async () => {
    fake.connect(1);
    const { sessionId } = await session();
    fake.clients.delete(1);
    await ledger.end(sessionId, "kicked", "enough");
    expect(await events("disconnected")).toMatchObject([{ sessionId, code: "kicked" }]);
  });
});

describe("what openvpn says in its log only", () => {
  const newcomer =
    "2026-11-30 22:35:07 acc-ana/192.0.2.2:50001 TLS Error: Cannot accept new session request from [AF_INET]192.0.2.2:50001 due to session context expire or --single-session";

  it("has a silent session make room for whoever comes from its address and port, and no other", async () => {
    const client = fake.connect(1);
    const { sessionId } = await session();
    await clients.reconcile();
    clients.hearLog([newcomer]);
    await clients.reconcile();
    expect(ledger.get(sessionId)).toBeDefined();
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + heardWithinMs);
    clients.hearLog([newcomer.replaceAll("50001", "50002"), `2026-11-30 22:35:07 x/y peer info: ${newcomer}`]);
    await clients.reconcile();
    expect(count("kill")).toBe(0);
    // openvpn counts the newcomer's packets among the client's: what is more than those is the client's own.
    client.received = 1905 + 1_201;
    clients.hearLog([newcomer]);
    await clients.reconcile();
    expect(count("kill")).toBe(0);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + heardWithinMs);
    client.received += 600;
    clients.hearLog([newcomer]);
    await clients.reconcile();
    vi.restoreAllMocks();
    expect(await events("disconnected")).toMatchObject([{ sessionId, code: "timed_out" }]);
    expect(count("kill")).toBe(1);
  });

  it("is told of whom it turned away by itself, by address and reason", async () => {
    const from = (port: number) =>
      `2026-11-30 22:35:07 192.0.2.7:${port} VERIFY ERROR: depth=0, error=certificate has expired: CN=x`;
    clients.hearLog([from(1), from(2), "2026-11-30 22:35:07 192.0.2.7:2 TLS Error: TLS handshake failed"]);
    expect(await events("refused")).toMatchObject([
      {
        tenantId: null,
        code: "not_admitted",
        realAddress: "192.0.2.7",
        reason: expect.stringMatching(/expired.*\(2 times/),
      },
    ]);
  });
});

describe("comparing with openvpn's list", () => {
  it("closes sessions that it does not have", async () => {
    fake.connect(1);
    const { sessionId } = await session();
    fake.clients.delete(1);
    await clients.reconcile();
    expect(await events("disconnected")).toMatchObject([{ sessionId, code: "unknown" }]);
  });

  it("takes up who was let in by an agent that died before it heard so", async () => {
    fake.connect(1);
    const { sessionId: _s, connectedAt: _c, received: _r, sent: _t, ...accepted } = await session();
    ledger.accept({ ...accepted, clientId: 7 });
    fake.clients.set(7, { ...fake.clients.get(1)!, clientId: 7, realAddress: "192.0.2.2:50007" });
    await clients.reconcile(new Set());
    await vi.waitFor(() => expect(ledger.all()).toMatchObject([{ clientId: 7, accountId: "ana", received: 1905 }]));
  });

  it("sends back who is in and was never let in", async () => {
    fake.clients.set(9, {
      clientId: 9,
      realAddress: "192.0.2.2:1",
      vpnAddress: "100.64.9.9",
      commonName: "x",
      environment: [],
    });
    await clients.reconcile();
    expect(await fake.told("client-kill 9")).toBe("client-kill 9");
    expect(ledger.all()).toEqual([]);
  });

  it("at first sends back who waits for an answer that was never asked of us, but not who asks now", async () => {
    for (const clientId of [3, 4])
      fake.clients.set(clientId, {
        clientId,
        realAddress: `192.0.2.2:${clientId}`,
        vpnAddress: null,
        commonName: "acc",
        environment: [],
      });
    fake.clients.set(5, {
      clientId: 5,
      realAddress: "192.0.2.2:5",
      vpnAddress: null,
      commonName: "UNDEF",
      environment: [],
    });
    await clients.reconcile(new Set([4]));
    expect(await fake.told("client-kill")).toBe("client-kill 3");
    expect(count("client-kill")).toBe(1);
  });

  it("later sends back only who waits twice in a row", async () => {
    fake.clients.set(3, {
      clientId: 3,
      realAddress: "192.0.2.2:3",
      vpnAddress: null,
      commonName: "acc",
      environment: [],
    });
    await clients.reconcile();
    expect(count("client-kill")).toBe(0);
    await clients.reconcile();
    expect(await fake.told("client-kill")).toBe("client-kill 3");
  });

  it("sends back a client that has another address than it was given", async () => {
    const client = fake.connect(1);
    await session();
    client.vpnAddress = "100.64.0.99";
    await clients.reconcile();
    expect(await fake.told("client-kill 1")).toBe('client-kill 1 "RESTART,the address was not the one given"');
    expect(await events("disconnected")).toMatchObject([{ code: "unknown" }]);
  });

  it("ends sessions whose account may no longer be in", async () => {
    fake.connect(1);
    await session();
    account().fingerprints = [];
    await clients.reconcile();
    expect(await fake.told("client-kill 1")).toContain("HALT,This profile's certificate is no longer accepted.");
  });

  it.each([
    ["was changed", () => Object.assign(account(), { passwordHash: "another" }), "Your password has changed."],
    ["must be changed", () => Object.assign(account(), { mustChangePassword: true }), "Change your temporary password"],
  ])("ends sessions whose password %s, also in the hands of the next agent", async (_what, change, words) => {
    fake.connect(1);
    const { sessionId } = await session();
    await clients.reconcile();
    expect(ledger.get(sessionId)).toBeDefined();
    expect(JSON.stringify(await events("connected"))).not.toContain("passwordMark");
    change();
    ledger.dispose();
    const path = join(folder, "sessions.ndjson");
    ledger = new SessionLedger({ path, spool, cut: (live, code, reason) => clients.cut(live, code, reason) });
    clients.detach();
    socket.close();
    await attach();
    await clients.reconcile();
    expect(await fake.told("client-kill 1")).toContain(`HALT,${words}`);
    expect(await events("disconnected")).toMatchObject([{ sessionId, code: "revoked" }]);
  });

  it("notices a client that roamed", async () => {
    const client = fake.connect(1);
    await session();
    client.realAddress = "udp4:198.51.100.7:999";
    await clients.reconcile();
    expect(ledger.all()).toMatchObject([{ realAddress: "198.51.100.7:999" }]);
  });
});

describe("an openvpn that answers what it should not", () => {
  const letIn = async (clientIds: number[]) => {
    for (const clientId of clientIds) {
      const fingerprint = clientId.toString(16).padStart(64, "0");
      const accountId = `person-${clientId}`;
      document.accounts.set(accountId, {
        ...{ ...account(), fingerprints: [fingerprint], address: `100.64.4.${clientId}` },
      });
      fake.connect(clientId, { environment: environment({ X509_0_SHA256: fingerprint }) });
    }
    await vi.waitFor(() => expect(clientIds.every((id) => ledger.find("boot", id))).toBe(true), patience);
  };
  const longName = (clientId: number) => ({
    clientId,
    realAddress: `192.0.2.9:${clientId}`,
    vpnAddress: null,
    commonName: "acc-eve",
    environment: [`username=${"x".repeat(1_000)}`],
  });

  it("lets nobody with a name in that it cannot list", async () => {
    fake.connect(1, { environment: environment({ username: "x".repeat(128) }) });
    expect(await fake.told("client-deny 1")).toContain("name_too_long");
    expect(await events("refused")).toMatchObject([{ accountId: "ana", code: "name_too_long" }]);
    fake.connect(2, { environment: environment({ username: "x".repeat(127) }) });
    await session();
  });

  it("ends nobody's session, and keeps nobody out, while a client with such a name lingers", async () => {
    await letIn([1, 2]);
    fake.clients.delete(2);
    fake.clients.set(8, longName(8));
    await clients.reconcile();
    await letIn([3]);
    await clients.reconcile();
    expect(ledger.all().map(({ clientId }) => clientId)).toEqual([1, 2, 3]);
    // Of that list nobody behind it is told; once it is whole, whoever has gone is.
    fake.clients.delete(8);
    await clients.reconcile();
    expect(await events("disconnected")).toMatchObject([{ reason: "openvpn lists it no more" }]);
  });

  it("still has a session ended whose client cannot be found in what it lists", async () => {
    fake.clients.set(8, longName(8));
    await letIn([9]);
    fake.leavesWhenTold = false;
    const ended = ledger.end(ledger.find("boot", 9)!.sessionId, "revoked", "moved on");
    await fake.told("client-kill 9");
    await fake.told("status");
    expect(ledger.find("boot", 9)).toBeDefined();
    fake.disconnect(9);
    await ended;
    expect(await events("disconnected")).toMatchObject([{ code: "revoked" }]);
  });

  it.each([
    ["letters of two bytes", "я".repeat(105)],
    ["letters of two bytes, and more than it takes of any", "я".repeat(1_000)],
    ["quotes", '"'.repeat(400)],
    ["emoji", "🚂".repeat(120)],
  ])("ends a session for a reason of many %s", async (_what, reason) => {
    fake.connect(1);
    const { sessionId } = await session();
    await ledger.end(sessionId, "revoked", reason);
    expect(fake.clients.size).toBe(0);
    expect(await fake.told("client-kill 1")).toContain(`"HALT,${reason.startsWith('"') ? "\\" : ""}${[...reason][0]}`);
    Object.assign(account(), { state: "revoked", reason });
    fake.connect(2);
    await vi.waitFor(() => expect(fake.clients.size).toBe(0), patience);
  });

  it("is told without the reason where it does not take one", async () => {
    fake.refuses = (command) => (command.includes('"HALT,') ? "Options error: No closing quotation" : null);
    fake.connect(1);
    const { sessionId } = await session();
    await ledger.end(sessionId, "revoked", "moved on");
    expect(fake.commands.at(-1)).toBe('client-kill 1 "HALT"');
    expect(fake.clients.size).toBe(0);
  });

  it("is not taken to have let go of a client for any error", async () => {
    fake.refuses = (command) => (command.startsWith("client-kill") ? "Options error: never heard of it" : null);
    fake.connect(1);
    const { sessionId } = await session();
    await expect(ledger.end(sessionId, "revoked", "moved on")).rejects.toThrow("never heard of it");
    expect(ledger.get(sessionId)).toBeDefined();
  });

  it("in whatever way its list is broken, ends nobody and is heard again as soon as it is whole", {
    timeout: 60_000,
  }, async () => {
    const people = [1, 2, 3, 4, 5];
    await letIn(people);
    await clients.reconcile();
    const noise = fc.oneof(
      fc.constantFrom(
        "ERROR: bad status",
        "SUCCESS: pi",
        "",
        "CLIENT_LIST",
        "CLIENT_LIST\t",
        "\t".repeat(13),
        "x".repeat(9_000),
      ),
      fc.string({ maxLength: 80 }).map((text) => text.replace(/[\r\n>]/g, " ").replace(/^END$|^SUCCESS: pid=/, "x")),
    );
    const edit = fc.record({ at: fc.nat(20), keep: fc.option(fc.nat(120)), put: fc.array(noise, { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.nat(20), fc.array(edit, { maxLength: 4 }), async (end, edits) => {
        fake.distort = (lines) => {
          // It breaks off somewhere, or an END stands behind rows that are none.
          const said = lines.slice(0, end % lines.length);
          for (const { at, keep, put } of edits) {
            const line = said[at % Math.max(1, said.length)] ?? "";
            said.splice(at % Math.max(1, said.length), 1, ...(keep === null ? [] : [line.slice(0, keep)]), ...put);
          }
          return said.filter((line) => line !== "END");
        };
        await clients.reconcile();
        expect(ledger.all().map(({ clientId }) => clientId)).toEqual(people);
      }),
      { numRuns: 200 },
    );
    fake.distort = (lines) => lines;
    await clients.reconcile();
    await letIn([6]);
    expect(count("client-kill")).toBe(0);
    expect((await spool.read(0, 1_000)).filter(({ type }) => type === "disconnected")).toEqual([]);
  });
});

describe("the resolver of devices' names", () => {
  beforeEach(() => {
    resolver = { address: "100.64.0.1", zone: "vpn.internal" };
  });

  it("is told to a person for their tenant's domain alone, in the words of every client", async () => {
    fake.connect(4);
    const told = await fake.told("client-auth");
    expect(told.split("\n").slice(4, -1)).toEqual([
      'push "dns server 0 address 100.64.0.1"',
      'push "dns server 0 resolve-domains tenant.vpn.internal"',
      'push "dns search-domains tenant.vpn.internal"',
      'push "dhcp-option DNS 100.64.0.1"',
      'push "dhcp-option DOMAIN tenant.vpn.internal"',
      'push "dhcp-option DOMAIN-SEARCH tenant.vpn.internal"',
    ]);
  });

  it("is not told to one who would ask it for everything", async () => {
    fake.connect(4, { environment: environment({ IV_PLAT: "android" }) });
    expect(await fake.told("client-auth")).not.toContain("dns");
  });
});

describe("a device", () => {
  const passwordless = { environment: environment({ password: null, username: null }) };
  const put = (change: Partial<DeviceValue> = {}) => {
    document.accounts.clear();
    const fingerprints = [recordedFingerprint];
    document.devices.set("crane", { ...plainDevice, attachment: "openvpn", address, fingerprints, ...change });
  };

  it("is let in by its certificate alone, with its address and no routes", async () => {
    put();
    fake.connect(4, passwordless);
    expect(await fake.told("client-auth")).toBe(["client-auth 4 1", ...placed, "END"].join("\n"));
    expect(await session()).toMatchObject({ accountId: null, deviceId: "crane", vpnAddress: address });
    expect(await events("connected")).toMatchObject([{ tenantId: "tenant", accountId: null, deviceId: "crane" }]);
  });

  it("is in once: where two routers have its profile the first stays, and the other is told to wait", async () => {
    put();
    fake.connect(4, passwordless);
    const { sessionId } = await session();
    fake.connect(5, passwordless);
    expect(await fake.told("client-deny 5")).toMatch(/TEMP\[backoff 5\]:this device is connected already, from 192/);
    expect(await events("refused")).toMatchObject([{ deviceId: "crane", code: "already_connected" }]);
    expect(ledger.all()).toMatchObject([{ sessionId }]);
  });

  it("is in once: its newer connection ends one that went silent, or was asked to go", async () => {
    put();
    fake.leavesWhenTold = false;
    fake.connect(3, passwordless);
    await clients.sendAway(await session(), false);
    fake.connect(4, passwordless);
    await vi.waitFor(() => expect(ledger.find("boot", 4)).toBeDefined(), patience);
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + heardWithinMs);
    fake.connect(5, passwordless);
    const gone = await events("disconnected", 2);
    vi.restoreAllMocks();
    expect(gone).toMatchObject([{ code: "drained" }, { code: "replaced" }]);
    await vi.waitFor(() => expect(ledger.byHolder({ tenantId: "tenant", accountId: null, deviceId: "crane" })).toHaveLength(1), patience); // biome-ignore format: one line
  });

  it.each([
    ["is blocked", () => put({ hold: { until: "2999-01-01T00:00:00Z", reason: "maintenance" } })],
    ["is suspended", () => Object.assign(document.tenant!, { state: "suspended" })],
    ["is not known here", () => document.devices.clear()],
    ["is loaded no more", () => Object.assign(document, { tenant: null })],
  ])("is never told to give up: cut and refused while it %s, it goes on trying", async (_what, change) => {
    put();
    const name = "X509_0_subjectAltName=URI:urn:drawbridge:tenant:";
    const uuid = "00000000-0000-4000-8000-000000000001";
    const environment = [...passwordless.environment, `${name}${uuid}:device:${uuid}`];
    fake.connect(3, { environment });
    await session();
    change();
    await clients.reconcile();
    expect(await fake.told("client-kill 3")).toMatch(/^client-kill 3 "RESTART,\w/);
    await events("disconnected");
    fake.connect(4, { environment });
    expect(await fake.told("client-deny 4")).toMatch(/"TEMP\[backoff 20\]:\w/);
    // One that does not know that word gives up at any other refusal.
    fake.connect(5, { environment: environment.map((line) => line.replace(/^(IV_PROTO)=.*/, "$1=2")) });
    expect(await fake.told("client-kill 5")).toMatch(/^client-kill 5 "RESTART,\[P\]\w/);
    expect(fake.commands.join("\n")).not.toContain("HALT");
  });

  it("is turned away while it is blocked, and told until when and why", async () => {
    put({ hold: { until: "2999-01-01T00:00:00Z", reason: "maintenance" } });
    fake.connect(4, passwordless);
    const [refusal] = await events("refused");
    expect(refusal).toMatchObject({ accountId: null, deviceId: "crane", code: "held" });
    expect(refusal!.reason).toMatch(/blocked until 1 Jan .*maintenance/);
  });

  it("is turned away where its tenant is suspended, or it is reached by a network", async () => {
    put();
    document.tenant!.state = "suspended";
    fake.connect(4, passwordless);
    expect(await events("refused")).toMatchObject([{ code: "tenant_suspended" }]);
    document.tenant!.state = "active";
    put({ attachment: "routed" });
    fake.connect(5, passwordless);
    expect((await events("refused", 2))[1]).toMatchObject({ code: "certificate_unknown" });
    expect(ledger.all()).toEqual([]);
  });
});

describe("a person who was let in", () => {
  const tokenSaid = async () => /auth-token (\S+)"/.exec(await fake.told("client-auth "))![1]!;

  beforeEach(() => {
    tokens = new AuthTokens("ab".repeat(32));
  });

  it("comes in again by the token alone, without a password being checked", async () => {
    fake.connect(1);
    const token = await tokenSaid();
    checkPassword = async () => expect.fail("a password was checked");
    fake.connect(2, { environment: environment({ password: token }) });
    expect(await fake.told("client-auth 2 1")).toContain(`push "auth-token ${token}"`);
    fake.renegotiate(2, 2);
    await fake.told("client-auth-nt 2 2");
  });

  it.each([
    ["whose password was changed", () => Object.assign(account(), { passwordHash: "new" }), "password_missing"],
    ["who was revoked", () => Object.assign(account(), { state: "revoked", reason: "moved on" }), "account_revoked"],
    [
      "who must change the password",
      () => Object.assign(account(), { mustChangePassword: true }),
      "password_must_change",
    ],
    ["whose certificate is another's now", () => account().fingerprints.pop(), "certificate_unknown"],
    ["with another platform's token", () => (tokens = new AuthTokens("cd".repeat(32))), "password_missing"],
  ])("%s does not come in by the token of before", async (_who, change, code) => {
    fake.connect(1);
    const token = await tokenSaid();
    change();
    fake.connect(2, { environment: environment({ password: token }) });
    expect(await fake.told("client-deny 2 1")).toContain(`"${code}"`);
  });

  it("gets no token where the platform has no secret, and none is believed", async () => {
    fake.connect(1);
    const token = await tokenSaid();
    tokens = null;
    fake.connect(2, { environment: environment({ password: token }) });
    expect(await fake.told("client-deny 2 1")).toContain('"password_wrong"');
    fake.connect(3);
    expect(await fake.told("client-auth 3 1")).not.toContain("auth-token");
  });
});

describe("a process that drains", () => {
  it("lets nobody new in, and tells each where to go in words its client understands", async () => {
    isDraining = true;
    fake.connect(1);
    expect(await fake.told("client-deny 1 1")).toMatch(/"going_elsewhere" "TEMP\[backoff 1,advance remote\]:/);
    fake.connect(2, { environment: environment({ IV_PROTO: "2" }) });
    expect(await fake.told("client-kill 2")).toBe('client-kill 2 "RESTART,[PN]"');
    expect(await events("refused", 2)).toMatchObject([{ code: "going_elsewhere" }, { code: "going_elsewhere" }]);
  });

  it("lets those who are in renegotiate", async () => {
    fake.connect(1);
    await session();
    isDraining = true;
    fake.renegotiate(1, 2);
    await fake.told("client-auth-nt 1 2");
  });

  it("says in the ledger why a client that it sent away has gone", async () => {
    fake.connect(1);
    await clients.sendAway(await session(), false);
    expect(await fake.told("client-kill 1")).toBe('client-kill 1 "RESTART,[P]"');
    expect(await events("disconnected")).toMatchObject([{ code: "drained" }]);
  });

  it("does not hide behind that word what ended the session for good", async () => {
    fake.leavesWhenTold = false;
    fake.connect(1);
    const { sessionId } = await session();
    await clients.sendAway(ledger.get(sessionId)!, false);
    fake.leavesWhenTold = true;
    await ledger.end(sessionId, "revoked", "moved on");
    expect(await events("disconnected")).toMatchObject([{ code: "revoked", reason: "moved on" }]);
  });
});
