/**
 * What openvpn of several years makes of a profile as the portal makes it, and of what the gateway tells it: Debian's own of
 * this release, and those of an older and of a newer one (scripts/support/other-openvpns.mjs).
 */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { GatewayEvent } from "@/gateway/protocol/events";
import { assembleProfile } from "../../app/_profile/profile";
import { otherOpenvpns } from "../../scripts/support/other-openvpns.mjs";
import { type AgentLab, createAgentLab, device, fromNow, grant, type LabVpnPerson, policy, policyId, tcp, tenant } from "./agent-lab"; // biome-ignore format: one line
import { serveHttp } from "./lab-agent";
import { until, type VpnClient } from "./vpn-client";

const programs = ["openvpn", ...otherOpenvpns()].map((path) => ({ path, version: versionOf(path) }));
const crane = "10.0.0.10";
const lamp = "10.0.0.11";
/** What is there both at the tenant's and at home. */
const printer = "10.0.0.50";
const port = 1194;
const bulkPort = 9000;
const bulkBytes = 1_000_000;
const bulkFile = join(tmpdir(), `bulk-${process.pid}`);
const oldPort = 1196;
const staticKey = `-----BEGIN OpenVPN Static key V1-----\n${"0123456789abcdef0123456789abcdef\n".repeat(16)}-----END OpenVPN Static key V1-----\n`;
const tcpProcess = { name: "tcp-1194", protocol: "tcp" as const, port };

let world: AgentLab;
let person: LabVpnPerson;
let client: VpnClient | undefined;

beforeAll(async () => {
  world = await createAgentLab(244, [tcpProcess], { oldClients: { port: oldPort, tlsCryptKey: staticKey } });
  const { lab } = world;
  const site = await lab.addSite(
    1,
    [crane, lamp, printer].map((address) => ({ address, name: address })),
  );
  person = await world.addPerson(1, 6);
  await world.push(1, [
    ...tenant(world, 1),
    ...[crane, lamp, printer].map((address, n) => device(n, address, [n])),
    policy(1, [0], [tcp(80), tcp(bulkPort)]),
    world.account(person, { policies: [policyId(1)] }),
  ]);
  await makeHome(person.namespace);
  writeFileSync(bulkFile, "x".repeat(bulkBytes));
  const script = `require("http").createServer(async (request, response) => {
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    response.end(bytes > 0 ? bytes + " came" : "x".repeat(${bulkBytes}));
  }).listen(${bulkPort}, "${crane}")`;
  lab.spawn(site.namespace, [process.execPath, "-e", script]);
  await until(async () => (await lab.canConnect(site.namespace, crane, bulkPort)) === "open");
}, 240_000);
afterEach(async () => {
  await client?.stop();
  client = undefined;
});
afterAll(async () => {
  rmSync(bulkFile, { force: true });
  await world?.destroy();
});

describe.each(programs)("openvpn $version", ({ path, version }) => {
  it.each(["udp", "tcp"] as const)(
    "takes the portal's profile, with remotes of both kinds, and comes in over %s",
    async (protocol) => {
      client = await connect(path, [protocol, protocol === "udp" ? "tcp" : "udp"]);
      expect(client.log()).not.toMatch(/Options error|Unrecognized|DEPRECATED|unsupported|ignor/i);
      expect(client.log()).toContain(`${protocol.toUpperCase()}`);
      expect((await live()).clientVersion).toBe(version);
      expect(await at(crane)).toContain("tenant 1");
    },
  );

  it.each(["udp", "tcp"] as const)(
    "comes in over %s by the profile for clients without tls-crypt-v2",
    async (protocol) => {
      client = await connect(path, [protocol], { port: oldPort, tlsCryptKey: staticKey });
      expect((await live()).process).toBe(`old-${protocol}`);
      expect(await at(crane)).toContain("tenant 1");
    },
  );

  it("leaves a home what it has: its network, its resolver, and the provider's own next hop", async () => {
    client = await connect(path);
    expect(await at(crane)).toContain("tenant 1");
    // Not reached by any rule, so it is the printer at home that answers.
    expect(await at(printer)).toContain("at home");
    expect(await deviceTo(homeResolver)).toBe("home");
    expect(await at(internet)).toContain("at home");
    for (const address of [crane, "100.64.0.1"]) expect(await deviceTo(address)).toBe("tun0");
  });

  it("carries much both ways over a path that drops what is larger than 1,280 bytes and says nothing", async () => {
    const { lab, gateway } = world;
    const narrow =
      'table ip narrow { chain arriving { type filter hook prerouting priority -450; iifname { "wan", "eth0" } ip length > 1280 counter drop; }; }';
    for (const namespace of [person.namespace, gateway.namespace]) await lab.exec(namespace, ["nft", narrow]);
    try {
      client = await connect(path);
      const curl = (...words: string[]) =>
        lab.exec(person.namespace, ["curl", "-sS", "--max-time", "20", ...words, `http://${crane}:${bulkPort}/`]);
      expect((await curl()).length).toBe(bulkBytes);
      expect(await curl("--data-binary", `@${bulkFile}`)).toBe(`${bulkBytes} came`);
    } finally {
      for (const namespace of [person.namespace, gateway.namespace])
        await lab.exec(namespace, ["nft", "delete table ip narrow"]);
    }
  });

  it("is led to what was granted within seconds, without being asked, and stays when the grant ends", async () => {
    client = await connect(path);
    const { sessionId } = await live();
    expect(await at(lamp)).not.toContain("tenant 1");
    const begun = performance.now();
    await world.push(1, [grant(1, person.accountId, [1], [tcp(80)], fromNow(3_600_000))]);
    await until(
      async () => (await at(lamp, 500)).includes("tenant 1"),
      20_000,
      () => client!.log(),
    );
    expect(performance.now() - begun).toBeLessThan(8_000);
    const second = await live();
    expect(second.sessionId).not.toBe(sessionId);
    await world.push(1, [{ kind: "grant", id: grant(1, "", [], [], "").id, value: null }]);
    await until(async () => !(await at(lamp, 500)).includes("tenant 1"));
    expect((await live()).sessionId).toBe(second.sessionId);
  });
});

