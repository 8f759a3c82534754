/**
 * What a gateway must enforce for one tenant: a flat set of entries, each addressed by kind and id.
 *
 * The control plane keeps one row an entry with the tenant revision at which it last changed, so what changed between
 * two revisions is one indexed read, and its cost follows the change and not the tenant. A reference to an entry that
 * is not there grants nothing: default deny needs no referential integrity.
 */
import type { AccountId, DeviceId, GatewayId, GrantId, GroupId, PolicyId, TenantId } from "./ids";

export type TenantState = "active" | "suspended";

export type SecondSession = "replace" | "refuse";

export interface TenantValue {
  /** Small positive integer, unique for ever; names the tenant in the kernel (routing table, chain and set names). */
  number: number;
  name: string;
  /** Names the tenant in DNS, e.g. `harbour` in `crane.harbour.vpn`. */
  label: string;
  state: TenantState;
  /** What becomes of an account's second connection: it takes the first's place, or is turned away. */
  secondSession: SecondSession;
  /** CIDRs of the platform's range from which this tenant's stable addresses are cut, e.g. `100.64.16.0/20`. */
  blocks: string[];
}

/** A network of the tenant's, behind the gateways. */
export interface NetworkValue {
  cidr: string;
}

/** How one gateway reaches the tenant's networks: an interface of that gateway, and the next hop on it if any. */
export interface UplinkValue {
  interface: string;
  nextHop: string | null;
}

/** Blocked for a while: turned away at the door, and its packets dropped in the kernel, until then. */
export interface Hold {
  /** ISO 8601 in UTC. */
  until: string;
  /** Said at a refused attempt. */
  reason: string;
}

/** The most that one session may carry, in kbit/s, as seen from the client. */
export interface RateLimit {
  down: number;
  up: number;
}

export type AccountState = "active" | "revoked";

export interface AccountValue {
  name: string;
  state: AccountState;
  /** Said to the person at a refused attempt, when `state` is not active. */
  reason: string | null;
  /** Stable address, a /32 of the tenant's blocks. */
  address: string;
  /** argon2id, PHC string; null while no password that opens the VPN is set. */
  passwordHash: string | null;
  /** The temporary password was not yet changed: the VPN stays shut. */
  mustChangePassword: boolean;
  /** SHA-256 of each accepted certificate's DER, lower-case hex without colons, sorted. */
  fingerprints: string[];
  /** Policies that name this account, sorted. */
  policies: PolicyId[];
  hold: Hold | null;
  /** Null: as fast as it goes. */
  rate: RateLimit | null;
}

/** How a device is reached: by the tenant's network behind the gateway, or by a tunnel of its own. */
export type Attachment = "routed" | "openvpn";

export interface DeviceValue {
  name: string;
  /** Names the device in DNS, below its tenant. */
  label: string;
  attachment: Attachment;
  /** Routed: in one of the tenant's networks. On openvpn: its stable address, a /32 of the tenant's blocks. */
  address: string;
  /** As an account's; none for a routed device. */
  fingerprints: string[];
  hold: Hold | null;
  /** Groups that hold this device, sorted. */
  groups: GroupId[];
}

export type Protocol = "tcp" | "udp" | "icmp";

/** One line of a policy. `from`..`to` are destination ports, inclusive, 1 to 65535; both null means every port (and icmp has none). */
export interface PolicyRule {
  protocol: Protocol;
  from: number | null;
  to: number | null;
}

export interface PolicyValue {
  name: string;
  isEnabled: boolean;
  /** Device groups that it opens, sorted. */
  groups: GroupId[];
  rules: PolicyRule[];
}

/** What a policy gives, to one account and for a while: the kernel's rule lapses at `until` by itself. */
export interface GrantValue {
  account: AccountId;
  /** Device groups that it opens, sorted. */
  groups: GroupId[];
  rules: PolicyRule[];
  /** ISO 8601 in UTC. */
  until: string;
}

export interface EntryValues {
  /** One, its id the tenant's. */
  tenant: TenantValue;
  network: NetworkValue;
  /** Its id is the gateway's. */
  uplink: UplinkValue;
  account: AccountValue;
  device: DeviceValue;
  policy: PolicyValue;
  grant: GrantValue;
}

export type EntryKind = keyof EntryValues;

/** One entry as it now stands; a null value says that it is gone. */
export type Entry = { [K in EntryKind]: { kind: K; id: string; value: EntryValues[K] | null } }[EntryKind];

/** The assembled document of one tenant, as `decide` and the compiler read it. */
export interface TenantDocument {
  tenantId: TenantId;
  revision: number;
  tenant: TenantValue | null;
  networks: Map<string, NetworkValue>;
  uplinks: Map<GatewayId, UplinkValue>;
  accounts: Map<AccountId, AccountValue>;
  devices: Map<DeviceId, DeviceValue>;
  policies: Map<PolicyId, PolicyValue>;
  grants: Map<GrantId, GrantValue>;
}

export function emptyDocument(tenantId: TenantId): TenantDocument {
  return {
    tenantId,
    revision: 0,
    tenant: null,
    networks: new Map(),
    uplinks: new Map(),
    accounts: new Map(),
    devices: new Map(),
    policies: new Map(),
    grants: new Map(),
  };
}

/** Puts one entry into the document in place. */
export function putEntry(document: TenantDocument, entry: Entry): void {
  if (entry.kind === "tenant") {
    document.tenant = entry.value;
    return;
  }
  const map = document[collections[entry.kind]] as Map<string, unknown>;
  if (entry.value === null) map.delete(entry.id);
  else map.set(entry.id, entry.value);
}

/** Every entry of a document, in no promised order. */
export function* entriesOf(document: TenantDocument): Generator<Entry> {
  if (document.tenant) yield { kind: "tenant", id: document.tenantId, value: document.tenant };
  for (const kind of Object.keys(collections) as (keyof typeof collections)[]) {
    for (const [id, value] of document[collections[kind]]) yield { kind, id, value } as Entry;
  }
}

const collections = {
  network: "networks",
  uplink: "uplinks",
  account: "accounts",
  device: "devices",
  policy: "policies",
  grant: "grants",
} as const satisfies Record<Exclude<EntryKind, "tenant">, keyof TenantDocument>;
