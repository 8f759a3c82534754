/**
 * Devices on tunnels of their own, with real packets: who reaches them, whom they reach (nobody), and that the same holds
 * whichever process carries which.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "dns-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccountValue, DeviceValue, Entry } from "@/gateway/protocol/document";
import { createAuthority } from "../../gateway/testing/authority";
import { plainAccount, plainDevice, plainTenant } from "../../gateway/testing/values";
import {
  buildAgent,
  hashLabPassword,
  issueLabClient,
  type LabAgent,
  type LabClient,
  serveHttp,
  startLabAgent,
} from "./lab-agent";
import { createLab, type Lab, type LabPerson, type LabSite } from "./network";
import { startVpnClient, until, type VpnClient } from "./vpn-client";

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const password = "correct horse battery";
const udp = { name: "udp-1194", protocol: "udp", port: 1194 } as const;
const tcp = { name: "tcp-1195", protocol: "tcp", port: 1195 } as const;
const cranes = uuid(30);
const authorities = { gatewayAuthority: createAuthority("lab gateway CA"), clientAuthority: createAuthority("lab client CA") }; // biome-ignore format: one line

interface Place extends LabPerson, LabClient {
  id: string;
  vpnAddress: string;
  client: VpnClient;
}

let lab: Lab;
let folder: string;
let agent: LabAgent;
let site: LabSite;
let passwordHash: string;
let anna: Place;
let cora: Place;
let crane: Place;
let hoist: Place;
let rival: Place;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "labdevices-"));
  buildAgent(folder);
  passwordHash = await hashLabPassword(password);
  lab = await createLab(234);
  const gateway = await lab.addGateway();
  site = await lab.addSite(1, [{ address: "10.0.0.10", name: "pump" }]);
  agent = await startLabAgent(lab, folder, gateway, {
    gatewayId: uuid(255),
    config: { processes: [udp, tcp], zone: "vpn.internal" },
    ...authorities,
  });
  anna = await addPlace(11, "100.64.16.11");
  cora = await addPlace(12, "100.64.32.12");
  crane = await addPlace(21, "100.64.16.21");
  hoist = await addPlace(22, "100.64.16.22");
  rival = await addPlace(23, "100.64.32.23");
  const { controlPlane } = agent;
  const first = await controlPlane.push(uuid(1), [...tenant(1), account(anna), device(crane), device(hoist)]);
  expect(first.status).toBe(200);
  expect((await controlPlane.push(uuid(2), [...tenant(2), account(cora), device(rival)])).status).toBe(200);
  for (const place of [crane, hoist, rival]) {
    connect(place, udp, null);
    await serveHttp(lab, place.namespace, [80, 8080], `device ${place.vpnAddress}`);
  }
  for (const place of [anna, cora]) {
    connect(place, udp, password);
    await serveHttp(lab, place.namespace, [80, 8080], "a person");
  }
  for (const place of [anna, cora, crane, hoist, rival]) await place.client.connected();
});

afterAll(async () => {
  await lab?.destroy();
  rmSync(folder, { recursive: true, force: true });
});

describe("a device on a tunnel of its own", () => {
  it("is reached on the policy's port and no other, by its own tenant's people alone", async () => {
    expect(await lab.httpGet(anna.namespace, crane.vpnAddress)).toBe(`device ${crane.vpnAddress}`);
    expect(await lab.canConnect(anna.namespace, crane.vpnAddress, 8080)).toBe("silent");
    expect(await lab.canPing(anna.namespace, crane.vpnAddress)).toBe(false);
    expect(await lab.httpGet(cora.namespace, rival.vpnAddress)).toBe(`device ${rival.vpnAddress}`);
    expect(await lab.canConnect(cora.namespace, crane.vpnAddress, 80)).toBe("silent");
    expect(await lab.canConnect(anna.namespace, rival.vpnAddress, 80)).toBe("silent");
  });

  it("begins nothing: to a person, to a device beside it, behind the gateway or of another tenant, to the gateway", async () => {
    await serveHttp(lab, agent.gateway.namespace, [7071], "the gateway");
    for (const address of [anna.vpnAddress, hoist.vpnAddress, rival.vpnAddress, cora.vpnAddress])
      expect(await lab.canConnect(crane.namespace, address, 80)).toBe("silent");
    await lab.exec(crane.namespace, ["ip", "route", "add", "10.0.0.0/24", "dev", "tun0"]);
    expect(await lab.canConnect(crane.namespace, "10.0.0.10", 80)).toBe("silent");
    expect(await lab.canConnect(crane.namespace, "100.64.0.1", 7071)).toBe("silent");
    expect(await lab.canConnect(site.namespace, crane.vpnAddress, 80)).not.toBe("open");
  });

  it("is written down with what it tried to begin, and nobody else is with what they answered or sent in", async () => {
    const { controlPlane } = agent;
    const told = () =>
      controlPlane.events
        .flatMap((event) => (event.type === "refused_packets" ? event.tenants : []))
        .flatMap(({ tenantId, flows }) => flows.map((flow) => ({ tenantId, ...flow })))
        .filter(({ deviceId }) => deviceId !== null);
    await until(async () => {
      await controlPlane.collect();
      return told().some(({ destination }) => destination === "10.0.0.10");
    }, 90_000);
    const targets = new Map(told().map(({ destination, targetId }) => [destination, targetId]));
    expect(targets).toEqual(
      new Map([
        [anna.vpnAddress, null],
        [hoist.vpnAddress, hoist.id],
        // Another tenant's, of whom this one is told nothing but the address that its device named.
        [rival.vpnAddress, null],
        [cora.vpnAddress, null],
        ["10.0.0.10", null],
      ]),
    );
    for (const flow of told())
      expect(flow).toMatchObject({ tenantId: uuid(1), accountId: null, deviceId: crane.id, port: 80 });
  }, 150_000);

  it("has a name, for those who may reach it, at the resolver that they are told, and nothing else is open there", async () => {
    const name = "device-21.tenant-1.vpn.internal";
    expect(await resolve(anna, name)).toBe(crane.vpnAddress);
    expect(await resolve(anna, name, "tcp")).toBe(crane.vpnAddress);
    expect(await resolve(cora, name)).toBe("NXDOMAIN");
    expect(await resolve(crane, name)).toBe("REFUSED");
    expect(await resolve(anna, "example.com")).toBe("REFUSED");
    expect(anna.client.log()).toMatch(
      /PUSH_REPLY.*dns server 0 address 100\.64\.0\.1,dns server 0 resolve-domains tenant-1\.vpn\.internal/,
    );
    expect(crane.client.log()).not.toContain("dns server");
    expect(await lab.canConnect(anna.namespace, "100.64.0.1", 54)).toBe("silent");
    expect(await lab.canConnect(site.namespace, "100.64.0.1", 53)).not.toBe("open");
    // Far over what a client needs: some of it is dropped in the kernel.
    expect(await flood(anna, name, 600)).toBeLessThan(600);
    await until(async () => (await resolve(anna, name)) === crane.vpnAddress);
  });

  it("leaves people as apart as before", async () => {
    expect(await lab.canConnect(anna.namespace, cora.vpnAddress, 80)).toBe("silent");
    expect(await lab.canConnect(cora.namespace, anna.vpnAddress, 80)).toBe("silent");
  });

  it("speaks with no address but its own, not even as a person who may", async () => {
    // As anna, from hoist's tunnel, to crane, where anna may: openvpn knows whose packet it is.
    await lab.exec(hoist.namespace, ["ip", "addr", "add", `${anna.vpnAddress}/32`, "dev", "lo"]);
    await lab.exec(crane.namespace, ["nft", "add table ip seen; add chain ip seen input { type filter hook input priority 0; }; add rule ip seen input iifname tun0 tcp dport 80 counter"]); // biome-ignore format: one line
    const seen = async () => {
      const listed = await lab.exec(crane.namespace, ["nft", "list", "chain", "ip", "seen", "input"]);
      return Number(/counter packets (\d+)/.exec(listed)![1]);
    };
    const forged = ["nc", "-z", "-w", "1", "-s", anna.vpnAddress, crane.vpnAddress, "80"];
    await expect(lab.exec(hoist.namespace, forged)).rejects.toThrow();
    await lab.exec(hoist.namespace, ["ip", "addr", "del", `${anna.vpnAddress}/32`, "dev", "lo"]);
    expect(await seen()).toBe(0);
    await lab.httpGet(anna.namespace, crane.vpnAddress);
    expect(await seen()).toBeGreaterThan(0);
  });

  it("keeps its address on another process, and is reached there as before", async () => {
    await crane.client.stop();
    connect(crane, tcp, null);
    await crane.client.connected();
    expect(await lab.httpGet(anna.namespace, crane.vpnAddress, 80, 5_000)).toBe(`device ${crane.vpnAddress}`);
    expect(await lab.canConnect(anna.namespace, crane.vpnAddress, 8080)).toBe("silent");
    expect(await lab.canConnect(crane.namespace, anna.vpnAddress, 80)).toBe("silent");
    expect(await lab.canConnect(crane.namespace, hoist.vpnAddress, 80)).toBe("silent");
  });

  it("is in the ledger by its own name", async () => {
    const { controlPlane } = agent;
    await until(async () => {
      await controlPlane.collect();
      return sessionsOf(crane).length >= 2;
    });
    expect(sessionsOf(crane).map(({ process }) => process)).toEqual([udp.name, tcp.name]);
    expect(sessionsOf(crane).every(({ accountId }) => accountId === null)).toBe(true);
    function sessionsOf(place: Place) {
      return controlPlane.events.flatMap((event) =>
        event.type === "connected" && event.deviceId === place.id ? [event] : [],
      );
    }
  });

  it("whose certificate is renewed comes in by either, at its address, and by the old one no more once that is taken away", async () => {
    const { controlPlane } = agent;
    const renewed = { ...hoist, ...issueLabClient(folder, uuid(122), authorities) };
    const hold = async (places: Place[]) =>
      (await controlPlane.push(uuid(1), [device(hoist, { fingerprints: places.map((place) => place.fingerprint) })])).body.ended; // biome-ignore format: one line
    expect(await hold([hoist, renewed])).toEqual([]);
    for (const place of [hoist, renewed]) {
      await hoist.client.stop();
      connect(place, udp, null);
      hoist.client = place.client;
      await place.client.connected();
      expect(await lab.httpGet(anna.namespace, hoist.vpnAddress, 80, 5_000)).toBe(`device ${hoist.vpnAddress}`);
    }
    // By this the control plane knows that the new one is in use.
    const inUse = () =>
      controlPlane.events.find((event) => event.type === "connected" && event.fingerprint === renewed.fingerprint);
    await until(async () => {
      await controlPlane.collect();
      return inUse() !== undefined;
    });
    expect(await hold([renewed])).not.toContain((inUse() as { sessionId: string }).sessionId);
    const old = { ...hoist };
    connect(old, udp, null);
    await old.client.exited();
    expect(old.client.log()).toContain("AUTH_FAILED");
    expect(await lab.httpGet(anna.namespace, hoist.vpnAddress)).toBe(`device ${hoist.vpnAddress}`);
  });

  it("whose certificate is taken away is cut off, and stays out", async () => {
    const { status, body } = await agent.controlPlane.push(uuid(1), [device(hoist, { fingerprints: [] })]);
    expect({ status, ended: body.ended.length }).toEqual({ status: 200, ended: 1 });
    await hoist.client.exited();
    connect(hoist, udp, null);
    await hoist.client.exited();
    expect(hoist.client.log()).toContain("AUTH_FAILED");
  });
});

/** What the gateway's resolver says: an address, or the code of its no; `silent` where it says nothing. */
async function resolve(place: Place, name: string, by: "udp" | "tcp" = "udp"): Promise<string> {
  const said = await ask(place, name, 1, by);
  return said[0] ?? "silent";
}

