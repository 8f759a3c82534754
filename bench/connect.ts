/**
 * Clients connected a second through two openvpn processes (BENCH_PROCESSES=1: one) whose connections our agent decides
 * (certificate, password, state, address), against as many of the same openvpn that decide by certificate alone, with no
 * agent. Waves of reconnecting clients, in turns.
 *
 * Compared is the rate by the clock, the median of the waves: from the first client's first packet to when nineteen in
 * twenty are connected, so that what is common to all of a wave counts once and no timer of a client's does. Clients and
 * servers share the machine's cores, so what each process spends on a client is in the table too: an openvpn process is one
 * thread, and 1000 over its milliseconds is the most that one could take.
 *
 * A password that was right is remembered, so argon2 is paid when a person first comes, and apart: the first row is each
 * person's first connection, with a hash of its own to check, and what it cost the agent's event loop and its other threads.
 */
import { execFileSync } from "node:child_process";
import { openSync, readdirSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argon2id } from "hash-wasm";
import { until } from "../e2e/lab/vpn-client";
import { processFiles, renderConfig } from "../gateway/openvpn/config";
import type { Entry } from "../gateway/protocol/document";
import { plainAccount, plainTenant } from "../gateway/testing/values";
import { type BenchGateway, startBenchGateway, uuid } from "./lab-gateway";
import { median, percentile, type Report, round } from "./report";

const clients = 60;
const waves = Number(process.env.BENCH_WAVES ?? 40);
/** What a gateway runs is compiled within its first hours; here within these. */
const wavesToWarmUp = 20;
const password = "a-password-for-the-bench";
const processes = Number(process.env.BENCH_PROCESSES ?? 2);
const ports = { ours: [1194, 1195].slice(0, processes), bare: [1196, 1197].slice(0, processes) };
type Arm = keyof typeof ports;
/** What a client logs when it sends its first packet, and when its tunnel is up. */
const [begun, up] = ["link remote: ", "Initialization Sequence Completed"] as const;

export async function connect(): Promise<Report> {
  const bench = await startBenchGateway(242, ports.ours);
  try {
    const people = Array.from({ length: clients }, (_, n) => ({
      id: uuid(1_000 + n),
      ...bench.controlPlane.clientAuthority.issue(uuid(1_000 + n), { usage: "client" }),
    }));
    await bench.controlPlane.push(uuid(1), await document(people, bench.controlPlane.gatewayId));
    const bare = ports.bare.map((port) => startBareServer(bench, port));
    const { namespace } = await bench.lab.addPerson();
    writeFileSync(join(bench.folder, "password"), `person\n${password}\n`, { mode: 0o600 });
    const agent = bench.pid();
    const before = cpuMs(agent);
    const ours = startClients(bench, namespace, people, "ours");
    await ours.completed();
    const first = cpuSince(agent, before);
    const theirs = startClients(bench, namespace, people, "bare");
    await theirs.completed();

    const openvpn = (await bench.controlPlane.state()).processes.map(({ pid }) => pid!);
    const arms = {
      ours: { clients: ours, processes: openvpn, rates: [] as number[], connected: 0, cpu: 0 },
      bare: { clients: theirs, processes: bare, rates: [] as number[], connected: 0, cpu: 0 },
    };
    for (let wave = 0; wave < wavesToWarmUp; wave++) await ours.wave();
    const again = { loop: 0, threads: 0 };
    for (let wave = 0; wave < 2 * waves; wave++) {
      // Each is first as often as the other.
      const name: Arm = [0, 3].includes(wave % 4) ? "ours" : "bare";
      const arm = arms[name];
      const agentBefore = cpuMs(agent);
      const processesBefore = arm.processes.map(cpuMs);
      const { rate, connected } = await arm.clients.wave();
      arm.rates.push(rate);
      arm.connected += connected;
      arm.cpu += arm.processes.reduce((sum, pid, n) => sum + total(cpuSince(pid, processesBefore[n]!)), 0);
      if (name === "bare") continue;
      const spent = cpuSince(agent, agentBefore);
      again.loop += spent.loop;
      again.threads += spent.threads;
    }
    const row = (what: string, name: Arm, cpu: Cpu, connected: number) => ({
      arm: what,
      "clients a second": round(median(arms[name].rates)),
      "openvpn CPU ms a client": round(arms[name].cpu / arms[name].connected),
      "at the most, a process": round((1_000 * arms[name].connected) / arms[name].cpu),
      "agent's event loop, CPU ms a client": round(cpu.loop / connected),
      "its other threads": round(cpu.threads / connected),
    });
    const value = median(arms.ours.rates);
    const floor = median(arms.bare.rates);
    return {
      unit: "clients a second",
      ...{ value, floor, ratio: value / floor, reach: "ratio ≥ 0.9" },
      rows: [
        { ...row("a first connection, with argon2", "ours", first, clients), "clients a second": "", "openvpn CPU ms a client": "", "at the most, a process": "" }, // biome-ignore format: a row
        row("our agent decides", "ours", again, arms.ours.connected),
        row("certificate alone", "bare", { loop: 0, threads: 0 }, 1),
      ],
    };
  } finally {
    await bench.destroy();
  }
}

