/**
 * A tenant of any size, written in bulk: for measuring, and to see the screens with it. What the tables say and what is
 * published agree, as after any other change; each batch is one revision.
 */

import { createHash } from "node:crypto";
import { formatAddress, parseCidr } from "../../gateway/protocol/addresses";
import type { Entry, PolicyRule } from "../../gateway/protocol/document";
import { audit } from "../../server/core/audit";
import { inTenant, lockTenant, system, type TenantScope } from "../../server/core/db";
import { hashPassword } from "../../server/core/password";
import { deviceEntry } from "../../server/devices/devices";
import { publish } from "../../server/revisions/revisions";
import { cutBlock, tenantEntry } from "../../server/tenants/tenants";
import { randomOf, uuidOf } from "./deterministic";

export interface LargeSize {
  accounts: number;
  devices: number;
  groups: number;
  policies: number;
}

/** What a tenant of that many accounts has besides. */
export const sizeOf = (accounts: number): LargeSize => ({
  accounts,
  devices: accounts,
  groups: Math.max(1, Math.round(accounts / 50)),
  policies: Math.max(1, Math.round(accounts / 100)),
});

/** Rows a transaction: each ends well within its time, also on a slow machine. */
const batch = 2_000;
/** Devices are numbered from here; the tenant must have this network. */
export const largeNetwork = { name: "Everything", cidr: "10.0.0.0/8" };

/** Of an active tenant that has the network above and nothing else. The accounts all have the password given. */
export async function seedLarge(
  tenantId: string,
  size: LargeSize,
  { password = "large and only for measuring" } = {},
): Promise<void> {
  const id = (kind: string, index: number) => uuidOf(tenantId, kind, index);
  const groupOf = (device: number) => id("group", device % size.groups);
  const policyOf = (account: number) => id("policy", account % size.policies);
  const groupsOf = (policy: number) =>
    [...new Set([policy % size.groups, (policy * 7 + 3) % size.groups])].map((group) => id("group", group)).sort();

  await inBatches(tenantId, "groups and policies", Math.max(size.groups, size.policies), async (scope, from, to) => {
    const groups = upTo(from, Math.min(to, size.groups));
    const policies = upTo(from, Math.min(to, size.policies));
    await scope.tx.deviceGroup.createMany({
      data: groups.map((index) => ({ tenantId, id: id("group", index), name: `Depot ${numbered(index)}` })),
    });
    await scope.tx.policy.createMany({
      data: policies.map((index) => ({
        tenantId,
        id: id("policy", index),
        name: `Crew ${numbered(index)}`,
        rules: rules as object[],
      })),
    });
    return policies.map((index) => ({
      kind: "policy",
      id: id("policy", index),
      value: { name: `Crew ${numbered(index)}`, isEnabled: true, groups: groupsOf(index), rules },
    }));
  });
  await inBatches(tenantId, "uses of groups", size.policies, async (scope, from, to) => {
    const uses = upTo(from, to).flatMap((policy) => groupsOf(policy).map((group) => [id("policy", policy), group]));
    await scope.tx.$executeRaw`INSERT INTO policy_groups (tenant_id, policy_id, group_id)
      SELECT ${tenantId}::uuid, * FROM unnest(${uses.map(([policy]) => policy)}::uuid[], ${uses.map(([, group]) => group)}::uuid[])`;
    return [];
  });

  const firstDevice = parseCidr(largeNetwork.cidr).base + 10;
  await inBatches(tenantId, "devices", size.devices, async (scope, from, to) => {
    const devices = upTo(from, to).map((index) => ({
      id: id("device", index),
      name: `Signal ${numbered(index)}`,
      label: `signal-${numbered(index)}`,
      address: formatAddress(firstDevice + index),
      group: groupOf(index),
    }));
    const column = (name: keyof (typeof devices)[number]) => devices.map((device) => device[name]);
    await scope.tx.$executeRaw`INSERT INTO devices (tenant_id, id, name, label, address)
      SELECT ${tenantId}::uuid, id, name, label, address::inet
      FROM unnest(${column("id")}::uuid[], ${column("name")}::text[], ${column("label")}::text[], ${column("address")}::text[])
        AS d (id, name, label, address)`;
    await scope.tx.$executeRaw`INSERT INTO device_group_members (tenant_id, group_id, device_id)
      SELECT ${tenantId}::uuid, * FROM unnest(${column("group")}::uuid[], ${column("id")}::uuid[])`;
    return devices.map(({ group, ...device }) =>
      deviceEntry({ ...device, attachment: "routed", fingerprints: [], hold: null, groups: [group] }),
    );
  });

  const passwordHash = await hashPassword(password);
  const random = randomOf(1);
  await inBatches(tenantId, "accounts", size.accounts, async (scope, from, to) => {
    const { addresses, entries } = await takeAddresses(scope, to - from);
    const accounts = upTo(from, to).map((index, at) => ({
      id: id("account", index),
      name: nameOf(random),
      email: `person-${numbered(index)}@large.example`,
      address: addresses[at]!,
      policy: policyOf(index),
      certificate: id("certificate", index),
      fingerprint: createHash("sha256").update(id("certificate", index)).digest("hex"),
    }));
    const column = (name: keyof (typeof accounts)[number]) => accounts.map((account) => account[name]);
    await scope.tx
      .$executeRaw`INSERT INTO accounts (tenant_id, id, name, email, address, password_hash, must_change_password)
      SELECT ${tenantId}::uuid, id, name, email, address::inet, ${passwordHash}, false
      FROM unnest(${column("id")}::uuid[], ${column("name")}::text[], ${column("email")}::text[], ${column("address")}::text[])
        AS a (id, name, email, address)`;
    await scope.tx.$executeRaw`INSERT INTO policy_accounts (tenant_id, policy_id, account_id)
      SELECT ${tenantId}::uuid, * FROM unnest(${column("policy")}::uuid[], ${column("id")}::uuid[])`;
    await scope.tx
      .$executeRaw`INSERT INTO certificates (tenant_id, id, account_id, serial, fingerprint, not_before, not_after)
      SELECT ${tenantId}::uuid, id, account, fingerprint, fingerprint, now(), now() + interval '1 year'
      FROM unnest(${column("certificate")}::uuid[], ${column("id")}::uuid[], ${column("fingerprint")}::text[])
        AS c (id, account, fingerprint)`;
    return [
      ...entries,
      ...accounts.map(
        ({ id, name, address, policy, fingerprint }): Entry => ({
          kind: "account",
          id,
          value: {
            name,
            address,
            state: "active",
            reason: null,
            passwordHash,
            mustChangePassword: false,
            fingerprints: [fingerprint],
            policies: [policy],
            hold: null,
            rate: null,
          },
        }),
      ),
    ];
  });
}

