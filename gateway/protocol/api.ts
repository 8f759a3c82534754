/**
 * The gateway's API, served over mutual TLS to the control plane alone. JSON bodies; an error is
 * `{ "error": { "code", "message" } }` with a 4xx or 5xx status.
 *
 *   GET  /v1/state                                   GatewayStateReply
 *   PUT  /v1/config                                  GatewayConfig → GatewayStateReply
 *   PUT  /v1/locations                               Locations → 204; an older version changes nothing
 *   PUT  /v1/tenants/:tenantId                       Push → PushReply (200), PushConflict (409)
 *   GET  /v1/tenants/:tenantId/digest                DigestReply
 *   GET  /v1/events?epoch=E&after=N&committed=C&limit=L&waitMs=M EventsReply; says too that everything up to C is
 *                                                    committed (without it, up to N): the next batch is asked for while
 *                                                    the one before is being written
 *   GET  /v1/sessions/:sessionId                     SessionReply, 404
 *   POST /v1/sessions/:sessionId/disconnect          DisconnectRequest → 204, 404
 *   POST /v1/certificate/request                     {} → RenewalReply, for a key that is made for it
 *   PUT  /v1/certificate                             RenewalGrant → 204, shown from the next connection on; 400 where it
 *                                                    is not for that key, this gateway and by the same CA
 *
 * Before enrolment the same port serves, over a self-signed certificate, only:
 *
 *   POST /v1/enrol/request      EnrolRequest → EnrolReply
 *   POST /v1/enrol/certificate  EnrolGrant → 204
 *
 * Both sides of those prove that they hold the one-time token's secret by HMAC (see enrolment.ts); the secret itself
 * never crosses, so neither end can be impersonated by whoever sits between.
 */
import type { Entry } from "./document";
import type { DisconnectCode, GatewayEvent } from "./events";
import type { GatewayId, SessionId, TenantId } from "./ids";

export const maxBodyBytes = 64 * 1024 * 1024;

/** A header of each call, with what the control plane's clock says: ISO 8601 in UTC. */
export const timeHeader = "drawbridge-time";

/** A reply with events is ended by the event that passes this. */
export const eventsReplyBytes = 8 * 1024 * 1024;

export interface ProcessConfig {
  /** Unique on the gateway; also the name of the tun device, so at most 12 of `[a-z0-9-]`. */
  name: string;
  protocol: "udp" | "tcp";
  port: number;
}

export interface FrontConfig {
  protocol: "udp" | "tcp";
  port: number;
}

/** One end of a link to another gateway. Of the two ends one listens and the other dials. */
export interface LinkConfig {
  peer: GatewayId;
  /** Where the listening end is; null at that end. */
  host: string | null;
  /** UDP, of the listening end. */
  port: number;
  /**
   * SHA-256 of the peer's present certificate, and of the one that it is being granted, lower-case hex: an older one of
   * the same name opens no link. Absent, any that the gateway CA signed for the peer does.
   */
  fingerprints?: string[];
}

/** Which devices on openvpn are at which other gateway. */
export interface Locations {
  /** Raised by the control plane on each change. */
  version: number;
  peers: { peer: GatewayId; addresses: string[] }[];
}

export interface GatewayConfig {
  /** Raised by the control plane on each change. */
  version: number;
  /** The platform's range, `100.64.0.0/10`, and the gateways' own address in it, `100.64.0.1`. */
  range: string;
  rangeAddress: string;
  /** None where there are fronts: then one a core for each protocol of theirs, `udp-1`, `udp-2` … `tcp-1` … */
  processes: ProcessConfig[];
  /**
   * Ports that clients are told of. New connections to one are spread over the processes of its protocol, whose own ports
   * are then shut from outside. A protocol without one is reached at its processes' own ports.
   */
  fronts?: FrontConfig[];
  /** Names of processes that take no new connections and send those that they have away, to come back on another. */
  draining?: string[];
  /** All of them, and clients are told to go on to the next gateway. */
  isInMaintenance?: boolean;
  /** How many clients a second a draining process sends away; 5 where nothing is said. */
  drainPerSecond?: number;
  /**
   * 32 random bytes in hex, the same on all gateways: signs what lets a person in again without a password, here or on
   * another gateway. Without it everybody is asked each time.
   */
  authTokenSecret?: string;
  /**
   * Largest packet, in bytes with its IP header, that passes on every way to this gateway; TCP in the tunnels is kept to
   * it, for "too big" is not told on many of them. Absent is 1280.
   */
  pathMtu?: number;
  /** Zone of the devices' names, `vpn.internal`; absent, no names are answered. */
  zone?: string;
  /** Absent is none. */
  links?: LinkConfig[];
  /** PEM of the CA(s) that sign clients' certificates. */
  clientCa: string;
  /** PEM, "OpenVPN tls-crypt-v2 server key". */
  tlsCryptV2Key: string;
  /**
   * For clients that know no tls-crypt-v2, as OpenVPN 2.4: the port that they come to, over UDP and TCP, and the key that all
   * of them share, PEM "OpenVPN Static key V1". Absent, none of them comes in.
   */
  oldClients?: { port: number; tlsCryptKey: string };
}

