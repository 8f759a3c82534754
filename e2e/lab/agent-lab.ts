/**
 * One gateway with the whole agent, as its one file, in a lab: enrolled, configured, and driven by a control plane of the
 * test's own. Its documents are kept here too, so that a test can hold real packets to `decide()`.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argon2id } from "hash-wasm";
import { expect } from "vitest";
import {
  type AccountValue,
  type DeviceValue,
  type Entry,
  emptyDocument,
  type PolicyRule,
  putEntry,
  type TenantDocument,
  type TenantValue,
} from "@/gateway/protocol/document";
import { plainAccount, plainDevice, plainTenant } from "../../gateway/testing/values";
import { createLab, type Lab, type LabGateway, type LabPerson } from "./network";
import { TestControlPlane } from "./test-control-plane";
import { startVpnClient, until, type VpnClient } from "./vpn-client";

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export interface LabVpnPerson extends LabPerson {
  tenantNumber: number;
  accountId: string;
  vpnAddress: string;
  fingerprint: string;
  profile: string;
}

export interface AgentLab {
  lab: Lab;
  gateway: LabGateway;
  controlPlane: TestControlPlane;
  /** Pushes to tenant `number` and keeps its document; a refused push fails the test. */
  push(number: number, entries: Entry[]): Promise<{ revision: number; tookMs: number; ended: string[] }>;
  document(number: number): TenantDocument;
  /** `n` names the account; its address is the tenant's block's, ending in `n`. */
  addPerson(tenantNumber: number, n: number): Promise<LabVpnPerson>;
  connect(person: LabVpnPerson): VpnClient;
  account(person: LabVpnPerson, change?: Partial<AccountValue>): Entry;
  kill(signal: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
  /** The gateway's table as nft prints it. */
  ruleset(): Promise<string>;
  destroy(): Promise<void>;
}

export const tenantId = (number: number) => uuid(number);
const password = "a password of the lab";
const port = 1194;

