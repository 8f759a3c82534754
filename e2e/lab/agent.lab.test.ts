/**
 * The whole agent, as its one file, in a gateway's namespace, against real packets: what a person may reach, what nobody
 * may, and that both hold when access is taken away and when the agent dies.
 */

import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccountValue, Entry } from "@/gateway/protocol/document";
import { plainAccount, plainDevice, plainTenant } from "../../gateway/testing/values";
import { buildAgent, hashLabPassword, issueLabClient, type LabAgent, startLabAgent } from "./lab-agent";
import { createLab, type Lab, type LabGateway, type LabPerson, type LabSite } from "./network";
import { listRuleset } from "./ruleset";
import type { TestControlPlane } from "./test-control-plane";
import { startVpnClient, until, type VpnClient } from "./vpn-client";

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const password = 'correct "horse" \\ battery';
const udp = { name: "udp-1194", protocol: "udp" as const, port: 1194 };

interface Person extends LabPerson {
  accountId: string;
  tenantId: string;
  address: string;
  vpnAddress: string;
  fingerprint: string;
  profile: string;
}

let lab: Lab;
let gateway: LabGateway;
let sites: LabSite[];
let controlPlane: TestControlPlane;
let agent: LabAgent;
let folder: string;
let passwordHash: string;
let anna: Person;
let boris: Person;
let cora: Person;
const clients = new Map<Person, VpnClient>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "gwagent-"));
  buildAgent(folder);
  passwordHash = await hashLabPassword(password);
  lab = await createLab(233);
  gateway = await lab.addGateway();
  sites = [
    await lab.addSite(1, [
      { address: "10.0.0.10", name: "pump" },
      { address: "10.0.0.12", name: "safe" },
    ]),
    await lab.addSite(2, [
      { address: "10.0.0.10", name: "camera" },
      { address: "10.20.0.5", name: "vault" },
    ]),
  ];
  const env = {
    GATEWAY_METRICS_HOST: gateway.managementAddress,
    GATEWAY_METRICS_PORT: "9464",
    GATEWAY_UPLINK_PORTS: "tcp/7179",
  };
  agent = await startLabAgent(lab, folder, gateway, { config: { processes: [udp] }, env });
  ({ controlPlane } = agent);

  anna = await addPerson(11, uuid(1), "100.64.16.11");
  boris = await addPerson(12, uuid(1), "100.64.16.12");
  cora = await addPerson(13, uuid(2), "100.64.32.13");
  const first = await controlPlane.push(uuid(1), [...tenant(1), ...devices(1), account(anna), account(boris)]);
  expect(first).toMatchObject({ status: 200, body: { revision: 1, ended: [] } });
  await controlPlane.push(uuid(2), [...tenant(2), ...devices(2), account(cora)]);
  for (const person of [anna, boris, cora]) connect(person);
  for (const client of clients.values()) await client.connected();
});

afterAll(async () => {
  await lab?.destroy();
  rmSync(folder, { recursive: true, force: true });
});

describe("a person who may", () => {
  it("reaches the group's devices on the policy's ports, each tenant its own behind the same address", async () => {
    expect(await lab.httpGet(anna.namespace, "10.0.0.10")).toBe("tenant 1 device 10.0.0.10 pump\n");
    expect(await lab.httpGet(cora.namespace, "10.0.0.10")).toBe("tenant 2 device 10.0.0.10 camera\n");
    // Answered by the device, whether or not ssh is installed here.
    expect(await lab.canConnect(anna.namespace, "10.0.0.10", 22)).not.toBe("silent");
    expect(await lab.canPing(cora.namespace, "10.0.0.10")).toBe(true);
  });

  it("has the stable address", async () => {
    expect(await lab.exec(anna.namespace, ["ip", "-4", "addr", "show", "dev", "tun0"])).toContain(
      `${anna.vpnAddress}/29`,
    );
  });
});

