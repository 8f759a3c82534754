/**
 * Devices and device groups. A routed device's address lies in one of its tenant's networks and is its own within the
 * tenant; one on openvpn dials in by itself, and is given a stable address of the tenant's blocks. Every change reaches the
 * gateways as a revision.
 */
import type { z } from "zod";
import { isInside, parseAddress, parseCidr } from "@/gateway/protocol/addresses";
import type { DeviceValue, Entry } from "@/gateway/protocol/document";
import { audit } from "../core/audit";
import type { AuditAction } from "../core/audit-actions";
import { lockTenant, type TenantScope } from "../core/db";
import { env } from "../core/env";
import { AppError, conflict, invalid, isUniqueViolation, notFound } from "../core/errors";
import { currentHold, holdOf, noHold } from "../core/hold";
import { bareAddress, withPrefix } from "../core/inet";
import { type Page, skipTake } from "../core/listing";
import { inOrder, type Listing, pageOf } from "../core/page";
import { type DeviceAttachment, Prisma } from "../core/prisma/client";
import { searchConditions, searchWords } from "../core/search";
import { showing } from "../core/showing";
import { noAddress } from "../core/text";
import { publish } from "../revisions/revisions";
import { allocateAddress, releaseAddress } from "../tenants/tenants";
import { chooseLabel } from "./label";
import { findRival, type Presence, presenceOf, type Rival } from "./presence";
import type {
  createDeviceInput,
  createGroupInput,
  listDevicesInput,
  listGroupsInput,
  updateDeviceInput,
  updateGroupInput,
} from "./schema";

export interface DeviceRow {
  id: string;
  name: string;
  description: string;
  address: string;
  attachment: DeviceAttachment;
  /** How people call it: `crane-4.harbour.vpn.internal`. */
  dnsName: string;
  createdAt: Date;
  groups: { id: string; name: string }[];
  /** Null for a routed device, and for one that never connected. */
  presence: Presence | null;
  /** While it stands: blocked until then. */
  hold: { until: Date; reason: string } | null;
}

export async function listDevices(
  scope: TenantScope,
  input: z.infer<typeof listDevicesInput>,
): Promise<Page<DeviceRow>> {
  const { tx, tenantId } = scope;
  const { ids, ...page } = await pageOf(
    tx,
    {
      from: Prisma.sql`devices d`,
      conditions: [
        Prisma.sql`d.tenant_id = ${tenantId}::uuid`,
        ...(input.attachment ? [Prisma.sql`d.attachment = ${input.attachment}::"DeviceAttachment"`] : []),
        ...(input.show.length > 0 ? [showing("device", input.show)] : []),
        ...(input.groupId === "none"
          ? [
              Prisma.sql`NOT EXISTS (SELECT FROM device_group_members m WHERE m.tenant_id = d.tenant_id AND m.device_id = d.id)`,
            ]
          : input.groupId
            ? [
                Prisma.sql`d.id IN (SELECT device_id FROM device_group_members WHERE tenant_id = ${tenantId}::uuid AND group_id = ${input.groupId}::uuid)`,
              ]
            : []),
        ...(await searchConditions(scope, "devices", tenantId, Prisma.sql`d`, input.search)),
      ],
      ...columns[input.sort],
      id: Prisma.sql`d.id`,
    },
    input,
  );
  const devices = await tx.device.findMany({ where: { tenantId, id: { in: ids } }, include: withGroups });
  return { rows: await deviceRows(scope, inOrder(ids, devices)), ...page };
}

const columns = {
  name: { by: Prisma.sql`d.name`, type: "text" },
  address: { by: Prisma.sql`d.address`, type: "inet" },
  createdAt: { by: Prisma.sql`d.created_at`, type: "timestamptz" },
} satisfies Record<z.infer<typeof listDevicesInput>["sort"], Pick<Listing, "by" | "type">>;

export async function getDevice(
  scope: TenantScope,
  deviceId: string,
): Promise<DeviceRow & { rival: Rival | null; takesOldClients: boolean }> {
  const { tx, tenantId } = scope;
  const device = await tx.device.findUnique({
    where: { tenantId_id: { tenantId, id: deviceId } },
    include: withGroups,
  });
  if (!device) throw notFound("device");
  const [row] = await deviceRows(scope, [device]);
  // Whether there is a profile for clients that know no tls-crypt-v2.
  const takesOldClients = env.OLD_CLIENTS_PORT !== undefined;
  return { ...row!, rival: await findRival(scope, deviceId), takesOldClients };
}