export async function createAgentLab(number: number): Promise<AgentLab> {
  const root = new URL("../..", import.meta.url).pathname;
  execFileSync(process.execPath, [join(root, "scripts/build-gateway.mjs")], { stdio: "pipe" });
  const folder = mkdtempSync(join(tmpdir(), `agentlab${number}-`));
  copyFileSync(join(root, "dist/gateway.mjs"), join(folder, "gateway.mjs"));
  const passwordHash = await argon2id({
    password,
    salt: Buffer.alloc(16, 7),
    parallelism: 1,
    iterations: 2,
    memorySize: 1_024,
    hashLength: 32,
    outputType: "encoded",
  });
  const lab = await createLab(number);
  const gateway = await lab.addGateway();
  const controlPlane = new TestControlPlane(`https://${gateway.managementAddress}:8443`);
  const documents = new Map<number, TenantDocument>();
  let agent: ChildProcess;
  const log = () => readFileSync(join(folder, "agent.log"), "utf8");
  const start = () => {
    const output = openSync(join(folder, "agent.log"), "a");
    agent = lab.spawn(gateway.namespace, [process.execPath, join(folder, "gateway.mjs")], {
      cwd: folder,
      stdio: ["ignore", output, output],
      env: {
        ...process.env,
        GATEWAY_STATE_DIR: join(folder, "state"),
        GATEWAY_API_HOST: gateway.managementAddress,
        GATEWAY_API_PORT: "8443",
        GATEWAY_TOKEN: controlPlane.tokenText,
      },
    });
  };
  const documentOf = (tenantNumber: number) => {
    const document = documents.get(tenantNumber) ?? emptyDocument(tenantId(tenantNumber));
    documents.set(tenantNumber, document);
    return document;
  };

  start();
  await until(() => log().includes("waiting to be enrolled"), 30_000, log);
  await controlPlane.enrol();
  await until(() => log().includes("API open"), 30_000, log);
  const tlsKey = join(folder, "server.tls");
  execFileSync("openvpn", ["--genkey", "tls-crypt-v2-server", tlsKey], { stdio: "pipe" });
  const configured = await controlPlane.configure({
    version: 1,
    range: "100.64.0.0/10",
    rangeAddress: "100.64.0.1",
    processes: [{ name: `udp-${port}`, protocol: "udp", port }],
    clientCa: controlPlane.clientAuthority.certificate,
    tlsCryptV2Key: readFileSync(tlsKey, "utf8"),
  });
  expect(configured.status).toBe(200);
  await until(async () => (await controlPlane.state()).processes.every(({ status }) => status === "running"), 30_000);

  return {
    lab,
    gateway,
    controlPlane,
    async push(tenantNumber, entries) {
      const { status, body } = await controlPlane.push(tenantId(tenantNumber), entries);
      expect(status, JSON.stringify(body)).toBe(200);
      for (const entry of entries) putEntry(documentOf(tenantNumber), entry);
      return body;
    },
    document: documentOf,
    async addPerson(tenantNumber, n) {
      const place = await lab.addPerson();
      const accountId = uuid(tenantNumber * 1000 + n);
      const { certificate, key, fingerprint } = controlPlane.clientAuthority.issue(accountId, { usage: "client" });
      const clientKey = join(folder, `${accountId}.tls`);
      const genkey = ["--tls-crypt-v2", tlsKey, "--genkey", "tls-crypt-v2-client", clientKey];
      execFileSync("openvpn", genkey, { stdio: "pipe" });
      const profile = [
        "client\ndev tun0\ndev-type tun\nproto udp4\nnobind\nremote-cert-tls server\nconnect-retry 1 2",
        `remote ${gateway.wanAddress} ${port}`,
        `verify-x509-name gateway.${controlPlane.gatewayId} name`,
        inline("ca", controlPlane.gatewayAuthority.certificate),
        inline("cert", certificate),
        inline("key", key),
        inline("tls-crypt-v2", readFileSync(clientKey, "utf8")),
      ].join("\n");
      return { ...place, tenantNumber, accountId, vpnAddress: addressOf(tenantNumber, n), fingerprint, profile };
    },
    connect: ({ namespace, profile }) => startVpnClient(lab, namespace, folder, { profile, password }),
    account: ({ accountId, vpnAddress, fingerprint }, change = {}) => ({
      kind: "account",
      id: accountId,
      value: {
        ...plainAccount,
        name: `account ${accountId}`,
        address: vpnAddress,
        passwordHash,
        fingerprints: [fingerprint],
        ...change,
      },
    }),
    async kill(signal) {
      const ended = new Promise((resolve) => agent.once("exit", resolve));
      agent.kill(signal);
      await ended;
    },
    async restart() {
      const opened = () => log().split("API open").length;
      const before = opened();
      start();
      await until(() => opened() > before, 30_000, log);
    },
    ruleset: () => lab.exec(gateway.namespace, ["nft", "list", "table", "inet", "drawbridge"]),
    async destroy() {
      await lab.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Tenant `number` with its block, its network 10.0.0.0/24 (as every tenant here) and what else it routes. */
export function tenant(
  { gateway, controlPlane }: AgentLab,
  number: number,
  change: Partial<TenantValue> = {},
  networks: string[] = [],
): Entry[] {
  // biome-ignore format: one line
  return [
    {
      kind: "tenant",
      id: tenantId(number),
      value: {
        ...plainTenant,
        number,
        name: `tenant ${number}`,
        label: `tenant-${number}`,
        blocks: [`100.64.${number * 16}.0/20`],
        ...change,
      },
    },
    ...["10.0.0.0/24", ...networks].map((cidr, n) => ({ kind: "network" as const, id: uuid(500 + n), value: { cidr } })),
    {
      kind: "uplink",
      id: controlPlane.gatewayId,
      value: { interface: `up-${number}`, nextHop: gateway.nextHop(number) },
    },
  ];
}

const addressOf = (tenantNumber: number, n: number) => `100.64.${tenantNumber * 16}.${n}`;
export const groupId = (n: number) => uuid(300 + n);
export const policyId = (n: number) => uuid(400 + n);
export const deviceId = (n: number) => uuid(200 + n);
export const tcp = (at: number): PolicyRule => ({ protocol: "tcp", from: at, to: at });
export const udp = (at: number): PolicyRule => ({ protocol: "udp", from: at, to: at });
export const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

export const device = (n: number, address: string, groups: number[], change: Partial<DeviceValue> = {}): Entry => ({
  kind: "device",
  id: deviceId(n),
  value: {
    ...plainDevice,
    name: `device ${n}`,
    label: `device-${n}`,
    address,
    groups: groups.map(groupId).sort(),
    ...change,
  },
});

export const policy = (n: number, groups: number[], rules: PolicyRule[]): Entry => ({
  kind: "policy",
  id: policyId(n),
  value: { name: `policy ${n}`, isEnabled: true, groups: groups.map(groupId).sort(), rules },
});

export const grant = (n: number, account: string, groups: number[], rules: PolicyRule[], until: string): Entry => ({
  kind: "grant",
  id: uuid(600 + n),
  value: { account, groups: groups.map(groupId).sort(), rules, until },
});

function inline(tag: string, content: string): string {
  return `<${tag}>\n${content.trim()}\n</${tag}>`;
}
