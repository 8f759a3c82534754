/** What is given for a while, and what is taken away for a while: both end by the kernel's own clock. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AgentLab,
  createAgentLab,
  device,
  fromNow,
  grant,
  type LabVpnPerson,
  policy,
  policyId,
  tcp,
  tenant,
} from "./agent-lab";
import { serveEcho, startEchoFlow } from "./echo-flow";
import type { LabSite } from "./network";
import { until, type VpnClient } from "./vpn-client";

const pump = "10.0.0.10";
const crane = "10.0.0.11";
let world: AgentLab;
let sites: LabSite[];
let anna: LabVpnPerson;
let boris: LabVpnPerson;
let cora: LabVpnPerson;
let tunnel: VpnClient;

beforeAll(async () => {
  world = await createAgentLab(241);
  const { lab } = world;
  const devices = [
    { address: pump, name: "pump" },
    { address: crane, name: "crane" },
  ];
  sites = [await lab.addSite(1, devices), await lab.addSite(2, devices)];
  for (const { namespace } of sites) await serveEcho(world, namespace, 9000);
  anna = await world.addPerson(1, 11);
  boris = await world.addPerson(1, 12);
  cora = await world.addPerson(2, 13);
  const may = { policies: [policyId(1)] };
  const shared = [device(1, pump, [1]), device(2, crane, [1, 2]), policy(1, [1], [tcp(80), tcp(9000)])];
  await world.push(1, [...tenant(world, 1), ...shared, world.account(anna), world.account(boris, may)]);
  await world.push(2, [...tenant(world, 2), ...shared, world.account(cora, may)]);
  const clients = [anna, boris, cora].map((person) => world.connect(person));
  tunnel = clients[1]!;
  for (const client of clients) await client.connected(40_000);
});
afterAll(() => world?.destroy());

const opened = (person: LabVpnPerson, address: string, port = 9000) =>
  world.lab.canConnect(person.namespace, address, port);

describe("a grant", () => {
  it("opens its groups' ports to its account, and nothing else to nobody else", async () => {
    expect(await opened(anna, crane)).toBe("silent");
    await world.push(1, [grant(1, anna.accountId, [2], [tcp(9000)], fromNow(600_000))]);
    // Her client connects again, for the route.
    await until(async () => (await opened(anna, crane)) === "open");
    expect(await opened(anna, crane, 80)).toBe("silent");
    expect(await opened(anna, pump)).toBe("silent");
  });

  it("lapses on time with the agent dead, and takes an open flow with it", async () => {
    const end = Date.now() + 8_000;
    await world.push(1, [grant(1, anna.accountId, [2], [tcp(9000)], new Date(end).toISOString())]);
    const flow = await startEchoFlow(world, anna.namespace, crane, 9000);
    await world.kill("SIGKILL");
    await until(() => Date.now() > end + 2_000, 30_000);
    expect(flow.lastPassedAt()).toBeGreaterThan(end - 1_500);
    expect(flow.lastPassedAt()).toBeLessThan(end + 1_000);
    flow.stop();
    expect(await opened(anna, crane)).toBe("silent");
    expect(await opened(boris, crane)).toBe("open");
  });

  it("stays lapsed when the agent comes back, and can be given again", async () => {
    await world.restart();
    expect(await opened(anna, crane)).toBe("silent");
    await world.push(1, [grant(1, anna.accountId, [2], [tcp(9000)], fromNow(600_000))]);
    await until(async () => (await opened(anna, crane)) === "open");
  });

  it("that is ended early stops an open flow", async () => {
    const flow = await startEchoFlow(world, anna.namespace, crane, 9000);
    await world.push(1, [{ ...grant(1, anna.accountId, [2], [], fromNow(0)), value: null } as never]);
    const ended = Date.now();
    expect(await opened(anna, crane)).toBe("silent");
    expect(flow.lastPassedAt()).toBeLessThanOrEqual(ended);
    flow.stop();
    expect(await world.ruleset()).not.toContain("a_1_");
  });
});

describe("a device on hold", () => {
  it("is reached by nobody until its end, flows that are open included, and another tenant's of that address is", async () => {
    const flow = await startEchoFlow(world, boris.namespace, pump, 9000);
    const end = Date.now() + 8_000;
    const hold = { until: new Date(end).toISOString(), reason: "Being repaired." };
    await world.push(1, [device(1, pump, [1], { hold })]);
    const held = Date.now();
    expect(await opened(boris, pump)).toBe("silent");
    expect(flow.lastPassedAt()).toBeLessThanOrEqual(held);
    flow.stop();
    expect(await opened(boris, crane)).toBe("open");
    expect(await opened(cora, pump)).toBe("open");
    await world.kill("SIGKILL");
    await until(() => Date.now() > end, 30_000);
    // The kernel counts from when the rules came to it, some milliseconds later.
    await until(async () => (await opened(boris, pump)) === "open", 3_000);
    await world.restart();
  });
});

describe("a person on hold", () => {
  it("is cut, told until when and why at the next attempt, and in again at the end by nobody's doing", async () => {
    const reason = "Malware on the laptop.";
    const { ended } = await world.push(1, [onHold(600_000)]);
    expect(ended).toHaveLength(1);
    expect(await tunnel.exited()).not.toBeNull();
    expect(tunnel.log()).toContain(reason);
    expect(await world.ruleset()).toMatch(new RegExp(`set held \\{[^}]*elements = \\{ ${boris.vpnAddress} `));
    const attempt = world.connect(boris);
    await attempt.exited();
    expect(attempt.log()).toMatch(/AUTH_FAILED.*blocked until .*UTC: Malware on the laptop/);

    const end = Date.now() + 3_000;
    await world.push(1, [onHold(end - Date.now())]);
    await until(() => Date.now() > end, 30_000);
    const next = world.connect(boris);
    await next.connected(40_000);
    expect(await opened(boris, pump)).toBe("open");
    await until(async () => {
      await world.controlPlane.collect();
      return world.controlPlane.events.some((event) => event.type === "refused");
    });
    const said = world.controlPlane.events.flatMap((event) => ("code" in event ? [event.code] : []));
    // Those who were granted something connected again for the route.
    expect(said.filter((code) => code !== "drained")).toEqual(["kicked", "held"]);

    function onHold(ms: number) {
      return world.account(boris, { policies: [policyId(1)], hold: { until: fromNow(ms), reason } });
    }
  });
});
