/**
 * Clients connected a second through one openvpn process whose connections our agent decides (certificate, password,
 * state, address), against the same openvpn deciding by certificate alone. Waves of reconnecting clients, in turns.
 *
 * Compared is the rate by the clock, the median of the waves. Clients and servers share the machine's cores, so what each
 * process spends on a client is in the table too: an openvpn process is one thread, and 1000 over its milliseconds is the most
 * that it could take. All accounts have one password hash, so argon2 is paid once.
 */
import { execFileSync } from "node:child_process";
import { openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argon2id } from "hash-wasm";
import { until } from "../e2e/lab/vpn-client";
import type { Entry } from "../gateway/protocol/document";
import { plainAccount, plainTenant } from "../gateway/testing/values";
import { type BenchGateway, startBenchGateway, uuid } from "./lab-gateway";
import { median, percentile, type Report, round } from "./report";

const clients = 60;
const waves = 12;
const password = "a-password-for-the-bench";
const barePort = 1195;

export async function connect(): Promise<Report> {
  const bench = await startBenchGateway(242);
  try {
    const people = Array.from({ length: clients }, (_, n) => ({
      id: uuid(1_000 + n),
      ...bench.controlPlane.clientAuthority.issue(uuid(1_000 + n), { usage: "client" }),
    }));
    await bench.controlPlane.push(uuid(1), await document(people, bench.controlPlane.gatewayId));
    const bare = startBareServer(bench);
    const { namespace } = await bench.lab.addPerson();
    writeFileSync(join(bench.folder, "password"), `person\n${password}\n`, { mode: 0o600 });
    const ours = startClients(bench, namespace, people, "ours", bench.port);
    const theirs = startClients(bench, namespace, people, "bare", barePort);
    await Promise.all([ours.completed(), theirs.completed()]);

    const process = (await bench.controlPlane.state()).processes[0]!.pid!;
    const rates = { ours: [] as number[], bare: [] as number[] };
    const cpu = { agent: 0, process: 0, bare: 0 };
    const connected = { ours: 0, bare: 0 };
    for (let wave = 0; wave < waves; wave++) {
      const before = [cpuMs(bench.pid()), cpuMs(process)] as const;
      const mine = await ours.wave();
      rates.ours.push(mine.rate);
      connected.ours += mine.connected;
      cpu.agent += cpuMs(bench.pid()) - before[0];
      cpu.process += cpuMs(process) - before[1];
      const bareBefore = cpuMs(bare);
      const other = await theirs.wave();
      rates.bare.push(other.rate);
      connected.bare += other.connected;
      cpu.bare += cpuMs(bare) - bareBefore;
    }
    const each = {
      ours: cpu.process / connected.ours,
      agent: cpu.agent / connected.ours,
      bare: cpu.bare / connected.bare,
    };
    const rate = { ours: median(rates.ours), bare: median(rates.bare) };
    return {
      unit: "clients a second",
      value: rate.ours,
      floor: rate.bare,
      ratio: rate.ours / rate.bare,
      reach: "ratio ≥ 0.9",
      rows: [
        { arm: "our agent decides", "openvpn CPU ms a client": round(each.ours), "agent CPU ms a client": round(each.agent), "clients a second": round(rate.ours), "at the most": round(1_000 / each.ours) }, // biome-ignore format: a row
        { arm: "certificate alone", "openvpn CPU ms a client": round(each.bare), "agent CPU ms a client": 0, "clients a second": round(rate.bare), "at the most": round(1_000 / each.bare) }, // biome-ignore format: a row
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

function startClients(bench: BenchGateway, namespace: string, people: Person[], arm: string, port: number) {
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
        `remote ${gateway.wanAddress} ${port}`,
        "remote-cert-tls server\nconnect-retry 1 1\nmachine-readable-output\nverb 3",
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
  /** When each connection was up, in order, in seconds. */
  const completions = () =>
    readFileSync(logFile, "utf8")
      .split("\n")
      .filter((line) => line.includes("Initialization Sequence Completed"))
      .map((line) => Number(line.split(" ")[0]))
      .sort((a, b) => a - b);
  const completed = () =>
    until(
      () => completions().length >= people.length,
      90_000,
      () =>
        `${arm}: ${completions().length} of ${people.length} connected:\n${readFileSync(logFile, "utf8").slice(-3_000)}\n${bench.log().slice(-2_000)}`,
    );
  return {
    completed,
    /**
     * Reconnects all, and waits for nineteen in twenty: UDP may lose one for half a minute.
     * @returns how many connected, and how many a second over the middle nine tenths
     */
    async wave(): Promise<{ connected: number; rate: number }> {
      const before = completions().length;
      for (const child of children) child.kill("SIGUSR1");
      await until(
        () => completions().length >= before + 0.95 * people.length,
        60_000,
        () => `${arm}: ${completions().length - before} of ${people.length} came back:\n${bench.log().slice(-2_000)}`,
      );
      const times = completions().slice(before);
      return { connected: times.length, rate: (0.9 * times.length) / (percentile(times, 95) - percentile(times, 5)) };
    },
  };
}

function startBareServer(bench: BenchGateway): number {
  const { folder, lab, gateway, controlPlane } = bench;
  const { certificate, key } = controlPlane.gatewayAuthority.issue("gateway.bare", { usage: "server" });
  const config = join(folder, "bare.conf");
  writeFileSync(
    config,
    [
      `mode server\ntls-server\nproto udp4\nport ${barePort}\ndev tunbare\ndev-type tun\ntopology subnet`,
      "server 100.127.0.0 255.255.0.0\ndh none\ntls-version-min 1.2\ndata-ciphers AES-256-GCM:CHACHA20-POLY1305",
      // What ours has too: without it openvpn takes a hundred handshakes in ten seconds and no more.
      'connect-freq-initial 10000 10\nkeepalive 5 15\nexplicit-exit-notify 2\npush "explicit-exit-notify 1"',
      "remote-cert-tls client\nverify-client-cert require\nverb 1",
      `tls-crypt-v2 ${bench.tlsCryptV2File}`,
      `<ca>\n${controlPlane.clientAuthority.certificate.trim()}\n</ca>`,
      `<cert>\n${certificate.trim()}\n</cert>`,
      `<key>\n${key.trim()}\n</key>`,
    ].join("\n"),
    { mode: 0o600 },
  );
  const output = openSync(join(folder, "bare-server.log"), "a");
  return lab.spawn(gateway.namespace, ["openvpn", "--config", config], {
    stdio: ["ignore", output, output],
    env: { ...process.env, TZ: "UTC" },
  }).pid!;
}

async function document(people: Person[], gatewayId: string): Promise<Entry[]> {
  // As the control plane makes them: 19 MiB, two passes.
  const passwordHash = await argon2id({ password, salt: Buffer.alloc(16, 7), parallelism: 1, iterations: 2, memorySize: 19_456, hashLength: 32, outputType: "encoded" }); // biome-ignore format: settings
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
          passwordHash,
          mustChangePassword: false,
          fingerprints: [fingerprint],
          policies: [uuid(3)],
        },
      }),
    ),
  ];
}

/** CPU time that a process has used, in milliseconds: all of its threads, to the nanosecond. */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const spent = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return spent.reduce((sum, ns) => sum + ns, 0) / 1e6;
}
