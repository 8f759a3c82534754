/**
 * The session ledger's wire form. Events are spooled to disk by the gateway and numbered without gaps within an epoch
 * (an epoch lasts as long as the gateway's state folder); the control plane commits rows and cursor in one transaction
 * and only then do they leave the spool. Times are ISO 8601 in UTC, by the gateway's clock.
 */
import type { AccountId, SessionId, TenantId } from "./ids";

export type RefusalCode =
  | "certificate_unknown"
  | "certificate_mismatch"
  | "password_missing"
  | "password_wrong"
  | "password_must_change"
  | "account_revoked"
  | "tenant_suspended"
  | "too_many_attempts"
  /** The tenant has an account's older session stay, and it is live. */
  | "already_connected"
  | "not_ready";

export type DisconnectCode =
  | "left"
  | "timed_out"
  /** A newer session of the account took its place. */
  | "replaced"
  /** An older session of the account keeps its place. */
  | "refused"
  | "revoked"
  | "kicked"
  | "process_ended"
  | "unknown";

export interface SessionStart {
  sessionId: SessionId;
  tenantId: TenantId;
  accountId: AccountId;
  /** Random id of one run of one openvpn process; with `clientId` it names the connection in that process. */
  processBoot: string;
  clientId: number;
  /** Name of the process on the gateway, e.g. `udp-1194`. */
  process: string;
  /** `address:port` as the gateway sees the client. */
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

export type EventBody =
  | ({ type: "connected" } & SessionStart)
  | ({ type: "bytes" } & SessionBytes)
  | ({ type: "disconnected"; code: DisconnectCode; reason: string | null } & SessionBytes)
  | {
      type: "refused";
      /** Null where the certificate names nobody that this gateway knows. */
      tenantId: TenantId | null;
      accountId: AccountId | null;
      code: RefusalCode;
      reason: string;
      realAddress: string;
      process: string;
    }
  /** Every session that is live now, once an interval: a lost event heals by it, and the page can say when it was last confirmed. */
  | { type: "confirmed"; sessions: { sessionId: SessionId; tenantId: TenantId }[] };

export type GatewayEvent = EventBody & { sequence: number; at: string };