/** @returns the device, and the revision by which its receipt is asked for */
export async function createDevice(
  scope: TenantScope,
  input: z.infer<typeof createDeviceInput>,
): Promise<{ device: DeviceRow; revision: number }> {
  const { tx, tenantId } = scope;
  await requireRoomForDevices(scope, 1);
  const { address, entries } =
    input.attachment === "openvpn"
      ? await allocateAddress(scope)
      : { address: await requireInsideNetworks(scope, input.address), entries: [] };
  const label = await chooseLabel(scope, input.name);
  const created = await named("device", () =>
    tx.device.create({
      data: {
        tenantId,
        name: input.name,
        label,
        attachment: input.attachment,
        address,
        description: input.description,
        groups: {
          create: input.groupIds.map((groupId) => ({ group: { connect: { tenantId_id: { tenantId, id: groupId } } } })),
        },
      },
    }),
  );
  const device = await getDevice(scope, created.id);
  const { attachment, groups } = device;
  await audit(scope, {
    action: "devices.create",
    subject: { kind: "device", id: device.id, name: device.name },
    details: { attachment, address: device.address, groups: groups.map((group) => group.name) },
  });
  const revision = await publish(scope, [...(await deviceEntries(scope, [device.id])), ...entries], {
    summary: `added device ${device.name}`,
    subject: { kind: "device", id: device.id },
  });
  return { device, revision };
}

export async function updateDevice(
  scope: TenantScope,
  input: z.infer<typeof updateDeviceInput>,
): Promise<{ device: DeviceRow; revision: number }> {
  const { tx, tenantId } = scope;
  await lockTenant(scope);
  const before = await getDevice(scope, input.deviceId);
  const address = before.attachment === "openvpn" ? before.address : await requireInsideNetworks(scope, input.address);
  const [own] = before.dnsName.split(".");
  const label =
    input.name === before.name ? own! : await chooseLabel(scope, input.name, { id: before.id, label: own! });
  await named("device", async () => {
    await tx.deviceGroupMember.deleteMany({
      where: { tenantId, deviceId: input.deviceId, groupId: { notIn: input.groupIds } },
    });
    await tx.deviceGroupMember.createMany({
      data: input.groupIds.map((groupId) => ({ tenantId, groupId, deviceId: input.deviceId })),
      skipDuplicates: true,
    });
    await tx.device.update({
      where: { tenantId_id: { tenantId, id: input.deviceId } },
      data: { name: input.name, label, address, description: input.description },
    });
  });
  const device = await getDevice(scope, input.deviceId);
  await audit(scope, {
    action: "devices.update",
    subject: { kind: "device", id: device.id, name: device.name },
    details: { before: changeable(before), after: changeable(device) },
  });
  const revision = await publish(scope, await deviceEntries(scope, [device.id]), {
    summary: `changed device ${device.name}`,
    subject: { kind: "device", id: device.id },
  });
  return { device, revision };
}

/** Its stable address, where it has one, rests before anybody else is given it. */
export async function deleteDevice(scope: TenantScope, deviceId: string): Promise<{ revision: number }> {
  const { tx, tenantId } = scope;
  const device = await getDevice(scope, deviceId);
  await tx.device.delete({ where: { tenantId_id: { tenantId, id: deviceId } } });
  await audit(scope, {
    action: "devices.delete",
    subject: { kind: "device", id: device.id, name: device.name },
    details: changeable(device),
  });
  const revision = await publish(scope, [{ kind: "device", id: deviceId, value: null }], {
    summary: `removed device ${device.name}`,
    subject: { kind: "device", id: deviceId },
  });
  if (device.attachment === "openvpn") await releaseAddress(scope, device.address, revision);
  return { revision };
}

export interface GroupRow {
  id: string;
  name: string;
  description: string;
  createdAt: Date;
  deviceCount: number;
  policies: { id: string; name: string; isEnabled: boolean }[];
}

export async function listGroups(
  { tx, tenantId }: TenantScope,
  input: z.infer<typeof listGroupsInput>,
): Promise<Page<GroupRow>> {
  const where: Prisma.DeviceGroupWhereInput = {
    tenantId,
    AND: await searchWords({ tx }, input.search),
  };
  const [groups, total] = await Promise.all([
    tx.deviceGroup.findMany({
      where,
      include: withUses,
      orderBy: [{ [input.sort]: input.order }, { id: "asc" }],
      ...skipTake(input),
    }),
    tx.deviceGroup.count({ where }),
  ]);
  return { rows: groups.map(groupRow), total };
}

export async function getGroup(
  { tx, tenantId }: TenantScope,
  groupId: string,
): Promise<GroupRow & { deviceIds: string[] }> {
  const group = await tx.deviceGroup.findUnique({
    where: { tenantId_id: { tenantId, id: groupId } },
    include: { ...withUses, devices: { select: { deviceId: true } } },
  });
  if (!group) throw notFound("device group");
  return { ...groupRow(group), deviceIds: group.devices.map((member) => member.deviceId) };
}