const rules: PolicyRule[] = [
  { protocol: "tcp", from: 22, to: 22 },
  { protocol: "tcp", from: 80, to: 80 },
];

async function inBatches(
  tenantId: string,
  what: string,
  count: number,
  work: (scope: TenantScope, from: number, to: number) => Promise<Entry[]>,
): Promise<void> {
  for (let from = 0; from < count; from += batch) {
    const to = Math.min(from + batch, count);
    await inTenant(system, tenantId, async (scope) => {
      await lockTenant(scope);
      const entries = await work(scope, from, to);
      const subject = { kind: "tenant", id: tenantId };
      await audit(scope, {
        action: "seed.large",
        subject: { ...subject, name: what },
        details: { from, to },
      });
      if (entries.length > 0)
        await publish(scope, entries, { summary: `filled in ${what} ${from + 1} to ${to}`, subject });
    });
  }
}

/** As many of the tenant's stable addresses, cutting blocks as they are needed. */
async function takeAddresses(scope: TenantScope, wanted: number): Promise<{ addresses: string[]; entries: Entry[] }> {
  const { tx, tenantId } = scope;
  const blocks = await tx.addressBlock.findMany({ where: { tenantId }, orderBy: { id: "asc" } });
  const addresses: string[] = [];
  let isCut = false;
  for (let index = 0; addresses.length < wanted; index++) {
    isCut ||= index >= blocks.length;
    const block = blocks[index] ?? (await cutBlock(scope));
    const { base, size } = parseCidr(block.cidr);
    const taken = Math.min(wanted - addresses.length, size - 1 - block.nextOffset);
    if (taken <= 0) continue;
    for (let offset = 0; offset < taken; offset++) addresses.push(formatAddress(base + block.nextOffset + offset));
    await tx.addressBlock.update({
      where: { tenantId_id: { tenantId, id: block.id } },
      data: { nextOffset: block.nextOffset + taken },
    });
  }
  return { addresses, entries: isCut ? [await tenantEntry(scope)] : [] };
}

const upTo = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
const numbered = (index: number) => String(index + 1).padStart(6, "0");

const firstNames =
  "Ada Bram Chidi Dana Elif Farid Greta Hugo Imani Jorge Kaja Liam Mei Noor Otto Pia Ravi Sofia Teun Yara".split(" ");
const lastNames =
  "Aalto Bauer Costa Dubois Eze Fischer Garcia Haddad Ito Jansen Kaya Larsen Moreau Novak Okoro Petrov Rossi Silva Tanaka Weber".split(
    " ",
  );
const nameOf = (random: () => number) =>
  `${firstNames[Math.floor(random() * firstNames.length)]} ${lastNames[Math.floor(random() * lastNames.length)]}`;
