/**
 * One gateway with the whole agent, as its one file, in a lab: enrolled, configured, and driven by a control plane of the
 * test's own. Its documents are kept here too, so that a test can hold real packets to `decide()`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { ProfileParts } from "@/app/_profile/profile";
import type { GatewayConfig, ProcessConfig } from "@/gateway/protocol/api";
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
import { buildAgent, hashLabPassword, issueLabClient, startLabAgent } from "./lab-agent";
import { createLab, type Lab, type LabGateway, type LabPerson } from "./network";
import { listRuleset } from "./ruleset";
import type { TestControlPlane } from "./test-control-plane";
import { startVpnClient, type VpnClient } from "./vpn-client";

export const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export interface LabVpnPerson extends LabPerson {
  tenantNumber: number;
  accountId: string;
  vpnAddress: string;
  fingerprint: string;
  profile: string;
  /** PEM each, for a profile as the portal makes it. */
  identity: Pick<ProfileParts, "ca" | "certificate" | "privateKey" | "tlsCryptV2Key">;
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
  /** @param options as `startVpnClient` takes them */
  connect(
    person: Pick<LabVpnPerson, "namespace" | "profile">,
    options?: { openvpn?: string; isCurious?: boolean },
  ): VpnClient;
  account(person: LabVpnPerson, change?: Partial<AccountValue>): Entry;
  kill(signal: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
  /** As `listRuleset`. */
  ruleset(): Promise<string>;
  destroy(): Promise<void>;
}

export const tenantId = (number: number) => uuid(number);
const password = "a password of the lab";
const port = 1194;

/**
 * @param processes beside the one over UDP at 1194
 * @param more of the gateway's configuration
 */
export async function createAgentLab(
  number: number,
  processes: ProcessConfig[] = [],
  more: Pick<GatewayConfig, "oldClients"> = {},
): Promise<AgentLab> {
  const folder = mkdtempSync(join(tmpdir(), `agentlab${number}-`));
  buildAgent(folder);
  const passwordHash = await hashLabPassword(password);
  const lab = await createLab(number);
  const gateway = await lab.addGateway();
  const config = { processes: [{ name: `udp-${port}`, protocol: "udp" as const, port }, ...processes], ...more };
  const agent = await startLabAgent(lab, folder, gateway, { config });
  const { controlPlane } = agent;
  const documents = new Map<number, TenantDocument>();
  const documentOf = (tenantNumber: number) => {
    const document = documents.get(tenantNumber) ?? emptyDocument(tenantId(tenantNumber));
    documents.set(tenantNumber, document);
    return document;
  };

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
      const { fingerprint, ...client } = issueLabClient(folder, accountId, controlPlane);
      const profile = client.profile(agent, config.processes[0]!);
      const { certificate, key: privateKey, tlsCryptV2Key } = client;
      const identity = { ca: controlPlane.gatewayAuthority.certificate, certificate, privateKey, tlsCryptV2Key };
      return { ...place, tenantNumber, accountId, vpnAddress: addressOf(tenantNumber, n), fingerprint, profile, identity }; // biome-ignore format: one line
    },
    connect: ({ namespace, profile }, options = {}) =>
      startVpnClient(lab, namespace, folder, { profile, password, ...options }),
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
    kill: agent.kill,
    restart: agent.start,
    ruleset: () => listRuleset(lab, gateway.namespace),
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