describe("nobody", () => {
  it("reaches another port, another protocol, or a device outside the group", async () => {
    expect(await lab.canConnect(anna.namespace, "10.0.0.10", 8080)).toBe("silent");
    expect(await lab.canPing(anna.namespace, "10.0.0.10")).toBe(false);
    expect(await lab.canConnect(anna.namespace, "10.0.0.12", 80)).toBe("silent");
  });

  it("reaches another tenant's device, even with a route of their own making", async () => {
    await lab.exec(anna.namespace, ["ip", "route", "add", "10.20.0.0/24", "dev", "tun0"]);
    expect(await lab.canConnect(anna.namespace, "10.20.0.5", 80)).toBe("unreachable");
    expect(await lab.httpGet(cora.namespace, "10.20.0.5")).toBeNull();
  });

  it("reaches another client, of the same tenant or another", async () => {
    await listen(boris.namespace, 7070);
    expect(await lab.canConnect(boris.namespace, boris.vpnAddress, 7070)).toBe("open");
    expect(await lab.canConnect(anna.namespace, boris.vpnAddress, 7070)).toBe("silent");
    expect(await lab.canConnect(cora.namespace, boris.vpnAddress, 7070)).toBe("silent");
  });

  it("learns which addresses are connected, of the same tenant or another", async () => {
    const { namespace } = anna;
    const inNamespace = (...command: string[]) => lab.exec(namespace, command);
    const absent = ["100.64.16.77", "100.64.32.77", "100.64.200.1"];
    await inNamespace("nft", "add table ip seen; add chain ip seen here { type filter hook prerouting priority raw; }; add rule ip seen here iifname tun0 counter"); // biome-ignore format: a script
    const answers = async () =>
      /counter packets (\d+)/.exec(await inNamespace("nft", "list", "table", "ip", "seen"))![1];
    for (const address of [boris.vpnAddress, cora.vpnAddress, ...absent]) {
      await inNamespace("ip", "route", "replace", address, "dev", "tun0");
      for (const hops of ["64", "1"]) await inNamespace("ping", "-c", "2", "-i", "0.2", "-W", "1", "-t", hops, address).catch(() => {}); // biome-ignore format: one line
      expect(await lab.canConnect(namespace, address, 7070, 500), address).toBe("silent");
      expect(await answers(), `what came back of what was sent to ${address}`).toBe("0");
      await inNamespace("ip", "route", "del", address, "dev", "tun0");
    }
    await inNamespace("nft", "delete table ip seen");
  });

  it("reaches a client from a site, its own tenant's or another's", async () => {
    for (const site of sites) expect(await lab.canConnect(site.namespace, boris.vpnAddress, 7070)).toBe("silent");
  });

  it("reaches the gateway's own ports through the tunnel", async () => {
    await listen(gateway.namespace, 7071);
    expect(await lab.canConnect(gateway.namespace, "100.64.0.1", 7071)).toBe("open");
    expect(await lab.canConnect(anna.namespace, "100.64.0.1", 7071)).toBe("silent");
    expect(await lab.canPing(anna.namespace, "100.64.0.1")).toBe(false);
    await lab.exec(anna.namespace, ["ip", "route", "add", gateway.managementAddress, "dev", "tun0"]);
    expect(await lab.canConnect(anna.namespace, gateway.managementAddress, 8443)).toBe("silent");
    await lab.exec(anna.namespace, ["ip", "route", "del", gateway.managementAddress, "dev", "tun0"]);
  });

  it("reaches the API from the internet or from a site", async () => {
    expect(await lab.canConnect(anna.namespace, gateway.wanAddress, 8443)).toBe("refused");
    await lab.exec(anna.namespace, ["ip", "route", "add", gateway.managementAddress, "via", gateway.wanAddress]);
    expect(await lab.canConnect(anna.namespace, gateway.managementAddress, 8443)).toBe("silent");
    expect(await lab.canConnect(sites[0]!.namespace, gateway.managementAddress, 8443)).toBe("silent");
  });

  it("reaches a port of the gateway from a site, at the uplink's address, but one that the operator opened", async () => {
    const [site] = sites as [LabSite];
    const uplinkAddress = gateway.nextHop(1).replace(/\d+$/, (last) => String(Number(last) - 1));
    for (const port of [7072, 7179]) await listen(gateway.namespace, port);
    expect(await lab.canConnect(gateway.namespace, uplinkAddress, 7072)).toBe("open");
    expect(await lab.canConnect(site.namespace, uplinkAddress, 7072)).toBe("silent");
    expect(await lab.canConnect(site.namespace, uplinkAddress, 7179)).toBe("open");
    expect(await lab.canPing(site.namespace, uplinkAddress)).toBe(true);
    // What the gateway begins itself is answered; and an uplink that is its own way to the world too is left alone.
    expect(await lab.canConnect(gateway.namespace, "10.0.0.10", 80)).not.toBe("silent");
    await lab.exec(gateway.namespace, ["ip", "route", "add", "default", "via", gateway.nextHop(1)]);
    await until(async () => (await lab.canConnect(site.namespace, uplinkAddress, 7072)) === "open");
    await lab.exec(gateway.namespace, ["ip", "route", "del", "default"]);
    await until(async () => (await lab.canConnect(site.namespace, uplinkAddress, 7072)) === "silent");
  });

  it("reaches a device with another's address: a site that speaks as a client of the other tenant", async () => {
    const [site, other] = sites;
    await lab.exec(site!.namespace, ["nft", `add rule ip homeward prerouting ip saddr ${anna.vpnAddress} counter`]);
    const seen = async () => {
      const chain = await lab.exec(site!.namespace, ["nft", "list", "chain", "ip", "homeward", "prerouting"]);
      return Number(/counter packets (\d+)/.exec(chain)![1]);
    };
    await lab.exec(other!.namespace, ["ip", "addr", "add", `${anna.vpnAddress}/32`, "dev", "lo"]);
    const forged = ["nc", "-z", "-w", "1", "-s", anna.vpnAddress, "10.0.0.12", "80"];
    await expect(lab.exec(other!.namespace, forged)).rejects.toThrow();
    await lab.exec(other!.namespace, ["ip", "addr", "del", `${anna.vpnAddress}/32`, "dev", "lo"]);
    expect(await seen()).toBe(0);
    await lab.httpGet(anna.namespace, "10.0.0.10");
    expect(await seen()).toBeGreaterThan(0);
  });
});

