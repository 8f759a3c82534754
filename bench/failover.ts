/**
 * How long a person is without their device when the gateway goes: the gap in the answers to a ping every 50 ms through
 * the tunnel, with a stock client, a profile as the portal makes it, and two gateways.
 *
 * Crash: the gateway's link is cut, as when the host is gone. The least it can take is the client's noticing, which is
 * the gateway's silence of `ping-restart` and measured in the same runs. Planned: the agent is told to take its processes
 * down, which tell their clients; nothing has to be noticed.
 */
import type { ChildProcess } from "node:child_process";
import { createFleet, type Fleet, type FleetPerson } from "../e2e/lab/fleet";
import { until, type VpnClient } from "../e2e/lab/vpn-client";
import { median, percentile, type Report } from "./report";

const runs = 20;

export async function failover(): Promise<Report> {
  const fleet = await createFleet(246, 2);
  try {
    const person = await fleet.addPerson();
    const planned: number[] = [];
    const crash: number[] = [];
    const noticing: number[] = [];
    for (let run = 0; run < runs; run++) {
      const cut = await measureCrash(fleet, person);
      crash.push(cut.goneMs);
      noticing.push(cut.noticedMs);
      planned.push(await measurePlanned(fleet, person));
    }
    const [value, floor] = [median(crash), median(noticing)];
    const row = (what: string, samples: number[]) => ({
      what,
      "p50 ms": Math.round(median(samples)),
      "p99 ms": Math.round(percentile(samples, 99)),
      "least ms": Math.round(Math.min(...samples)),
    });
    return {
      unit: "ms without the device, p50 of a crash",
      value,
      floor,
      ratio: value / floor,
      reach: "p99 \u2264 7,000 crash, \u2264 3,000 planned, ratio \u2264 1.5",
      rows: [row("planned stop", planned), row("crash (link cut)", crash), row("noticing a crash", noticing)],
    };
  } finally {
    await fleet.destroy();
  }
}

async function measureCrash(fleet: Fleet, person: FleetPerson): Promise<{ goneMs: number; noticedMs: number }> {
  const { gateway: place } = fleet.gateways[0]!;
  const link = (state: string) => fleet.lab.exec(place.namespace, ["ip", "link", "set", "wan", state]);
  const { client, probe } = await settle(fleet, person);
  const began = Date.now();
  await link("down");
  try {
    const goneMs = await probe.gapAfter(began, client);
    const noticed = /^(\d+\.\d+) .*Inactivity timeout/m.exec(client.log())?.[1];
    if (noticed === undefined) throw new Error(`the client noticed nothing:\n${client.log()}`);
    return { goneMs, noticedMs: Number(noticed) * 1000 - began };
  } finally {
    probe.stop();
    client.process.kill("SIGKILL");
    await link("up");
  }
}

async function measurePlanned(fleet: Fleet, person: FleetPerson): Promise<number> {
  const [gateway] = fleet.gateways as [Fleet["gateways"][number]];
  const { client, probe } = await settle(fleet, person);
  const began = Date.now();
  const stopped = gateway.kill("SIGUSR2");
  try {
    return await probe.gapAfter(began, client);
  } finally {
    probe.stop();
    client.process.kill("SIGKILL");
    await stopped;
    await gateway.start();
    await until(async () => (await gateway.controlPlane.state()).processes.every(({ status }) => status === "running"));
  }
}

/** A client on the first gateway, with answers coming. */
async function settle(fleet: Fleet, person: FleetPerson): Promise<{ client: VpnClient; probe: Probe }> {
  const [{ gateway: place }] = fleet.gateways as [Fleet["gateways"][number]];
  for (let attempt = 0; attempt < 5; attempt++) {
    const client = fleet.connect(person, { profile: `${person.profile}machine-readable-output\n` });
    await client.connected();
    const route = await fleet.lab.exec(place.namespace, ["ip", "route", "show", `${person.vpnAddress}/32`]);
    if (route.includes("dev db-")) {
      const probe = new Probe(fleet, person);
      await until(
        () => probe.answers.length > 20,
        20_000,
        () => silence(client, route),
      );
      return { client, probe };
    }
    // It was too slow to answer, and the client is on the other.
    client.process.kill("SIGKILL");
    await client.exited();
  }
  throw new Error("the client does not come in by the first gateway");
}

const silence = (client: VpnClient, route = "") =>
  `the device answers no ping for 20 s, with the client in; route: ${route}\n${client.log()}`;

class Probe {
  /** When each answer came, in milliseconds since the epoch. */
  readonly answers: number[] = [];
  #ping: ChildProcess;

  constructor(fleet: Fleet, person: FleetPerson) {
    const command = ["ping", "-n", "-D", "-i", "0.05", fleet.deviceAddress];
    this.#ping = fleet.lab.spawn(person.namespace, command, { stdio: ["ignore", "pipe", "ignore"] });
    let partial = "";
    this.#ping.stdout!.on("data", (chunk: Buffer) => {
      const lines = (partial + chunk).split("\n");
      partial = lines.pop()!;
      for (const line of lines) {
        const at = /^\[(\d+\.\d+)\] \d+ bytes from/.exec(line)?.[1];
        if (at !== undefined) this.answers.push(Number(at) * 1000);
      }
    });
  }

  /** The longest time without an answer around the client's move, once answers have come again for a while. */
  async gapAfter(began: number, client: VpnClient): Promise<number> {
    await until(
      () => client.log().split("Initialization Sequence Completed").length > 2,
      40_000,
      () => `the client did not come back:\n${client.log()}`,
    );
    const back = this.answers.length;
    await until(
      () => this.answers.length > back + 20,
      20_000,
      () => silence(client),
    );
    const since = this.answers.filter((at) => at > began - 200);
    return Math.max(...since.slice(1).map((at, index) => at - since[index]!));
  }

  stop(): void {
    this.#ping.kill("SIGKILL");
  }
}