export interface Push {
  /** The revision that the sender believes the gateway has; null sends the whole document, replacing what is there. */
  from: number | null;
  to: number;
  entries: Entry[];
}

export interface PushReply {
  revision: number;
  /** Milliseconds that the gateway took from request to rules in the kernel and sessions cut. */
  tookMs: number;
  /** Sessions that this change ended. */
  ended: SessionId[];
}

export interface PushConflict {
  /** What the gateway has; 0 is nothing. */
  revision: number;
}

export interface DigestReply {
  revision: number;
  /** XOR over the entries of `entryDigest`, lower-case hex; 64 zeros for no entries. */
  digest: string;
}

export interface ProcessState {
  name: string;
  protocol: "udp" | "tcp";
  port: number;
  pid: number | null;
  boot: string;
  status: "starting" | "running" | "stopped";
  startedAt: string | null;
  sessions: number;
  restarts: number;
  /** Null where it is not draining; agents of old do not say. */
  drain?: DrainState | null;
  /** End of the certificate that it shows to clients: a renewed one is taken up when that cuts off the fewest. */
  certificateNotAfter?: string | null;
}

export interface DrainState {
  startedAt: string;
  /** Sessions at its start; what is left of them is `sessions`. */
  from: number;
}

export interface GatewayWarning {
  code: string;
  message: string;
}

/** This end's view of one link. */
export interface LinkState {
  peer: GatewayId;
  /** Whether the other gateway is heard over it; it pings every second, and is missed after five. */
  isUp: boolean;
  /** When that began, ISO 8601 in UTC. Of a link that is down: as far as this agent has seen it. */
  since: string;
  /** Bytes of packets that crossed since it is up, 0 while it is down. */
  received: number;
  sent: number;
}

/** The whole host, not the agent alone. */
export interface HostState {
  /** Since it was started, summed over its processors: at work, and in all. */
  busySeconds: number;
  totalSeconds: number;
  memoryBytes: number;
  memoryAvailableBytes: number;
}

export interface GatewayStateReply {
  gatewayId: string;
  /** Changes only when the gateway's state folder was lost, or put back from an older copy. */
  epoch: string;
  agentVersion: string;
  openvpnVersion: string;
  startedAt: string;
  /** The gateway's clock as it answers, ISO 8601 in UTC: how far its times are off. Older agents do not say. */
  now?: string;
  configVersion: number;
  /** Revision held per tenant. */
  revisions: Record<TenantId, number>;
  processes: ProcessState[];
  /** Agents of old do not say. */
  isInMaintenance?: boolean;
  sessions: number;
  /** Newest event number, and how many are waiting in the spool. */
  lastSequence: number;
  spooled: number;
  certificateNotAfter: string;
  certificateNotBefore?: string;
  /** SHA-256 of the peers of the newest Locations as JSON, lower-case hex. */
  locations?: string;
  /** One for each link of the configuration, in its order. Agents of old do not say. */
  links?: LinkState[];
  memoryBytes: number;
  host?: HostState;
  /** The kernel's table of connections, which all tenants share, within the last seconds. */
  connections?: { entries: number; limit: number };
  warnings: GatewayWarning[];
}

export interface EventsReply {
  epoch: string;
  events: GatewayEvent[];
  /** True when there are more, which the limit or the reply's size left out. */
  hasMore?: boolean;
  /** True when the asked-for epoch is not this one: start again after 0. */
  isNewEpoch: boolean;
  /** Whether that is for its state folder having been put back from an older copy, and not lost. Agents of old do not say. */
  isRestored?: boolean;
}

export interface SessionReply {
  /** Milliseconds since the client was last heard. */
  silentMs: number;
  /** Heard so lately that it is there: a client that is, is never silent for longer. */
  isHeard: boolean;
}

export interface DisconnectRequest {
  /** Told to the person. */
  reason: string;
  /** Written into the ledger; `kicked` where nothing is said. */
  code?: Extract<DisconnectCode, "kicked" | "replaced" | "refused">;
}

export interface RenewalReply {
  /** PEM; P-256, subject `CN=gateway.<gatewayId>`. The same until its certificate came. */
  csr: string;
}

export interface RenewalGrant {
  /** PEM. */
  certificate: string;
}

export interface EnrolRequest {
  /** 32 random bytes, hex. */
  nonce: string;
}

export interface EnrolReply {
  /** PEM; P-256, subject `CN=gateway.<gatewayId>`. */
  csr: string;
  /** HMAC over the nonce, the CSR and the certificate of the TLS connection. */
  proof: string;
}

export interface EnrolGrant {
  /** PEM of this gateway's certificate, and of the CA that signed it (and signs the control plane's). */
  certificate: string;
  gatewayCa: string;
  proof: string;
}