export async function createGroup(
  scope: TenantScope,
  input: z.infer<typeof createGroupInput>,
): Promise<{ group: GroupRow; revision: number }> {
  const { tx, tenantId } = scope;
  const created = await named("group", () =>
    tx.deviceGroup.create({ data: { tenantId, name: input.name, description: input.description } }),
  );
  return setGroup(scope, created.id, input.deviceIds, "devices.create_group", `added group ${input.name}`);
}

export async function updateGroup(
  scope: TenantScope,
  input: z.infer<typeof updateGroupInput>,
): Promise<{ group: GroupRow; revision: number }> {
  const { tx, tenantId } = scope;
  await getGroup(scope, input.groupId);
  await named("group", () =>
    tx.deviceGroup.update({
      where: { tenantId_id: { tenantId, id: input.groupId } },
      data: { name: input.name, description: input.description },
    }),
  );
  return setGroup(scope, input.groupId, input.deviceIds, "devices.update_group", `changed group ${input.name}`);
}

/** Its devices stay; policies that named it open nothing through it any more. */
export async function deleteGroup(scope: TenantScope, groupId: string): Promise<{ revision: number }> {
  const { tx, tenantId } = scope;
  const group = await getGroup(scope, groupId);
  if (group.policies.length > 0) {
    const names = group.policies.map((policy) => policy.name).join(", ");
    throw new AppError("conflict", `This group is used by ${names}. Take it out of those policies first.`);
  }
  const grants = await tx.grant.count({
    where: { tenantId, endedAt: null, groups: { some: { groupId } } },
  });
  if (grants > 0)
    throw new AppError(
      "conflict",
      "This group is part of a grant that is in force. End it first, or wait until it is over.",
    );
  await tx.deviceGroup.delete({ where: { tenantId_id: { tenantId, id: groupId } } });
  const entries = await deviceEntries(scope, group.deviceIds);
  await audit(scope, {
    action: "devices.delete_group",
    subject: { kind: "group", id: groupId, name: group.name },
    details: { devices: group.deviceIds.length },
  });
  const revision = await publish(scope, entries, {
    summary: `removed group ${group.name}`,
    subject: { kind: "group", id: groupId },
  });
  return { revision };
}

/** The document's entries of these devices as they now stand. */
export async function deviceEntries({ tx, tenantId }: TenantScope, deviceIds: string[]): Promise<Entry[]> {
  const devices = await tx.device.findMany({
    where: { tenantId, id: { in: deviceIds } },
    include: {
      groups: { select: { groupId: true } },
      certificates: { where: { revokedAt: null, notAfter: { gt: new Date() } }, select: { fingerprint: true } },
    },
  });
  return devices.map((device) =>
    deviceEntry({
      ...device,
      address: bareAddress(device.address),
      fingerprints: device.certificates.map(({ fingerprint }) => fingerprint),
      hold: holdOf(device),
      groups: device.groups.map(({ groupId }) => groupId),
    }),
  );
}

/** @returns the entries of those whose hold is over, to be published */
export async function lapseDeviceHolds(scope: TenantScope, now: Date): Promise<Entry[]> {
  const { tx, tenantId } = scope;
  const lapsed = await tx.device.findMany({ where: { tenantId, heldUntil: { lte: now } }, select: { id: true } });
  const ids = lapsed.map(({ id }) => id);
  await tx.device.updateMany({ where: { tenantId, id: { in: ids } }, data: noHold });
  return deviceEntries(scope, ids);
}

async function setGroup(
  scope: TenantScope,
  groupId: string,
  deviceIds: string[],
  action: AuditAction,
  summary: string,
) {
  const { tx, tenantId } = scope;
  const members = await tx.deviceGroupMember.findMany({ where: { tenantId, groupId }, select: { deviceId: true } });
  const before = new Set(members.map((member) => member.deviceId));
  const after = new Set(deviceIds);
  const added = [...after].filter((id) => !before.has(id));
  const removed = [...before].filter((id) => !after.has(id));
  const known = await tx.device.count({ where: { tenantId, id: { in: added } } });
  if (known !== added.length)
    throw invalid("deviceIds", "Some of these devices are gone. Reload the list and choose again.");
  await tx.deviceGroupMember.deleteMany({ where: { tenantId, groupId, deviceId: { in: removed } } });
  await tx.deviceGroupMember.createMany({ data: added.map((deviceId) => ({ tenantId, groupId, deviceId })) });
  const group = await getGroup(scope, groupId);
  await audit(scope, {
    action,
    subject: { kind: "group", id: groupId, name: group.name },
    details: { devices: after.size, added: added.length, removed: removed.length },
  });
  const entries = await deviceEntries(scope, [...added, ...removed]);
  const revision = await publish(scope, entries, { summary, subject: { kind: "group", id: groupId } });
  return { group, revision };
}

