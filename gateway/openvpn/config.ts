import { totalmem } from "node:os";
import { join } from "node:path";
import { dataCiphers } from "../auth/claim";
import { formatAddress, parseCidr } from "../protocol/addresses";
import type { GatewayConfig, ProcessConfig } from "../protocol/api";
import type { PlannedProcess } from "./plan";

export interface ProcessFiles {
  /** The process's own folder. */
  folder: string;
  config: string;
  log: string;
  pid: string;
  socket: string;
  record: string;
}

export function processFiles(folder: string): ProcessFiles {
  return {
    folder,
    config: join(folder, "openvpn.conf"),
    log: join(folder, "openvpn.log"),
    pid: join(folder, "openvpn.pid"),
    socket: join(folder, "management.sock"),
    record: join(folder, "process.json"),
  };
}

export interface KeyFiles {
  certificate: string;
  key: string;
  clientCa: string;
  tlsCryptV2Key: string;
  /** Of the process for old clients; there only where there is one. */
  tlsCryptKey: string;
}

/** The kernel's limit for the path of a unix socket. */
const maxSocketPath = 107;

/**
 * Seconds; a ping is sent by whoever has sent nothing else for so long.
 *
 * The gateway pings every second, because its clients notice its death by its silence alone: after four seconds they go
 * on to the next gateway, and are there within seven. Three would be a second sooner, but a client on a network that
 * loses one packet in ten would then lose its connection for nothing every quarter of an hour, with four in some hours.
 * Clients ping every ten seconds: sending is what costs a phone most, and nobody waits for the gateway to notice theirs.
 * What is left costs an idle client 6 MB a day.
 */
export const keepalive = {
  gatewayPingSeconds: 1,
  clientPatienceSeconds: 4,
  clientPingSeconds: 10,
  gatewayPatienceSeconds: 30,
};

/** What IPv6 has everywhere, and so DS-Lite and mobile networks too. */
const defaultPathMtu = 1_280;
/** By so much a packet grows where a mobile network carries it as IPv6. */
const translatedBytes = 20;

/** A client that is there is never silent for longer: a ping, and then the look at openvpn's counters that shows it. */
export const heardWithinMs = (keepalive.clientPingSeconds + 4) * 1_000;

/** From a client's first packet until it is let in, the check of its password included. */
export const handWindowSeconds = 20;

/** What openvpn needs for a client that is in, with room to spare; measured: 160 kB. */
const bytesPerClient = 200 * 1024;

/**
 * How many clients each of so many processes may have before half of the host's memory is theirs. A power of two: another
 * number would have openvpn started again, and the host's memory is not to the byte the same at each of its starts.
 */
export function maxClientsOf(processes: number, memoryBytes = totalmem()): number {
  const most = memoryBytes / 2 / bytesPerClient / Math.max(1, processes);
  return Math.min(16_384, Math.max(256, 2 ** Math.floor(Math.log2(most))));
}

/** Name of the process's tun device. */
export function tunDevice(processName: string): string {
  return `db-${processName}`;
}

export function netmask(range: string): string {
  const { prefix } = parseCidr(range);
  return formatAddress(prefix === 0 ? 0 : (2 ** 32 - 2 ** (32 - prefix)) >>> 0);
}

/** The openvpn configuration of one process. @throws RangeError on what would not be a configuration. */
export function renderConfig(
  process: PlannedProcess,
  range: Pick<GatewayConfig, "range" | "rangeAddress" | "pathMtu">,
  files: ProcessFiles,
  keys: KeyFiles,
  maxClients: number,
): string {
  checkProcess(process);
  checkSocketPath(files);
  const isUdp = process.protocol === "udp";
  const lines = [
    "mode server",
    "tls-server",
    `dev ${tunDevice(process.name)}`,
    "dev-type tun",
    `proto ${isUdp ? "udp4" : "tcp4-server"}`,
    `port ${process.port}`,
    // One range over all processes: no pool to hand out from, the host's side is the router's.
    "topology subnet",
    `ifconfig ${range.rangeAddress} ${netmask(range.range)}`,
    "ifconfig-noexec",
    "route-noexec",
    'push "topology subnet"',
    `ca ${argument(keys.clientCa)}`,
    `cert ${argument(keys.certificate)}`,
    `key ${argument(keys.key)}`,
    "dh none",
    process.isForOldClients
      ? `tls-crypt ${argument(keys.tlsCryptKey)}`
      : `tls-crypt-v2 ${argument(keys.tlsCryptV2Key)}`,
    "tls-version-min 1.2",
    "tls-cipher TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384:TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256",
    "tls-ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
    "remote-cert-tls client",
    "verify-client-cert require",
    // Under names that pass the filter of the environment (see process-keeper): the fingerprint, and whose it is.
    "x509-track SHA256",
    "x509-track subjectAltName",
    "auth-user-pass-optional",
    `data-ciphers ${dataCiphers.join(":")}`,
    "allow-compression no",
    // Both ways and for clients of any age: it is the gateway that lowers what either end offers.
    `mssfix ${(range.pathMtu ?? defaultPathMtu) - translatedBytes} mtu`,
    // Names are the client's to choose; the agent tells connections apart and ends the older one with a reason.
    "duplicate-cn",
    `ping ${keepalive.gatewayPingSeconds}`,
    `ping-restart ${keepalive.gatewayPatienceSeconds}`,
    `push "ping ${keepalive.clientPingSeconds}"`,
    `push "ping-restart ${keepalive.clientPatienceSeconds}"`,
    // Of whoever begins a handshake and goes no further openvpn keeps 60 kB, and over TCP 180, for so long.
    `hand-window ${handWindowSeconds}`,
    // Whoever has the address and the port of a client that openvpn still has would be told that it may not come in, and
    // exit. Unanswered, it tries again from another port; see ProcessClients.hearLog for who has one port only.
    "single-session",
    `max-clients ${maxClients}`,
    "script-security 0",
    `management ${argument(files.socket)} unix`,
    "management-client-auth",
    `writepid ${argument(files.pid)}`,
    "verb 1",
  ];
  if (isUdp) {
    lines.push(
      // On our way out clients are told to go to the next gateway; on theirs they tell us.
      "explicit-exit-notify 2",
      'push "explicit-exit-notify 1"',
      // As many as one core can let in. An answer to a first packet costs next to nothing and nothing is kept of it, so
      // the default of 10 a second would let whoever has a key keep everybody else out.
      "connect-freq-initial 500 1",
    );
  } else {
    lines.push("tcp-nodelay");
  }
  return `${lines.join("\n")}\n`;
}

/** @throws RangeError where no socket can have this path */
export function checkSocketPath({ socket }: Pick<ProcessFiles, "socket">): void {
  if (Buffer.byteLength(socket) > maxSocketPath)
    throw new RangeError(`the state folder's path is too long for a socket in it (${socket})`);
}

function checkProcess({ name, port, protocol }: ProcessConfig): void {
  if (!/^[a-z0-9][a-z0-9-]{0,11}$/.test(name))
    throw new RangeError(`not a name for a process: ${JSON.stringify(name)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`not a port: ${port}`);
  if (protocol !== "udp" && protocol !== "tcp") throw new RangeError(`not a protocol: ${String(protocol)}`);
}

function argument(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a path with one could add an option
  if (/[\u0000-\u001f\u007f]/.test(path)) throw new RangeError("a control character in the state folder's path");
  return `"${path.replace(/["\\]/g, "\\$&")}"`;
}