const flood = async (place: Place, name: string, count: number) => (await ask(place, name, count, "udp")).length;

async function ask(place: Place, name: string, count: number, by: "udp" | "tcp"): Promise<string[]> {
  const query = encode({ type: "query", id: 7, questions: [{ type: "A", name, class: "IN" }] });
  const script = `
    const query = Buffer.from(process.argv[1], "hex");
    let heard = 0;
    const show = (said) => { heard += 1; console.log(said.toString("hex")); };
    if (${by === "udp"}) {
      const socket = require("dgram").createSocket("udp4");
      socket.on("message", (said) => { show(said); if (heard === ${count}) process.exit(); });
      for (let n = 0; n < ${count}; n++) socket.send(query, 53, "100.64.0.1");
    } else {
      const socket = require("net").connect(53, "100.64.0.1");
      socket.write(Buffer.concat([Buffer.from([0, query.length]), query]));
      socket.on("data", (said) => { show(said.subarray(2)); process.exit(); });
    }
    setTimeout(() => process.exit(), 3000);`;
  const output = await lab.exec(place.namespace, [process.execPath, "-e", script, query.toString("hex")]);
  return output
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const { answers, ...packet } = decode(Buffer.from(line, "hex"));
      const [first] = answers ?? [];
      return first?.type === "A" ? first.data : (packet as unknown as { rcode: string }).rcode;
    });
}

