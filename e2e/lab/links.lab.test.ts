/**
 * Two gateways and the link between them, with real packets: a person at one reaches a device at the other by the same
 * policy, wherever either of them goes, with the control plane away, and when a link's openvpn or the agent is killed.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Entry } from "@/gateway/protocol/document";
import { linkDevice } from "../../gateway/links/config";
import { certificateFingerprint } from "../../gateway/state/identity";
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
import { createLab, type Lab, type LabPerson } from "./network";
import { startVpnClient, until, type VpnClient } from "./vpn-client";

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const password = "correct horse battery";
const udp = { name: "udp-1194", protocol: "udp", port: 1194 } as const;
const linkPort = 1300;
const authorities = {
  gatewayAuthority: createAuthority("lab gateway CA"),
  clientAuthority: createAuthority("lab client CA"),
};

interface Place extends LabPerson, LabClient {
  id: string;
  vpnAddress: string;
  client: VpnClient;
}

let lab: Lab;
let folder: string;
let passwordHash: string;
let first: LabAgent;
let second: LabAgent;
let anna: Place;
let boris: Place;
let cora: Place;
let crane: Place;
let hoist: Place;
let version = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lablinks-"));
  buildAgent(folder);
  passwordHash = await hashLabPassword(password);
  lab = await createLab(235);
  const ids = [uuid(251), uuid(252)];
  const [one, two] = [await lab.addGateway(), await lab.addGateway()];
  first = await startLabAgent(lab, folder, one, {
    gatewayId: ids[0]!,
    config: { processes: [udp], zone: "vpn.internal" },
    ...authorities,
  });
  second = await startLabAgent(lab, folder, two, {
    gatewayId: ids[1]!,
    config: { processes: [udp], zone: "vpn.internal" },
    ...authorities,
  });
  await first.configure({ links: [{ peer: ids[1]!, host: null, port: linkPort }] });
  await second.configure({ links: [{ peer: ids[0]!, host: one.wanAddress, port: linkPort }] });
  anna = await addPlace(11, "100.64.16.11");
  boris = await addPlace(12, "100.64.16.12");
  cora = await addPlace(13, "100.64.32.13");
  crane = await addPlace(21, "100.64.16.21");
  hoist = await addPlace(22, "100.64.16.22");
  for (const agent of [first, second]) {
    const entries = [...tenant(1), account(anna), account(boris, []), device(crane), device(hoist)];
    expect((await agent.controlPlane.push(uuid(1), entries)).status).toBe(200);
    expect((await agent.controlPlane.push(uuid(2), [...tenant(2), account(cora)])).status).toBe(200);
  }
  for (const place of [anna, boris, cora, crane, hoist])
    await serveHttp(lab, place.namespace, [80, 8080], `this is ${place.vpnAddress}`);
  for (const person of [anna, boris, cora]) connect(person, first);
  for (const device of [crane, hoist]) connect(device, second);
  for (const place of [anna, boris, cora, crane, hoist]) await place.client.connected();
  await locate([], [crane, hoist]);
  await until(reaches, 30_000, () => `${first.log()}${second.log()}`);
}, 180_000);

afterAll(async () => {
  await lab?.destroy();
  rmSync(folder, { recursive: true, force: true });
});

describe("a device at another gateway", () => {
  it("is reached on the policy's port and no other, by those who may and no others", async () => {
    expect(await reaches()).toBe(true);
    expect(await lab.canConnect(anna.namespace, crane.vpnAddress, 8080)).toBe("silent");
    expect(await lab.canPing(anna.namespace, crane.vpnAddress)).toBe(false);
    expect(await lab.canConnect(boris.namespace, crane.vpnAddress, 80)).toBe("silent");
    expect(await lab.canConnect(cora.namespace, crane.vpnAddress, 80)).toBe("silent");
  });

  it("begins nothing over the link: to a person, or to the other gateway", async () => {
    await serveHttp(lab, first.gateway.namespace, [7071], "the gateway");
    await locate([], [crane, hoist], [anna]);
    expect(await lab.canConnect(crane.namespace, anna.vpnAddress, 80)).toBe("silent");
    expect(await lab.canConnect(hoist.namespace, crane.vpnAddress, 80)).toBe("silent");
    await locate([], [crane, hoist]);
  });

  it("is judged where the packet comes out too", async () => {
    await second.controlPlane.push(uuid(1), [account(anna, [])]);
    expect(await lab.canConnect(anna.namespace, crane.vpnAddress, 80)).toBe("silent");
    await second.controlPlane.push(uuid(1), [account(anna)]);
    expect(await reaches()).toBe(true);
  });

  it("is reached again when somebody took routes and rules away by hand, which the gateway says", async () => {
    const warnings = async ({ controlPlane }: LabAgent) =>
      (await controlPlane.state()).warnings.map(({ message }) => message).join();
    const to = (peer: LabAgent) => linkDevice({ peer: peer.controlPlane.gatewayId });
    for (const [agent, command, said] of [
      [second, `route del ${crane.vpnAddress}`, `the route to ${crane.vpnAddress}`],
      [second, "rule del pref 999", 'the routing rule "pref 999'],
      [second, "route flush table 500", "the route in table 500"],
      [first, `route del ${crane.vpnAddress} dev ${to(second)}`, `the route to ${crane.vpnAddress}`],
      [first, "address flush dev db-udp-1194", ""],
    ] as const) {
      const noticed = () => agent.log().split("the kernel was not as it was written").length;
      const before = noticed();
      await lab.exec(agent.gateway.namespace, ["ip", ...command.split(" ")]);
      // The next look may come at once, so that it is not reached is seen by what the gateway says alone.
      if (said)
        await until(
          async () => noticed() > before && (await warnings(agent)).includes(said),
          15_000,
          () => agent.log(),
        );
      await until(reaches, 15_000, () => agent.log());
    }
    const { namespace } = first.gateway;
    await until(async () => (await lab.exec(namespace, ["ip", "address", "show", "db-udp-1194"])).includes("100.64.0.1"), 15_000); // biome-ignore format: one line
  });

  it("is reached again when a link's openvpn was killed, at either end", async () => {
    for (const agent of [first, second]) {
      const files = `${agent.stateDir}/links/dl-*/openvpn.pid`;
      const pids = await lab.exec(agent.gateway.namespace, ["sh", "-c", `cat ${files}`]);
      process.kill(Number(pids.trim()), "SIGKILL");
      await until(reaches, 30_000, () => agent.log());
    }
  });

  it("stays reached while an agent is dead, and after it is back with no word of the control plane", async () => {
    for (const agent of [first, second]) {
      await agent.kill("SIGKILL");
      expect(await reaches()).toBe(true);
      await agent.start();
      await until(reaches, 15_000);
    }
  });

  it("keeps its address when it comes to the person's gateway, and when the person goes to where it was", async () => {
    await crane.client.stop();
    connect(crane, first);
    await crane.client.connected();
    await locate([crane], [hoist]);
    await until(reaches, 15_000);
    expect(await lab.canConnect(anna.namespace, crane.vpnAddress, 8080)).toBe("silent");
    await anna.client.stop();
    connect(anna, second);
    await anna.client.connected();
    await until(reaches, 15_000);
    expect(await lab.canConnect(anna.namespace, crane.vpnAddress, 8080)).toBe("silent");
    expect(await lab.httpGet(anna.namespace, hoist.vpnAddress)).toBe(`this is ${hoist.vpnAddress}`);
  });

  it("is at the other end of a link that is told of: up with what crossed, and down once that end is missed", async () => {
    for (const agent of [first, second]) {
      await until(async () => (await linkOf(agent))!.isUp, 30_000);
      const { since, received, sent } = (await linkOf(agent))!;
      expect(Date.now() - Date.parse(since)).toBeLessThan(300_000);
      expect(Math.min(received, sent)).toBeGreaterThan(0);
    }
    await second.configure({ links: [] });
    await until(async () => !(await linkOf(first))!.isUp, 30_000);
    expect(await linkOf(second)).toBeUndefined();
  });

  it("is reached on while its gateway is renewed, and by nobody who comes with the certificate from before", async () => {
    const links = (fingerprints: string[]) => ({
      links: [{ peer: uuid(252), host: null, port: linkPort, fingerprints }],
    });
    const back = { links: [{ peer: uuid(251), host: first.gateway.wanAddress, port: linkPort }] };
    const isUp = async () => (await linkOf(first))?.isUp === true;
    const identity = join(second.stateDir, "identity");
    const copy = join(folder, "copy-of-identity");
    const enrolled = JSON.parse(readFileSync(join(identity, "enrolled.json"), "utf8")) as { certificate: string };
    cpSync(identity, copy, { recursive: true });
    const old = certificateFingerprint(enrolled.certificate);
    await first.configure(links([old]));
    await second.configure(back);
    await until(isUp, 30_000);
    const next = await second.controlPlane.issueRenewal();
    await first.configure(links([old, certificateFingerprint(next)]));
    await second.controlPlane.putCertificate(next);
    await until(isUp, 30_000);
    await first.configure(links([certificateFingerprint(next)]));
    await until(isUp, 30_000);
    await second.kill("SIGKILL");
    rmSync(identity, { recursive: true });
    cpSync(copy, identity, { recursive: true });
    await second.start();
    const log = join(first.stateDir, "links", linkDevice({ peer: uuid(252) }), "openvpn.log");
    await until(async () => readFileSync(log, "utf8").includes("certificate hash verification failed"), 30_000);
    await until(async () => !(await isUp()), 30_000);
  });

  it("is reached no more once the link is taken away", async () => {
    await first.configure({ links: [] });
    await second.configure({ links: [] });
    expect(await lab.canConnect(anna.namespace, crane.vpnAddress, 80)).not.toBe("open");
    for (const { gateway } of [first, second]) {
      expect(await lab.exec(gateway.namespace, ["ip", "route"])).not.toContain("dl-");
      expect(await lab.exec(gateway.namespace, ["ip", "rule"])).not.toMatch(/^999:/m);
    }
  });
});

const reaches = async () => (await lab.httpGet(anna.namespace, crane.vpnAddress)) === `this is ${crane.vpnAddress}`;

const linkOf = async ({ controlPlane }: LabAgent) => (await controlPlane.state()).links?.[0];

/** Tells both gateways which devices are at the other. */
async function locate(atFirst: Place[], atSecond: Place[], falsely: Place[] = []): Promise<void> {
  version += 1;
  const tell = async (agent: LabAgent, peer: LabAgent, places: Place[]) => {
    const peers = [{ peer: peer.controlPlane.gatewayId, addresses: places.map(({ vpnAddress }) => vpnAddress) }];
    expect((await agent.controlPlane.call("PUT", "/v1/locations", { version, peers })).status).toBe(204);
  };
  await tell(first, second, atSecond);
  await tell(second, first, [...atFirst, ...falsely]);
}

function connect(place: Place, agent: LabAgent): void {
  const isDevice = place === crane || place === hoist;
  const profile = place.profile(agent, udp);
  place.client = startVpnClient(lab, place.namespace, folder, { profile, password: isDevice ? null : password });
}

async function addPlace(n: number, vpnAddress: string): Promise<Place> {
  const place = await lab.addPerson();
  const client = issueLabClient(folder, uuid(n), authorities);
  return { ...place, ...client, id: uuid(n), vpnAddress, client: undefined as unknown as VpnClient };
}

function tenant(number: number): Entry[] {
  const value = { ...plainTenant, number, name: `tenant ${number}`, blocks: [`100.64.${number * 16}.0/20`] };
  const rules = [{ protocol: "tcp" as const, from: 80, to: 80 }];
  return [
    { kind: "tenant", id: uuid(number), value },
    { kind: "policy", id: uuid(40), value: { name: "policy", isEnabled: true, groups: [uuid(30)], rules } },
  ];
}

function account({ id, vpnAddress: address, fingerprint }: Place, policies = [uuid(40)]): Entry {
  return { kind: "account", id, value: { ...plainAccount, address, passwordHash, fingerprints: [fingerprint], policies } }; // biome-ignore format: one line
}

function device({ id, vpnAddress: address, fingerprint }: Place): Entry {
  const groups = [uuid(30)];
  return { kind: "device", id, value: { ...plainDevice, attachment: "openvpn", address, fingerprints: [fingerprint], groups } }; // biome-ignore format: one line
}
