/**
 * Several gateways of one platform in a lab, each with its agent, for tests and benches of what happens between them: one
 * tenant with one site, people with profiles as the portal makes them.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argon2id } from "hash-wasm";
import { assembleProfile } from "@/app/_profile/profile";
import type { GatewayConfig } from "@/gateway/protocol/api";
import type { AccountValue, Entry } from "@/gateway/protocol/document";
import { plainAccount, plainDevice, plainTenant } from "@/gateway/testing/values";
import { createLab, type Lab, type LabGateway, type LabPerson } from "./network";
import { TestControlPlane } from "./test-control-plane";
import { startVpnClient, until, type VpnClient } from "./vpn-client";

export interface Fleet {
  lab: Lab;
  folder: string;
  gateways: FleetGateway[];
  /** Address of the tenant's only device; it serves HTTP on 80 and answers pings, and every person may. */
  deviceAddress: string;
  /** The lab's password of everybody. */
  password: string;
  addPerson(): Promise<FleetPerson>;
  /** Connects with the profile; its log ends with the fleet. */
  connect(person: FleetPerson, options?: { profile?: string; password?: string }): VpnClient;
  /** Pushes an account to every gateway. */
  putAccount(person: FleetPerson, change?: Partial<AccountValue>): Promise<void>;
  destroy(): Promise<void>;
}

export interface FleetGateway {
  place: LabGateway;
  controlPlane: TestControlPlane;
  config: GatewayConfig;
  /** Sends the configuration with this change, and waits until every process runs. */
  configure(change: Partial<GatewayConfig>): Promise<void>;
  startAgent(): Promise<void>;
  killAgent(signal: NodeJS.Signals): Promise<void>;
  agentPid(): number;
  log(): string;
}

export interface FleetPerson extends LabPerson {
  accountId: string;
  vpnAddress: string;
  fingerprint: string;
  /** As the portal would make it, the first gateway nearest. */
  profile: string;
}

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const tenantId = uuid(1);
const policyId = uuid(40);
const groupId = uuid(30);
const deviceAddress = "10.0.0.10";
const password = 'correct "horse" \\ battery';
export const frontPort = 1194;
const rules = [
  { protocol: "tcp" as const, from: 80, to: 80 },
  { protocol: "icmp" as const, from: null, to: null },
];
/** Two of each kind, so that there is something to spread over. */
const processes = (["udp", "tcp"] as const).flatMap((protocol) =>
  [1, 2].map((n) => ({ name: `${protocol}-${n}`, protocol, port: 20_000 + n })),
);
export const fronts = [
  { protocol: "udp" as const, port: frontPort },
  { protocol: "tcp" as const, port: frontPort },
];

