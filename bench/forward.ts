/**
 * What the rules cost a packet: throughput and round trips through one client's tunnel with 100,000 people's and as many
 * devices' addresses, 1,000 groups and 1,000 policies in the kernel, against the same tunnel with no rules: our table away,
 * in its place the mark without which nothing is forwarded, and no tracking of connections. Same client, same openvpn
 * process, in turns; the agent is ended before, for it would put its table back.
 *
 * openvpn's own cryptography and copying, one thread of user space at either end, dominate both arms: this says whether a
 * person notices the rules, not what the rules take of a packet. The person's account has 20 policies, and the last of
 * them allows what is measured. The ratio is the median of the turns' own ratios, for what else the machine does changes.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFleet, type Fleet, type FleetPerson, uuid } from "../e2e/lab/fleet";
import { until } from "../e2e/lab/vpn-client";
import { firstMark } from "../gateway/firewall/base";
import type { Entry } from "../gateway/protocol/document";
import { perTenant, pushLargeDocuments, tenants } from "./large-documents";
import { median, percentile, type Report, round } from "./report";

const turns = Number(process.env.BENCH_TURNS ?? 12);
const port = 9000;
const streamMs = 2_000;
const roundTrips = 500;
const groupsPerTenant = 100;
const ownPolicies = 20;

export async function forward(): Promise<Report> {
  const fleet = await createFleet(247, 1);
  try {
    const [{ controlPlane, gateway: place, kill }] = fleet.gateways as [Fleet["gateways"][number]];
    await pushLargeDocuments({ controlPlane }, { groups: groupsPerTenant, firstTenant: 2 });
    const answer = await controlPlane.push(uuid(1), policies());
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    const person = await fleet.addPerson();
    await fleet.putAccount(person, { policies: numbers.map((n) => uuid(400 + n)) });
    fleet.lab.spawn(`db247-site1`, [process.execPath, "-e", deviceScript]);
    const client = fleet.connect(person);
    await client.connected(60_000);
    await until(
      async () => (await fleet.lab.canConnect(person.namespace, fleet.deviceAddress, port)) === "open",
      30_000,
    );

    await kill("SIGKILL");
    const rules = await prepareRules(fleet, place.namespace);
    const arms = { rules: [] as Sample[], none: [] as Sample[] };
    // The first turn warms up.
    for (let turn = 0; turn <= turns; turn++) {
      // Each arm is first as often as the other.
      for (const arm of turn % 2 === 0 ? (["rules", "none"] as const) : (["none", "rules"] as const)) {
        await rules.set(arm);
        const sample = await measure(fleet, person);
        if (turn > 0) arms[arm].push(sample);
      }
    }
    const ratios = arms.rules.map(({ mbps }, turn) => mbps / arms.none[turn]!.mbps);
    const row = (arm: string, samples: Sample[]) => {
      const trips = samples.flatMap(({ tripsMs }) => tripsMs);
      return {
        arm,
        "Mbit/s, p50": round(median(samples.map(({ mbps }) => mbps))),
        "round trip p50, ms": round(median(trips)),
        "round trip p99, ms": round(percentile(trips, 99)),
      };
    };
    return {
      unit: "Mbit/s",
      value: median(arms.rules.map(({ mbps }) => mbps)),
      floor: median(arms.none.map(({ mbps }) => mbps)),
      ratio: median(ratios),
      reach: "ratio ≥ 0.95",
      rows: [
        row(`${tenants * perTenant} people and devices, ${tenants * groupsPerTenant} groups and policies`, arms.rules),
        row("no rules", arms.none),
      ],
    };
  } finally {
    await fleet.destroy();
  }
}

const numbers = Array.from({ length: ownPolicies }, (_, n) => n);

/** Only the last is of the device's group; each of the others has a group of its own. */
function policies(): Entry[] {
  return numbers.map((n) => ({
    kind: "policy",
    id: uuid(400 + n),
    value: {
      name: `policy ${n}`,
      isEnabled: true,
      groups: [n === ownPolicies - 1 ? uuid(30) : uuid(500 + n)],
      rules: [{ protocol: "tcp", from: n === ownPolicies - 1 ? port : 8_000 + n, to: n === ownPolicies - 1 ? port : 8_000 + n }], // biome-ignore format: a rule
    },
  }));
}

/** Takes the agent's table away and brings it back as it was. */
async function prepareRules(fleet: Fleet, namespace: string) {
  const files = { rules: join(fleet.folder, "rules.nft"), none: join(fleet.folder, "none.nft") };
  const nft = (...args: string[]) => fleet.lab.exec(namespace, ["nft", ...args], { timeoutMs: 120_000 });
  const listed = await nft("list", "table", "inet", "drawbridge");
  const away = (table: string) => `add table ${table}\ndelete table ${table}\n`;
  writeFileSync(files.rules, `${away("inet bench")}${away("inet drawbridge")}${listed}`);
  writeFileSync(
    files.none,
    `${away("inet drawbridge")}add table inet bench
add chain inet bench prerouting { type filter hook prerouting priority raw; policy accept; }
add rule inet bench prerouting meta mark set ${firstMark}\n`,
  );
  const elements = listed.match(/\d+\.\d+\.\d+\.\d+/g)?.length ?? 0;
  if (elements < 2 * tenants * perTenant) throw new Error(`only ${elements} addresses are in the kernel`);
  return { set: (arm: keyof typeof files) => nft("-f", files[arm]) };
}

interface Sample {
  mbps: number;
  tripsMs: number[];
}

/** Round trips first, on a tunnel that is idle but for them; then one stream from the device to the person. */
async function measure({ lab, deviceAddress }: Fleet, { namespace }: FleetPerson): Promise<Sample> {
  const command = [process.execPath, "-e", personScript, deviceAddress];
  return JSON.parse(await lab.exec(namespace, command, { timeoutMs: 60_000 }));
}

/** Echoes bytes; a client that sends `s` gets a stream. */
const deviceScript = `
const block = Buffer.alloc(256 * 1024, 120);
require("net").createServer((socket) => {
  socket.setNoDelay(true).on("error", () => {});
  socket.on("data", (data) => {
    if (data[0] !== 115) return socket.write(data);
    const pump = () => { while (socket.writable && socket.write(block)); };
    socket.on("drain", pump);
    pump();
  });
}).listen(${port}, "0.0.0.0");`;

const personScript = `
const net = require("net");
const connect = () => new Promise((resolve, reject) => {
  const socket = net.connect(${port}, process.argv[1], () => resolve(socket)).setNoDelay(true).once("error", reject);
});
(async () => {
  const one = await connect();
  const tripsMs = [];
  for (let n = 0; n < ${roundTrips}; n++) {
    const began = performance.now();
    one.write("e");
    await new Promise((resolve) => one.once("data", resolve));
    tripsMs.push(performance.now() - began);
  }
  one.destroy();
  const two = await connect();
  two.write("s");
  await new Promise((resolve) => two.once("data", resolve));
  const began = performance.now();
  let bytes = 0;
  await new Promise((resolve) => two.on("data", (data) => {
    bytes += data.length;
    if (performance.now() - began >= ${streamMs}) resolve();
  }));
  console.log(JSON.stringify({ mbps: (bytes * 8) / 1000 / (performance.now() - began), tripsMs }));
  process.exit(0);
})();`;