describe("the API", () => {
  it("is shut to a certificate that is not the control plane's", async () => {
    const { gatewayAuthority, clientAuthority } = controlPlane;
    const strangers = [{}, clientAuthority.issue("control-plane", { usage: "client" })];
    for (const stranger of strangers) await expect(call(stranger)).rejects.toThrow();
    expect(await call(gatewayAuthority.issue("gateway.other", { usage: "client" }))).toMatchObject({ status: 403 });
    function call(identity: { certificate?: string; key?: string }) {
      return controlPlane.call("GET", "/v1/state", undefined, identity);
    }
  });

  it("takes no body over the limit", async () => {
    const answer = await controlPlane.call("PUT", `/v1/tenants/${uuid(1)}`, "x".repeat(64 * 1024 * 1024 + 1));
    expect(answer).toMatchObject({ status: 413, body: { error: { code: "too_large" } } });
  });

  it("answers a replayed push without doing it again", async () => {
    const revision = controlPlane.revision(uuid(1));
    await controlPlane.push(uuid(1), [account(boris, { name: "Boris" })]);
    const rules = await ruleset();
    const replay = { from: revision, to: revision + 1, entries: [account(boris, { name: "Boris" })] };
    const answer = await controlPlane.call("PUT", `/v1/tenants/${uuid(1)}`, replay);
    expect(answer).toMatchObject({ status: 200, body: { revision: revision + 1, ended: [] } });
    const old = { from: null, to: 1, entries: [...tenant(1), account(anna, { state: "revoked" })] };
    expect(await controlPlane.call("PUT", `/v1/tenants/${uuid(1)}`, old)).toMatchObject({ status: 409 });
    expect(await ruleset()).toBe(rules);
    expect(await lab.httpGet(anna.namespace, "10.0.0.10")).not.toBeNull();
  });

  it("does not enrol twice", async () => {
    await expect(controlPlane.enrol()).rejects.toThrow();
  });
});

describe("whoever operates it", () => {
  const ask = (path: string) => fetch(`http://${gateway.managementAddress}:9464${path}`);

  it("is told by the file itself that it is ready, and how it is", async () => {
    expect(await (await ask("/readyz")).json()).toEqual({ status: "ready" });
    const metrics = await (await ask("/metrics")).text();
    const { sessions } = await controlPlane.state();
    expect(metrics).toContain(`drawbridge_agent_sessions{process="${udp.name}"} ${sessions}`);
    expect(metrics).toMatch(/^drawbridge_agent_admissions_total\{outcome="accepted"\} [1-9]/m);
    expect(metrics).toMatch(/^drawbridge_agent_nft_seconds_count\{outcome="applied"\} [1-9]/m);
    expect(metrics).not.toContain(uuid(1));
  });

  it("reads in its log who came in, with tenant, account and session, and no password", async () => {
    const lines = log()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    const [accepted] = lines.filter(({ msg }) => msg === "a connection was let in");
    expect(accepted).toMatchObject({ tenantId: expect.any(String), accountId: expect.any(String) });
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...{ msg: "a session is established", accountId: anna.accountId, tenantId: anna.tenantId },
        sessionId: expect.any(String),
      }),
    );
    expect(log()).not.toContain(password);
    expect(log()).not.toContain(passwordHash);
  });

  it("renews its certificate and sees nobody cut off, also when the agent is killed right after", async () => {
    const before = await controlPlane.state();
    const renewed = new X509Certificate(await controlPlane.renew()).raw;
    const shown = async () => (await controlPlane.call("GET", "/v1/state")).peer;
    expect((await shown()).equals(renewed)).toBe(true);
    await kill("SIGKILL");
    await restart();
    expect((await shown()).equals(renewed)).toBe(true);
    await until(async () => (await controlPlane.state()).sessions === before.sessions);
    const after = await controlPlane.state();
    expect(after.processes.map(({ pid }) => pid)).toEqual(before.processes.map(({ pid }) => pid));
    expect(await lab.httpGet(anna.namespace, "10.0.0.10")).toBe("tenant 1 device 10.0.0.10 pump\n");
  });
});