export async function createFleet(labNumber: number, gatewayCount: number): Promise<Fleet> {
  const root = new URL("../..", import.meta.url).pathname;
  execFileSync(process.execPath, [join(root, "scripts/build-gateway.mjs")], { stdio: "pipe" });
  const folder = mkdtempSync(join(tmpdir(), "fleet-"));
  copyFileSync(join(root, "dist/gateway.mjs"), join(folder, "gateway.mjs"));
  const tlsCryptV2File = join(folder, "server.tls");
  execFileSync("openvpn", ["--genkey", "tls-crypt-v2-server", tlsCryptV2File], { stdio: "pipe" });
  const passwordHash = await hash(password);
  const lab = await createLab(labNumber);
  const gateways: FleetGateway[] = [];
  const people: FleetPerson[] = [];
  const entriesOf = ({ controlPlane, place }: FleetGateway): Entry[] => [
    {
      kind: "tenant",
      id: tenantId,
      value: { ...plainTenant, name: "Harbour", blocks: ["100.64.16.0/20"] },
    },
    { kind: "network", id: uuid(50), value: { cidr: "10.0.0.0/24" } },
    { kind: "uplink", id: controlPlane.gatewayId, value: { interface: "up-1", nextHop: place.nextHop(1) } },
    {
      kind: "device",
      id: uuid(20),
      value: { ...plainDevice, name: "crane", address: deviceAddress, groups: [groupId] },
    },
    {
      kind: "policy",
      id: policyId,
      value: { name: "web", isEnabled: true, groups: [groupId], rules },
    },
  ];

  try {
    for (let n = 1; n <= gatewayCount; n++)
      gateways.push(await addGateway(lab, n, gateways[0], folder, readFileSync(tlsCryptV2File, "utf8")));
    await lab.addSite(1, [{ address: deviceAddress, name: "crane" }]);
    for (const gateway of gateways) must(await gateway.controlPlane.push(tenantId, entriesOf(gateway)));
  } catch (error) {
    const logs = gateways.map((gateway) => gateway.log()).join("\n");
    await lab.destroy();
    throw new Error(`the fleet did not come up:\n${logs}`, { cause: error });
  }

  const putAccount = async (person: FleetPerson, change: Partial<AccountValue> = {}) => {
    const value: AccountValue = {
      ...plainAccount,
      name: `person ${person.accountId}`,
      address: person.vpnAddress,
      passwordHash,
      fingerprints: [person.fingerprint],
      policies: [policyId],
      ...change,
    };
    for (const { controlPlane } of gateways)
      must(await controlPlane.push(tenantId, [{ kind: "account", id: person.accountId, value }]));
  };

  return {
    lab,
    folder,
    gateways,
    deviceAddress,
    password,
    putAccount,
    async addPerson() {
      const number = people.length + 1;
      const accountId = uuid(100 + number);
      const [{ controlPlane }] = gateways as [FleetGateway];
      const { certificate, key, fingerprint } = controlPlane.clientAuthority.issue(accountId, { usage: "client" });
      const clientTls = join(folder, `${number}.tls`);
      const generate = ["--tls-crypt-v2", tlsCryptV2File, "--genkey", "tls-crypt-v2-client", clientTls];
      execFileSync("openvpn", generate, { stdio: "pipe" });
      const profile = assembleProfile({
        tenantName: "Harbour",
        accountName: `person ${number}`,
        email: `person-${number}@harbour.example`,
        accountId,
        at: new Date(),
        remotes: (["udp", "tcp"] as const).flatMap((protocol) =>
          gateways.map(({ place }) => ({ host: place.wanAddress, port: frontPort, protocol })),
        ),
        ca: controlPlane.gatewayAuthority.certificate,
        certificate,
        privateKey: key,
        tlsCryptV2Key: readFileSync(clientTls, "utf8"),
      });
      const vpnAddress = `100.64.16.${10 + number}`;
      const person = { ...(await lab.addPerson()), accountId, vpnAddress, fingerprint, profile };
      people.push(person);
      await putAccount(person);
      return person;
    },
    connect: (person, options = {}) =>
      startVpnClient(lab, person.namespace, folder, { profile: person.profile, password, ...options }),
    async destroy() {
      await lab.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function addGateway(
  lab: Lab,
  number: number,
  first: FleetGateway | undefined,
  fleetFolder: string,
  tlsCryptV2Key: string,
): Promise<FleetGateway> {
  const place = await lab.addGateway();
  const folder = join(fleetFolder, `g${number}`);
  mkdirSync(folder);
  const url = `https://${place.managementAddress}:8443`;
  const controlPlane = new TestControlPlane(url, {
    ...first?.controlPlane.authorities,
    gatewayId: uuid(0xf0 + number),
  });
  const log = () => readFileSync(join(folder, "agent.log"), "utf8");
  let agent: ChildProcess;
  const spawn = () => {
    const output = openSync(join(folder, "agent.log"), "a");
    agent = lab.spawn(place.namespace, [process.execPath, join(fleetFolder, "gateway.mjs")], {
      cwd: folder,
      stdio: ["ignore", output, output],
      env: {
        ...process.env,
        LOG_LEVEL: "debug",
        GATEWAY_STATE_DIR: join(folder, "s"),
        GATEWAY_API_HOST: place.managementAddress,
        GATEWAY_API_PORT: "8443",
        GATEWAY_TOKEN: controlPlane.tokenText,
      },
    });
  };
  const gateway: FleetGateway = {
    place,
    controlPlane,
    config: {
      version: 0,
      range: "100.64.0.0/10",
      rangeAddress: "100.64.0.1",
      processes,
      fronts,
      authTokenSecret: first?.config.authTokenSecret ?? randomBytes(32).toString("hex"),
      clientCa: controlPlane.clientAuthority.certificate,
      tlsCryptV2Key,
    },
    async configure(change) {
      gateway.config = { ...gateway.config, ...change, version: gateway.config.version + 1 };
      must(await controlPlane.configure(gateway.config));
      await until(async () => (await controlPlane.state()).processes.every(({ status }) => status === "running"));
    },
    async startAgent() {
      const opened = () => log().split("API open").length;
      const before = opened();
      spawn();
      await until(() => opened() > before, 30_000, log);
    },
    async killAgent(signal) {
      const ended = new Promise((resolve) => agent.once("exit", resolve));
      agent.kill(signal);
      await ended;
    },
    agentPid: () => agent.pid!,
    log,
  };
  spawn();
  await until(() => log().includes("waiting to be enrolled"), 30_000, log);
  await controlPlane.enrol();
  await until(() => log().includes("API open"), 30_000, log);
  await gateway.configure({});
  return gateway;
}

export function hash(text: string): Promise<string> {
  const cost = { parallelism: 1, iterations: 2, memorySize: 1_024, hashLength: 32 };
  return argon2id({ password: text, salt: Buffer.alloc(16, 7), ...cost, outputType: "encoded" });
}

function must({ status, body }: { status: number; body: unknown }): void {
  if (status !== 200) throw new Error(`the gateway answered ${status}: ${JSON.stringify(body)}`);
}