function connect(place: Place, process: typeof udp | typeof tcp, secret: string | null): void {
  place.client = startVpnClient(lab, place.namespace, folder, {
    profile: place.profile(agent, process),
    password: secret,
  });
}

async function addPlace(n: number, vpnAddress: string): Promise<Place> {
  const place = await lab.addPerson();
  const client = issueLabClient(folder, uuid(n), authorities);
  return { ...place, ...client, id: uuid(n), vpnAddress, client: undefined as unknown as VpnClient };
}

function tenant(number: number): Entry[] {
  const value = {
    ...plainTenant,
    number,
    name: `tenant ${number}`,
    label: `tenant-${number}`,
    blocks: [`100.64.${number * 16}.0/20`],
  };
  const rules = [{ protocol: "tcp" as const, from: 80, to: 80 }];
  return [
    { kind: "tenant", id: uuid(number), value },
    { kind: "network", id: uuid(50), value: { cidr: "10.0.0.0/24" } },
    ...(number === 1
      ? [{ kind: "uplink" as const, id: uuid(255), value: { interface: "up-1", nextHop: agent.gateway.nextHop(1) } }]
      : []),
    { kind: "policy", id: uuid(40), value: { name: "policy", isEnabled: true, groups: [cranes], rules } },
  ];
}

function account(place: Place): Entry {
  const value: AccountValue = {
    ...plainAccount,
    address: place.vpnAddress,
    passwordHash,
    fingerprints: [place.fingerprint],
    policies: [uuid(40)],
  };
  return { kind: "account", id: place.id, value };
}

function device(place: Place, change: Partial<DeviceValue> = {}): Entry {
  const value: DeviceValue = {
    ...plainDevice,
    label: `device-${Number(place.id.slice(-4))}`,
    attachment: "openvpn",
    address: place.vpnAddress,
    fingerprints: [place.fingerprint],
    groups: [cranes],
    ...change,
  };
  return { kind: "device", id: place.id, value };
}