interface Person {
  id: string;
  certificate: string;
  key: string;
  fingerprint: string;
}

function startClients(bench: BenchGateway, namespace: string, people: Person[], arm: Arm) {
  const { folder, lab, controlPlane, gateway } = bench;
  const logFile = join(folder, `${arm}.log`);
  const output = openSync(logFile, "a");
  const children = people.map((person, n) => {
    const clientTls = join(folder, `${arm}-${n}.tls`);
    execFileSync("openvpn", ["--tls-crypt-v2", bench.tlsCryptV2File, "--genkey", "tls-crypt-v2-client", clientTls], { stdio: "pipe" }); // biome-ignore format: a command
    const config = join(folder, `${arm}-${n}.ovpn`);
    writeFileSync(
      config,
      [
        "client\ndev tun\nproto udp4\nnobind\npersist-key\nifconfig-noexec\nroute-noexec",
        `remote ${gateway.wanAddress} ${ports[arm][n % ports[arm].length]}`,
        "remote-cert-tls server\nconnect-retry 1 1\nmachine-readable-output\nverb 3",
        // The source port of somebody else's last wave may be given again before the server has forgotten it.
        "auth-retry nointeract",
        ...(arm === "ours" ? [`auth-user-pass ${join(folder, "password")}`] : []),
        `<ca>\n${controlPlane.gatewayAuthority.certificate.trim()}\n</ca>`,
        `<cert>\n${person.certificate.trim()}\n</cert>`,
        `<key>\n${person.key.trim()}\n</key>`,
        `<tls-crypt-v2>\n${readFileSync(clientTls, "utf8").trim()}\n</tls-crypt-v2>`,
      ].join("\n"),
      { mode: 0o600 },
    );
    return lab.spawn(namespace, ["openvpn", "--config", config], { stdio: ["ignore", output, output] });
  });
  const times = followLog(logFile);
  /** When each connection was begun, and when it was up: in order, in seconds. */
  const attempts = () => times(begun);
  const completions = () => times(up);
  const completed = () =>
    until(
      () => completions().length >= people.length,
      90_000,
      () => `${arm}: ${completions().length} of ${people.length} connected:\n${bench.log().slice(-2_000)}`,
    );
  return {
    completed,
    /**
     * Reconnects all, and waits for nineteen in twenty: UDP may lose one for half a minute.
     * @returns how many connected, and how many a second
     */
    async wave(): Promise<{ connected: number; rate: number }> {
      const [attempted, before] = [attempts().length, completions().length];
      for (const child of children) child.kill("SIGUSR1");
      await until(
        () => completions().length >= before + 0.95 * people.length,
        60_000,
        () =>
          `${arm}: ${completions().length - before} of ${people.length} came back:\n${readFileSync(logFile, "utf8").slice(-3_000)}\n${bench.log().slice(-2_000)}`,
      );
      const connected = completions().slice(before);
      const seconds = percentile(connected, 95) - attempts()[attempted]!;
      return { connected: connected.length, rate: (0.95 * connected.length) / seconds };
    },
  };
}

/**
 * Times of the lines that tell of something, in order, in seconds. Reads only what has come since, and looks for no more
 * than those lines: whoever measures works on the same cores.
 */