/** Asked under the tenant's row lock, so that two at once cannot both take the last place. */
export async function requireRoomForDevices({ tx, tenantId }: TenantScope, wanted: number): Promise<void> {
  const [row] = await tx.$queryRaw<{ max_devices: number; name: string }[]>`
    SELECT p.max_devices, p.name FROM tenants t JOIN plans p ON p.id = t.plan_id WHERE t.id = ${tenantId}::uuid FOR UPDATE OF t`;
  const used = await tx.device.count({ where: { tenantId } });
  if (row && used + wanted > row.max_devices) {
    throw new AppError(
      "limit",
      `The ${row.name} plan allows ${row.max_devices} devices and ${used} are in use. Remove one, or ask your account manager for a larger plan.`,
    );
  }
}

/** @returns the address */
async function requireInsideNetworks({ tx, tenantId }: TenantScope, address: string): Promise<string> {
  if (address === "") throw invalid("address", noAddress);
  const networks = await tx.network.findMany({ where: { tenantId }, orderBy: { cidr: "asc" } });
  const value = parseAddress(address);
  // They do not overlap, so it lies in one at most.
  const within = networks.map(({ cidr }) => withPrefix(cidr)).find((cidr) => isInside(value, parseCidr(cidr)));
  if (within) {
    const { base, size, prefix } = parseCidr(within);
    const what =
      value === base ? "the network's own address" : value === base + size - 1 ? "its broadcast address" : null;
    if (what && prefix < 31) throw invalid("address", `${address} is ${what} in ${within}, which no device can have.`);
    return address;
  }
  const list = networks.map((network) => network.cidr).join(", ");
  throw invalid(
    "address",
    list
      ? `${address} is in none of your networks (${list}). Use an address inside one of them.`
      : "No network is set up for you yet. Ask your account manager to add one, then add devices.",
  );
}

async function named<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error)) {
      if ((error as { code?: string }).code === "P2025" || (error as { code?: string }).code === "P2003")
        throw invalid("groupIds", "One of these groups is gone. Reload the page and choose again.");
      throw error;
    }
    const isAddress = JSON.stringify((error as { meta?: unknown }).meta ?? {}).includes("address");
    throw isAddress
      ? conflict("address", "Another device has this address. Each device needs its own.")
      : conflict("name", `Another ${what} has this name. Choose a different one.`);
  }
}

const withGroups = { groups: { include: { group: { select: { id: true, name: true } } } } } as const;
const withUses = {
  _count: { select: { devices: true } },
  policies: { include: { policy: { select: { id: true, name: true, isEnabled: true } } } },
} as const;

async function deviceRows(
  scope: TenantScope,
  devices: Prisma.DeviceGetPayload<{ include: typeof withGroups }>[],
): Promise<DeviceRow[]> {
  const { tx, tenantId } = scope;
  const { slug } = await tx.tenant.findUniqueOrThrow({ where: { id: tenantId }, select: { slug: true } });
  const dialling = devices.filter(({ attachment }) => attachment === "openvpn");
  const presence = await presenceOf(
    scope,
    dialling.map(({ id }) => id),
  );
  return devices.map(
    ({ id, name, label, attachment, description, createdAt, address, groups, heldUntil, holdReason }) => ({
      id,
      name,
      description,
      attachment,
      createdAt,
      dnsName: `${label}.${slug}.${env.VPN_ZONE}`,
      address: bareAddress(address),
      groups: groups.map((member) => member.group),
      presence: presence.get(id) ?? null,
      hold: currentHold({ heldUntil, holdReason }),
    }),
  );
}

function groupRow(group: Prisma.DeviceGroupGetPayload<{ include: typeof withUses }>): GroupRow {
  const { id, name, description, createdAt } = group;
  return {
    id,
    name,
    description,
    createdAt,
    deviceCount: group._count.devices,
    policies: group.policies.map((use) => use.policy),
  };
}

type Projected = { id: string } & Pick<
  DeviceValue,
  "name" | "label" | "attachment" | "address" | "fingerprints" | "hold" | "groups"
>;

export const deviceEntry = ({
  id,
  name,
  label,
  attachment,
  address,
  fingerprints,
  hold,
  groups,
}: Projected): Entry => ({
  kind: "device",
  id,
  value: {
    name,
    label,
    attachment,
    address,
    fingerprints: fingerprints.toSorted(),
    hold,
    groups: groups.toSorted(),
  },
});

const changeable = ({ name, address, description, groups }: DeviceRow) => ({
  name,
  address,
  description,
  groups: groups.map((group) => group.name),
});