describe("the agent", () => {
  it("killed, leaves tunnels and rules; started again, adopts them and enforces on", async () => {
    const before = await controlPlane.state();
    await kill("SIGKILL");
    expect(await lab.httpGet(anna.namespace, "10.0.0.10")).toBe("tenant 1 device 10.0.0.10 pump\n");
    expect(await lab.canConnect(anna.namespace, "10.0.0.12", 80)).toBe("silent");
    await restart();
    await until(async () => (await controlPlane.state()).sessions === before.sessions);
    const after = await controlPlane.state();
    expect(after.processes.map(({ pid, boot }) => ({ pid, boot }))).toEqual(before.processes.map(({ pid, boot }) => ({ pid, boot }))); // biome-ignore format: one line
    expect(after.revisions).toEqual(before.revisions);
    expect(after.epoch).toBe(before.epoch);
    expect(await lab.httpGet(anna.namespace, "10.0.0.10")).toBe("tenant 1 device 10.0.0.10 pump\n");
    expect(
      clients
        .get(anna)!
        .log()
        .match(/Initialization Sequence Completed/g),
    ).toHaveLength(1);
  });
});

describe("access that is taken away", () => {
  it("stops an open flow in the kernel while openvpn still lists the session", async () => {
    const flow = lab.spawn(cora.namespace, ["bash", "-c", holdOpen("10.0.0.10", 80)], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const heard: string[] = [];
    flow.stdout!.on("data", (chunk: Buffer) => heard.push(chunk.toString()));
    await until(() => heard.join("").includes("open"));
    const { sessions } = await controlPlane.state();
    expect(await controlPlane.push(uuid(2), [policy(2, false)])).toMatchObject({ status: 200, body: { ended: [] } });
    // The flow asks only now; it was established long before.
    process.kill(flow.pid!, "SIGUSR1");
    await until(
      () => heard.join("").includes("closed"),
      10_000,
      () => heard.join(""),
    );
    expect(heard.join("")).not.toContain("tenant 2");
    expect((await controlPlane.state()).sessions).toBe(sessions);
    await controlPlane.push(uuid(2), [policy(2)]);
    expect(await lab.httpGet(cora.namespace, "10.0.0.10")).toBe("tenant 2 device 10.0.0.10 camera\n");
  });

  it("ends the session at once, tells the person why, and keeps them out", async () => {
    const revoked = account(anna, { state: "revoked", reason: 'Left the "company".' });
    const { status, body } = await controlPlane.push(uuid(1), [revoked]);
    expect(status).toBe(200);
    expect(body.ended).toHaveLength(1);
    expect(await ruleset()).not.toContain(anna.vpnAddress);
    await clients.get(anna)!.exited();
    const attempt = startVpnClient(lab, anna.namespace, folder, { profile: anna.profile, password });
    await attempt.exited();
    expect(attempt.log()).toMatch(/AUTH_FAILED.*Left the .company/);
    expect(await lab.httpGet(boris.namespace, "10.0.0.10")).toBe("tenant 1 device 10.0.0.10 pump\n");
    await until(async () => {
      await controlPlane.collect();
      return controlPlane.events.some(({ type }) => type === "refused");
    });
    const ofAnna = controlPlane.events.filter((event) => "accountId" in event && event.accountId === anna.accountId);
    expect(ofAnna.map(({ type }) => type)).toEqual(["connected", "refused"]);
    const ended = controlPlane.events.filter((event) => event.type === "disconnected");
    expect(ended).toMatchObject([{ sessionId: body.ended[0], code: "revoked" }]);
  });

  it("holds when the agent is killed right after it said so", async () => {
    const answer = await controlPlane.push(uuid(1), [account(boris, { state: "revoked", reason: null })]);
    expect(answer.body.ended).toHaveLength(1);
    await kill("SIGKILL");
    await restart();
    expect((await controlPlane.state()).revisions[uuid(1)]).toBe(controlPlane.revision(uuid(1)));
    expect(await ruleset()).not.toContain(boris.vpnAddress);
    const attempt = startVpnClient(lab, boris.namespace, folder, { profile: boris.profile, password });
    await attempt.exited();
    expect(attempt.log()).toContain("AUTH_FAILED");
  });
});

describe("SIGUSR2", () => {
  it("takes processes, rules and routes down", async () => {
    const { processes } = await controlPlane.state();
    await kill("SIGUSR2");
    const running = await lab.exec(gateway.namespace, ["ip", "netns", "pids", gateway.namespace]);
    for (const { pid } of processes) expect(running.split("\n")).not.toContain(String(pid));
    expect(await lab.exec(gateway.namespace, ["nft", "list", "ruleset"])).toBe("");
    expect(await lab.exec(gateway.namespace, ["ip", "rule"])).not.toMatch(/^100[01]:/m);
  });
});

const log = () => agent.log();
const kill = (signal: NodeJS.Signals) => agent.kill(signal);
const restart = () => agent.start();
const ruleset = () => listRuleset(lab, gateway.namespace);

async function listen(namespace: string, at: number): Promise<void> {
  lab.spawn(namespace, [
    process.execPath,
    "-e",
    `require("net").createServer((s) => s.end()).listen(${at}, "0.0.0.0")`,
  ]);
  await until(async () => (await lab.canConnect(namespace, "127.0.0.1", at)) === "open");
}

/** Opens a connection, says "open", waits for SIGUSR1, asks, and says what came within two seconds, then "closed". */
function holdOpen(address: string, at: number): string {
  return [
    `exec 3<>/dev/tcp/${address}/${at} || exit 1`,
    "trap 'asked=1' USR1",
    "echo open",
    'while [ -z "$asked" ]; do sleep 0.05; done',
    "printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3",
    "timeout 2 cat <&3",
    "echo closed",
  ].join("\n");
}

function connect(person: Person): void {
  clients.set(person, startVpnClient(lab, person.namespace, folder, { profile: person.profile, password }));
}

async function addPerson(n: number, tenantId: string, vpnAddress: string): Promise<Person> {
  const place = await lab.addPerson();
  const accountId = uuid(n);
  const { fingerprint, ...client } = issueLabClient(folder, accountId, controlPlane);
  const profile = client.profile(agent, udp);
  return { ...place, accountId, tenantId, vpnAddress, fingerprint, profile };
}

function tenant(number: number): Entry[] {
  const block = `100.64.${number * 16}.0/20`;
  const nextHop = gateway.nextHop(number);
  return [
    {
      kind: "tenant",
      id: uuid(number),
      value: { ...plainTenant, number, name: `tenant ${number}`, state: "active", blocks: [block] },
    },
    { kind: "network", id: uuid(50), value: { cidr: "10.0.0.0/24" } },
    ...(number === 2 ? [{ kind: "network" as const, id: uuid(51), value: { cidr: "10.20.0.0/24" } }] : []),
    { kind: "uplink", id: controlPlane.gatewayId, value: { interface: `up-${number}`, nextHop } },
  ];
}

/** One device in the group, one outside. */
function devices(number: number): Entry[] {
  const outside = number === 1 ? "10.0.0.12" : "10.20.0.5";
  return [
    {
      kind: "device",
      id: uuid(20),
      value: { ...plainDevice, name: "inside", address: "10.0.0.10", groups: [uuid(30)] },
    },
    { kind: "device", id: uuid(21), value: { ...plainDevice, name: "outside", address: outside, groups: [] } },
    policy(number),
  ];
}

function policy(number: number, isEnabled = true): Entry {
  const ports = [22, 80].map((at) => ({ protocol: "tcp" as const, from: at, to: at }));
  const rules = number === 2 ? [...ports, { protocol: "icmp" as const, from: null, to: null }] : ports;
  return { kind: "policy", id: uuid(40), value: { name: "policy", isEnabled, groups: [uuid(30)], rules } };
}

function account(person: Person, change: Partial<AccountValue> = {}): Entry {
  const value: AccountValue = {
    ...plainAccount,
    name: `account ${person.accountId}`,
    state: "active",
    reason: null,
    address: person.vpnAddress,
    passwordHash,
    mustChangePassword: false,
    fingerprints: [person.fingerprint],
    policies: [uuid(40)],
    ...change,
  };
  return { kind: "account", id: person.accountId, value };
}
