/**
 * Several gateways of one platform in a lab, each with its agent, for tests and benches of what happens between them: one
 * tenant with one site, people with profiles as the portal makes them.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assembleProfile } from "@/app/_profile/profile";
import type { AccountValue, Entry } from "@/gateway/protocol/document";
import { plainAccount, plainDevice, plainTenant } from "@/gateway/testing/values";
import { buildAgent, hashLabPassword, issueLabClient, type LabAgent, startLabAgent } from "./lab-agent";
import { createLab, type Lab, type LabPerson } from "./network";
import { startVpnClient, type VpnClient } from "./vpn-client";

export interface Fleet {
  lab: Lab;
  folder: string;
  gateways: LabAgent[];
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
const fronts = [
  { protocol: "udp" as const, port: frontPort },
  { protocol: "tcp" as const, port: frontPort },
];

export async function createFleet(labNumber: number, gatewayCount: number): Promise<Fleet> {
  const folder = mkdtempSync(join(tmpdir(), "fleet-"));
  buildAgent(folder);
  const passwordHash = await hashLabPassword(password);
  const lab = await createLab(labNumber);
  const gateways: LabAgent[] = [];
  const people: FleetPerson[] = [];
  const entriesOf = ({ controlPlane, gateway }: LabAgent): Entry[] => [
    {
      kind: "tenant",
      id: tenantId,
      value: { ...plainTenant, name: "Harbour", blocks: ["100.64.16.0/20"] },
    },
    { kind: "network", id: uuid(50), value: { cidr: "10.0.0.0/24" } },
    { kind: "uplink", id: controlPlane.gatewayId, value: { interface: "up-1", nextHop: gateway.nextHop(1) } },
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
    const authTokenSecret = randomBytes(32).toString("hex");
    for (let n = 1; n <= gatewayCount; n++) {
      const platform = { ...gateways[0]?.controlPlane.authorities, gatewayId: uuid(0xf0 + n) };
      const config = { processes, fronts, authTokenSecret };
      const env = { LOG_LEVEL: "debug" };
      gateways.push(await startLabAgent(lab, folder, await lab.addGateway(), { ...platform, config, env }));
    }
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
      const [{ controlPlane }] = gateways as [LabAgent];
      const { key, fingerprint, ...parts } = issueLabClient(folder, accountId, controlPlane);
      const profile = assembleProfile({
        tenantName: "Harbour",
        accountName: `person ${number}`,
        email: `person-${number}@harbour.example`,
        accountId,
        at: new Date(),
        remotes: (["udp", "tcp"] as const).flatMap((protocol) =>
          gateways.map(({ gateway }) => ({ host: gateway.wanAddress, port: frontPort, protocol })),
        ),
        ca: controlPlane.gatewayAuthority.certificate,
        certificate: parts.certificate,
        tlsCryptV2Key: parts.tlsCryptV2Key,
        privateKey: key,
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

function must({ status, body }: { status: number; body: unknown }): void {
  if (status !== 200) throw new Error(`the gateway answered ${status}: ${JSON.stringify(body)}`);
}
