import type { Holder } from "../_blocks/holder";

/** What every list of sessions tells of one, the tenant's and the operator's. */
export interface Session {
  id: string;
  /** Whose it is: an account's or a device's, the other null. */
  accountId: string | null;
  deviceId: string | null;
  /** null once the account, or the device, was deleted. */
  accountName: string | null;
  deviceName: string | null;
  realAddress: string;
  vpnAddress: string;
  gatewayName: string;
  region: string;
  process: string;
  clientVersion: string | null;
  platform: string | null;
  cipher: string | null;
  connectedAt: Date;
  disconnectedAt: Date | null;
  endCode: string | null;
  endReason: string | null;
  /** Bytes, as seen from the gateway: received from the client, sent to it. */
  received: number;
  sent: number;
  /** Bytes a second. */
  receivedRate: number;
  sentRate: number;
  /** When the gateway last confirmed that it still holds this session. */
  confirmedAt: Date | null;
  /** Its gateway does not answer now: a live session may be gone. */
  isGatewaySilent: boolean;
}

export interface TrafficSample {
  at: Date;
  receivedRate: number;
  sentRate: number;
}

export type Held = Pick<Session, "accountId" | "deviceId" | "accountName" | "deviceName">;

export function nameOfHolder({ deviceId, accountName, deviceName }: Held): string {
  return deviceId ? (deviceName ?? "A deleted device") : (accountName ?? "A deleted account");
}

/** null once it was deleted. */
export function holderOf({ accountId, deviceId, accountName, deviceName }: Held): Holder | null {
  if (deviceId) return deviceName === null ? null : { kind: "device", id: deviceId, name: deviceName };
  return accountId && accountName !== null ? { kind: "account", id: accountId, name: accountName } : null;
}

export interface HolderPaths {
  account: (id: string) => string;
  device: (id: string) => string;
}

/** Where the account or the device is shown; null once it was deleted. */
export function pathOfHolder(session: Held, paths: HolderPaths) {
  const holder = holderOf(session);
  return holder && paths[holder.kind](holder.id);
}
