/**
 * Who asks, and what they may be told: people by their stable address, devices by name and by address; and whose an
 * address is that was refused something, and which devices a group holds. Follows the documents change by change; a tenant of which nobody asks costs its
 * blocks alone.
 */
import { clock } from "../clock";
import { formatAddress, parseAddress, parseCidr } from "../protocol/addresses";
import { decide } from "../protocol/decide";
import type { AccountValue, DeviceValue, PolicyRule, TenantDocument, TenantValue } from "../protocol/document";
import type { AccountId, DeviceId, GroupId, TenantId } from "../protocol/ids";
import type { EntryChange } from "../state/entry-change";

export interface Asker {
  document: TenantDocument;
  accountId: AccountId;
}

interface TenantIndex {
  accounts: Map<string, AccountId>;
  devicesByLabel: Map<string, DeviceId>;
  devicesByAddress: Map<string, DeviceId>;
  devicesByGroup: Map<GroupId, Set<DeviceId>>;
}

export class Directory {
  /** Tenant by `prefix base` of its blocks, and how many there are of each prefix. */
  readonly #blocks = new Map<string, TenantId>();
  readonly #prefixes = new Map<number, number>();
  readonly #indexes = new Map<TenantId, TenantIndex>();

  constructor(private readonly get: (tenantId: TenantId) => TenantDocument | undefined) {}

  add({ tenantId, tenant }: TenantDocument): void {
    this.#putBlocks(tenantId, null, tenant);
  }

  /** Call once an entry was changed in its document. */
  follow(tenantId: TenantId, { kind, id, before, after }: EntryChange): void {
    if (kind === "tenant") this.#putBlocks(tenantId, before, after);
    const index = this.#indexes.get(tenantId);
    if (!index) return;
    if (kind === "account") put(index.accounts, id, before?.address, after?.address);
    if (kind === "device") putDevice(index, id, before, after);
  }

  /** The person whose stable address it is; nobody for a device's. */
  findAsker(address: string): Asker | undefined {
    const document = this.#findTenant(address);
    const accountId = document && this.#index(document).accounts.get(address);
    return accountId ? { document, accountId } : undefined;
  }

  /** A device that the asker may reach, on whichever port. Others are as if they were not there. */
  findByLabel({ document, accountId }: Asker, label: string): DeviceValue | undefined {
    const deviceId = this.#index(document).devicesByLabel.get(label);
    return deviceId && mayReach(document, accountId, deviceId) ? document.devices.get(deviceId) : undefined;
  }

  findByAddress({ document, accountId }: Asker, address: string): DeviceValue | undefined {
    const deviceId = this.#index(document).devicesByAddress.get(address);
    return deviceId && mayReach(document, accountId, deviceId) ? document.devices.get(deviceId) : undefined;
  }

  /** As `AddressBook` of firewall/refused.ts wants it. */
  findSender(address: string) {
    const document = this.#findTenant(address);
    const index = document && this.#index(document);
    const accountId = index?.accounts.get(address) ?? null;
    const deviceId = accountId ? null : (index?.devicesByAddress.get(address) ?? null);
    return document && (accountId ?? deviceId) ? { document, accountId, deviceId } : undefined;
  }

  /** The devices of a group, whoever asks. */
  *devicesIn(document: TenantDocument, group: GroupId): Generator<DeviceValue> {
    for (const id of this.#index(document).devicesByGroup.get(group) ?? []) {
      const device = document.devices.get(id);
      if (device) yield device;
    }
  }

  /** Whoever asks: it is not for them. */
  findDevice(document: TenantDocument, address: string): DeviceId | undefined {
    return this.#index(document).devicesByAddress.get(address);
  }

  #findTenant(address: string): TenantDocument | undefined {
    const value = parseAddress(address);
    for (const prefix of this.#prefixes.keys()) {
      const tenantId = this.#blocks.get(`${prefix} ${value - (value % 2 ** (32 - prefix))}`);
      if (tenantId) return this.get(tenantId);
    }
    return undefined;
  }

  #index(document: TenantDocument): TenantIndex {
    let index = this.#indexes.get(document.tenantId);
    if (!index) {
      index = {
        accounts: new Map(),
        devicesByLabel: new Map(),
        devicesByAddress: new Map(),
        devicesByGroup: new Map(),
      };
      for (const [id, account] of document.accounts) put(index.accounts, id, undefined, account.address);
      for (const [id, device] of document.devices) putDevice(index, id, null, device);
      this.#indexes.set(document.tenantId, index);
    }
    return index;
  }

  #putBlocks(tenantId: TenantId, before: TenantValue | null, after: TenantValue | null): void {
    for (const [blocks, sign] of [[before?.blocks ?? [], -1] as const, [after?.blocks ?? [], 1] as const])
      for (const block of blocks) {
        const { prefix, base } = parseCidr(block);
        const key = `${prefix} ${base}`;
        if (sign > 0) this.#blocks.set(key, tenantId);
        else if (this.#blocks.get(key) === tenantId) this.#blocks.delete(key);
        const count = (this.#prefixes.get(prefix) ?? 0) + sign;
        if (count > 0) this.#prefixes.set(prefix, count);
        else this.#prefixes.delete(prefix);
      }
    if (after === null) this.#indexes.delete(tenantId);
  }
}

/** Asks the one decision about every port at which some rule of the account's could open the device. */
export function mayReach(
  document: TenantDocument,
  accountId: AccountId,
  deviceId: DeviceId,
  at = clock.now(),
): boolean {
  const account = document.accounts.get(accountId);
  const device = document.devices.get(deviceId);
  if (!account || !device) return false;
  return rulesFor(document, accountId, account, device).some(
    ({ protocol, from }) =>
      decide(document, { accountId, deviceId, protocol, port: protocol === "icmp" ? null : (from ?? 1) }, at).allow,
  );
}

function rulesFor(
  { policies, grants }: TenantDocument,
  accountId: AccountId,
  account: AccountValue,
  device: DeviceValue,
): PolicyRule[] {
  const opens = (groups: readonly string[]) => groups.some((group) => device.groups.includes(group));
  const ofPolicies = account.policies.flatMap((id) => policies.get(id) ?? []);
  const ofGrants = [...grants.values()].filter(({ account: id }) => id === accountId);
  return [...ofPolicies, ...ofGrants].filter(({ groups }) => opens(groups)).flatMap(({ rules }) => rules);
}

function putDevice(index: TenantIndex, id: DeviceId, before: DeviceValue | null, after: DeviceValue | null): void {
  put(index.devicesByLabel, id, before?.label, after?.label);
  put(index.devicesByAddress, id, before?.address, after?.address);
  for (const group of before?.groups ?? []) index.devicesByGroup.get(group)?.delete(id);
  for (const group of after?.groups ?? [])
    index.devicesByGroup.set(group, (index.devicesByGroup.get(group) ?? new Set()).add(id));
}

/** The control plane keeps keys unique; where it erred, the last one said has it. */
function put(map: Map<string, string>, id: string, before: string | undefined, after: string | undefined): void {
  if (before !== undefined && before !== after && map.get(before) === id) map.delete(before);
  if (after !== undefined) map.set(after, id);
}

/** `4.3.2.1.in-addr.arpa` → `1.2.3.4`; undefined for what names no address. */
export function addressOfReverse(name: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name);
  if (!match) return undefined;
  try {
    return formatAddress(parseAddress(match.slice(1).reverse().join(".")));
  } catch {
    return undefined;
  }
}