function followLog(path: string): (what: string) => number[] {
  const file = openSync(path, "r");
  const buffer = Buffer.alloc(4 * 1024 * 1024);
  const told: Record<string, number[]> = { [begun]: [], [up]: [] };
  let partial = "";
  return (what) => {
    const lines = (partial + buffer.toString("latin1", 0, readSync(file, buffer))).split("\n");
    partial = lines.pop()!;
    for (const line of lines)
      for (const [part, times] of Object.entries(told)) if (line.includes(part)) times.push(Number.parseFloat(line));
    return told[what]!.sort((a, b) => a - b);
  };
}

/**
 * The same configuration, but for what has to do with an agent; addresses are openvpn's own to give, and its clients are
 * told of the same network.
 */
function startBareServer(bench: BenchGateway, port: number): number {
  const { folder, lab, gateway, controlPlane } = bench;
  const { certificate, key } = controlPlane.gatewayAuthority.issue("gateway.bare", { usage: "server" });
  const file = (name: string, content: string) => {
    const path = join(folder, `bare-${port}.${name}`);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const net = `100.127.${port % 256}`;
  const ours = renderConfig(
    { name: `bare-${port}`, protocol: "udp", port },
    { range: `${net}.0/24`, rangeAddress: `${net}.1` },
    processFiles(folder),
    {
      certificate: file("crt", certificate),
      key: file("key", key),
      clientCa: file("ca", controlPlane.clientAuthority.certificate),
      tlsCryptV2Key: bench.tlsCryptV2File,
      tlsCryptKey: "",
    },
    16_384,
  );
  // Without an agent that tells them apart, openvpn ends the older connection of a name.
  const ofAgent = /^(management|auth-user-pass-optional|duplicate-cn|ifconfig-noexec|route-noexec|writepid)/;
  const lines = ours.split("\n").filter((line) => !ofAgent.test(line));
  lines.push(`ifconfig-pool ${net}.2 ${net}.254 255.255.255.0`, 'push "route 10.0.0.0 255.255.255.0"');
  const output = openSync(join(folder, `bare-server-${port}.log`), "a");
  return lab.spawn(gateway.namespace, ["openvpn", "--config", file("conf", lines.join("\n"))], {
    stdio: ["ignore", output, output],
    env: { ...process.env, TZ: "UTC" },
  }).pid!;
}

async function document(people: Person[], gatewayId: string): Promise<Entry[]> {
  // As the control plane makes them: 19 MiB, two passes.
  const cost = { parallelism: 1, iterations: 2, memorySize: 19_456, hashLength: 32, outputType: "encoded" as const };
  const hashes = await Promise.all(people.map((_, n) => argon2id({ password, salt: Buffer.alloc(16, n), ...cost })));
  return [
    {
      kind: "tenant",
      id: uuid(1),
      value: { ...plainTenant, number: 1, name: "bench", state: "active", blocks: ["100.64.16.0/20"] },
    },
    { kind: "network", id: uuid(2), value: { cidr: "10.0.0.0/24" } },
    { kind: "uplink", id: gatewayId, value: { interface: "mgmt", nextHop: null } },
    { kind: "policy", id: uuid(3), value: { name: "all", isEnabled: true, groups: [uuid(4)], rules: [{ protocol: "tcp", from: 80, to: 80 }] } }, // biome-ignore format: an entry
    ...people.map(
      ({ id, fingerprint }, n): Entry => ({
        kind: "account",
        id,
        value: {
          ...plainAccount,
          name: `person ${n}`,
          state: "active",
          reason: null,
          address: `100.64.16.${n + 10}`,
          passwordHash: hashes[n]!,
          mustChangePassword: false,
          fingerprints: [fingerprint],
          policies: [uuid(3)],
        },
      }),
    ),
  ];
}

/** CPU time of the thread that a process began with, which is where Node's events are, and of its others: milliseconds. */
interface Cpu {
  loop: number;
  threads: number;
}

/** To the nanosecond. */
function cpuMs(pid: number): Cpu {
  const spent = { loop: 0, threads: 0 };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const ns = Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    spent[Number(thread) === pid ? "loop" : "threads"] += ns / 1e6;
  }
  return spent;
}

function cpuSince(pid: number, before: Cpu): Cpu {
  const { loop, threads } = cpuMs(pid);
  return { loop: loop - before.loop, threads: threads - before.threads };
}

const total = ({ loop, threads }: Cpu) => loop + threads;
