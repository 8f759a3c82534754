/** People come in while others knock: at a port that is known to everybody, with a key that everybody has who ever had a profile. */
import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { makeFirstPacket } from "./first-packet";
import { createFleet, type Fleet, type FleetPerson, frontPort } from "./fleet";
import type { LabAgent } from "./lab-agent";
import { until, type VpnClient } from "./vpn-client";

let fleet: Fleet;
let gateway: LabAgent;
let knocker: FleetPerson;
let person: FleetPerson;
const ends: (() => Promise<unknown> | unknown)[] = [];

beforeAll(async () => {
  fleet = await createFleet(238, 1);
  [gateway] = fleet.gateways as [LabAgent];
  [knocker, person] = [await fleet.addPerson(), await fleet.addPerson()];
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});
afterAll(() => fleet?.destroy());

/** Any address of the range is its own to send from. */
const forge = `
  const { createSocket } = require("node:dgram");
  const [host, port, packet] = process.argv.slice(1);
  let n = 0;
  setInterval(() => {
    for (let i = 0; i < 40; i++) {
      const socket = createSocket("udp4");
      n = (n + 1) % 65_000;
      socket.bind(0, "198.19." + (n >> 8) + "." + (n & 255), () =>
        socket.send(Buffer.from(packet, "hex"), Number(port), host, () => socket.close()));
    }
  }, 5);`;
const dial = `
  const { connect } = require("node:net");
  const [host, port] = process.argv.slice(1);
  const again = () => { const socket = connect(Number(port), host); socket.on("error", () => {}); socket.on("close", again); };
  let n = 0;
  setInterval(() => { for (let i = 0; i < 20 && n < 15_000; i++, n++) again(); }, 5);`;

it("over UDP, whoever sends the first packets of old clients, of forged addresses", { timeout: 120_000 }, async () => {
  execFileSync("ip", ["-n", knocker.namespace, "route", "replace", "local", "198.19.0.0/16", "dev", "lo"]);
  flood(forge, makeFirstPacket(knocker.profile).toString("hex"));
  await until(() => knockers("udp").split(",").length > 5_000, 60_000);
  await comesIn("udp");
});

it("over TCP, whoever begins connections and says nothing", { timeout: 120_000 }, async () => {
  flood(dial);
  await until(() => knockers("tcp").includes("expires"), 30_000);
  await comesIn("tcp");
});

function flood(script: string, ...more: string[]): void {
  const { wanAddress } = gateway.gateway;
  const command = [process.execPath, "-e", script, wanAddress, String(frontPort), ...more];
  const child = fleet.lab.spawn(knocker.namespace, command, { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ends.push(() => child.kill("SIGKILL") && ended);
}

const knockers = (protocol: string) =>
  execFileSync("ip", [
    ...["netns", "exec", gateway.gateway.namespace],
    ...["nft", "list", "set", "inet", "drawbridge", `${protocol}_knockers`],
  ]).toString();

async function comesIn(protocol: "udp" | "tcp"): Promise<void> {
  const other = protocol === "udp" ? "tcp" : "udp";
  const profile = person.profile.replace(new RegExp(`^remote .* ${other}$`, "gm"), "");
  for (let attempt = 0; attempt < 3; attempt++) {
    const client: VpnClient = fleet.connect(person, { profile });
    ends.push(() => client.stop());
    await client.connected(15_000);
    expect(await fleet.lab.httpGet(person.namespace, fleet.deviceAddress)).toContain("crane");
    await ends.pop()!();
  }
}
