import type { Logger } from "pino";
import type { Sessions } from "../ledger/sessions";
import type { Spool } from "../ledger/spool";
import type { GatewayConfig, GatewayWarning, ProcessState } from "../protocol/api";
import type { AccountValue, TenantDocument } from "../protocol/document";

/** What the supervisor asks of the documents; they keep more. */
export interface AccountLookup {
  get(tenantId: string): TenantDocument | undefined;
  findByFingerprint(
    fingerprint: string,
  ): { document: TenantDocument; accountId: string; account: AccountValue } | undefined;
}

/** The host's side of a session; every call may be repeated. */
export interface SessionRouter {
  attach(vpnAddress: string, tunDevice: string): Promise<void>;
  detach(vpnAddress: string, tunDevice: string): Promise<void>;
  /** Called each time a process has made its tun, before any session of it is let in. */
  prepareTun(tunDevice: string): Promise<void>;
}

export interface SupervisorDependencies {
  stateDir: string;
  gatewayId: string;
  documents: AccountLookup;
  spool: Spool;
  router: SessionRouter;
  log: Logger;
  openvpnBin: string;
}

export interface Supervisor {
  configure(config: GatewayConfig, identity: { certificate: string; key: string }): Promise<void>;
  sessions: Sessions;
  processes(): ProcessState[];
  openvpnVersion: string;
  warnings(): GatewayWarning[];
  /** Leaves the openvpn processes running: the next agent adopts them. */
  close(): Promise<void>;
  stopProcesses(): Promise<void>;
}
