/**
 * The session ledger's wire form. Events are spooled to disk by the gateway and numbered without gaps within an epoch
 * (an epoch lasts as long as the gateway's state folder, and ends where that is put back from an older copy); the control plane commits rows and cursor in one transaction
 * and only then do they leave the spool. Times are ISO 8601 in UTC, by the gateway's clock.
 */
import type { PolicyRule, Protocol } from "./document";
import type { AccountId, DeviceId, PolicyId, SessionId, TenantId } from "./ids";

export type RefusalCode =
  | "certificate_unknown"
  | "certificate_mismatch"
  | "name_too_long"
  | "password_missing"
  | "password_wrong"
  | "password_must_change"
  | "account_revoked"
  | "held"
  | "tenant_suspended"
  | "too_many_attempts"
  | "not_ready"
  /** The gateway is in maintenance, or the process drains: the client goes elsewhere by itself. */
  | "going_elsewhere"
  /** openvpn turned it away by itself, before anybody was asked: `reason` says for what, and how often within a minute. */
  | "not_admitted"
  /** The tenant has an account's older session stay, and it is live. */
  | "already_connected";

export type DisconnectCode =
  | "left"
  | "timed_out"
  /** A newer session of the account or the device took its place. */
  | "replaced"
  /** An older session of the account keeps its place. */
  | "refused"
  | "revoked"
  | "kicked"
  /** Sent away by a drain, to connect again elsewhere. */
  | "drained"
  | "process_ended"
  | "unknown";

/** Whose a session is: a person's account or a device, exactly one of them. */
export interface Holder {
  tenantId: TenantId;
  accountId: AccountId | null;
  /** Absent is null, as in what was written before devices had sessions. */
  deviceId?: DeviceId | null;
}

export interface SessionStart extends Holder {
  sessionId: SessionId;
  /** Random id of one run of one openvpn process; with `clientId` it names the connection in that process. */
  processBoot: string;
  clientId: number;
  /** Name of the process on the gateway, e.g. `udp-1194`. */
  process: string;
  /** As the gateway sees the client: `address`, its port to follow (see `moved`), or `address:port`. */
  realAddress: string;
  vpnAddress: string;
  fingerprint: string;
  /** IV_VER, e.g. `2.6.14`; null where the client did not say. */
  clientVersion: string | null;
  /** IV_PLAT, e.g. `linux`. */
  platform: string | null;
  /** Negotiated data-channel cipher, e.g. `AES-256-GCM`. */
  cipher: string | null;
  connectedAt: string;
}

export interface SessionBytes {
  sessionId: SessionId;
  tenantId: TenantId;
  /** As in the session's start; it names the partition. */
  connectedAt: string;
  /** Totals since the connection began, as seen from the gateway: received from the client, sent to it. */
  received: number;
  sent: number;
}

/** Readings of a tenant's sessions at one moment: columns of equal length, as `SessionBytes` has them. */
export interface TenantTotals {
  tenantId: TenantId;
  sessionIds: SessionId[];
  connectedAts: string[];
  received: number[];
  sent: number[];
}

/** What policies of a tenant let through, both ways, since they were last told: columns of equal length. */
export interface PolicyUse {
  tenantId: TenantId;
  policyIds: PolicyId[];
  bytes: number[];
  packets: number[];
  /** The same by rule, none twice; agents before it did not tell. */
  rules?: RuleUse[];
}

export interface RuleUse {
  policyId: PolicyId;
  rule: PolicyRule;
  bytes: number;
  packets: number;
}

/** Rules that agents put into one event at most: some 200 kB. */
export const maxRuleUses = 1_000;

/** What of a tenant's people and devices no policy and no grant gave, since it was last told. */
export interface RefusedPackets {
  tenantId: TenantId;
  flows: RefusedFlow[];
}

/** Packets from one sender to one port of one address. */
export interface RefusedFlow {
  /** Whose stable address sent them: exactly one of the two. */
  accountId: AccountId | null;
  deviceId: DeviceId | null;
  destination: string;
  /** The tenant's device that has the destination's address; null where none has. */
  targetId: DeviceId | null;
  protocol: Protocol;
  /** Null for icmp. */
  port: number | null;
  packets: number;
  /** Absent where nothing gives it. */
  reason?: RefusalReason;
}

/** The sender, or its tenant, has as many connections as the gateway keeps for one. */
export type RefusalReason = "too_many_connections";

/** Flows that agents put into one event at most: some 150 kB. */
export const maxRefusedFlows = 500;

/** Readings of sessions that agents put into one event at most: some 200 kB. */
export const maxReadings = 2_000;

export type EventBody =
  | ({ type: "connected" } & SessionStart)
  /** Totals that changed since they were last told; no session twice. */
  | { type: "totals"; tenants: TenantTotals[] }
  /** One reading; agents tell `totals` instead. */
  | ({ type: "bytes" } & SessionBytes)
  /** The client's `address:port`, once it is known and when it changes. */
  | { type: "moved"; sessionId: SessionId; tenantId: TenantId; connectedAt: string; realAddress: string }
  | ({ type: "disconnected"; code: DisconnectCode; reason: string | null } & SessionBytes)
  /** No policy twice; those that let nothing through are left out. */
  | { type: "used"; tenants: PolicyUse[] }
  /** A sample, within the bounds of the gateway's kernel (firewall/base.ts); no flow twice. */
  | { type: "refused_packets"; tenants: RefusedPackets[] }
  | {
      type: "refused";
      /** Null where the certificate names nobody that this gateway knows. */
      tenantId: TenantId | null;
      accountId: AccountId | null;
      deviceId?: DeviceId | null;
      code: RefusalCode;
      reason: string;
      realAddress: string;
      process: string;
    }
  /** Every session that is live now, once an interval: a lost event heals by it, and the page can say when it was last confirmed. */
  | { type: "confirmed"; tenants: { tenantId: TenantId; sessionIds: SessionId[] }[] };

export type GatewayEvent = EventBody & { sequence: number; at: string };