async function connect(
  path: string,
  protocols: ("udp" | "tcp")[] = ["udp", "tcp"],
  old?: { port: number; tlsCryptKey: string },
): Promise<VpnClient> {
  const profile = assembleProfile({
    ...person.identity,
    ...{
      tenantName: 'Harbour "Cranes"',
      accountName: "Ana Åse",
      email: "ana@harbour.example",
      accountId: person.accountId,
    },
    ...{ at: new Date(), tlsCryptKey: old?.tlsCryptKey ?? null },
    remotes: protocols.map((protocol) => ({
      ...{ host: world.gateway.wanAddress, port: old?.port ?? port, protocol },
    })),
  });
  const started = world.connect({ ...person, profile }, { openvpn: path, isCurious: false });
  await started.connected(30_000);
  return started;
}

const homeGateway = "100.64.0.1";
const homeResolver = "100.64.0.53";
/** Beyond the provider. */
const internet = "203.0.113.5";

/** A network of 10.0.0.0/24 with a printer, behind a provider that is at 100.64.0.1 and names by 100.64.0.53. */
async function makeHome(namespace: string): Promise<void> {
  const { lab } = world;
  const { namespace: house } = await lab.addPerson();
  const ip = (...words: string[]) =>
    execFileSync(
      "ip",
      words.flatMap((word) => word.split(" ")),
    );
  ip(`link add home netns ${namespace} type veth peer name house netns ${house}`);
  const own = [homeGateway, homeResolver, internet, printer, crane, lamp];
  for (const address of own) ip("-n", house, `addr add ${address}/24 dev house`);
  for (const address of ["100.64.0.2", "10.0.0.2"]) ip("-n", namespace, `addr add ${address}/24 dev home`);
  ip("-n", house, "link set house up");
  ip("-n", namespace, "link set home up");
  ip("-n", namespace, `route add default via ${homeGateway}`);
  await serveHttp(lab, house, [80], "at home");
  await until(async () => (await at(printer)).includes("at home"));
}

const at = async (address: string, timeoutMs?: number) =>
  (await world.lab.httpGet(person.namespace, address, 80, timeoutMs)) ?? "nothing";

async function deviceTo(address: string): Promise<string> {
  const route = await world.lab.exec(person.namespace, ["ip", "route", "get", address]);
  return / dev (\S+)/.exec(route)![1]!;
}

/** The person's newest session; until there is one that has not ended. */
async function live() {
  const { controlPlane } = world;
  const find = () => {
    const ended = new Set(
      controlPlane.events.flatMap((event) => (event.type === "disconnected" ? event.sessionId : [])),
    );
    return controlPlane.events.findLast((event) => event.type === "connected" && !ended.has(event.sessionId));
  };
  await until(async () => {
    await controlPlane.collect(50);
    return find() !== undefined;
  });
  return find() as Extract<GatewayEvent, { type: "connected" }>;
}

function versionOf(path: string): string {
  return /^OpenVPN (\S+)/.exec(execFileSync(path, ["--version"], { encoding: "utf8" }))![1]!;
}
