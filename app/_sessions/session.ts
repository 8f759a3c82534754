/** What every list of sessions tells of one, the tenant's and the operator's. */
export interface Session {
  id: string;
  accountId: string;
  /** null once the account was deleted. */
  accountName: string | null;
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

export function nameOfAccount(session: { accountName: string | null }): string {
  return session.accountName ?? "A deleted account";
}
