/**
 * Whom openvpn turns away by itself, before the agent is asked: of that it says nothing but in its log. They are counted by
 * address and reason, and told once a minute; of a flood from everywhere only so many addresses by name.
 */
import { normalizeRealAddress } from "./codec";

export interface Rejection {
  /** `address:port` */
  realAddress: string;
  reason: string;
}

/**
 * Reads a line of openvpn's log. A line begins with a date, a time and what openvpn calls the client, none with a space in
 * it: what a client chooses stands behind more than that.
 */
export function parseRejection(line: string): Rejection | null {
  for (const [pattern, say] of forms) {
    const [, realAddress, detail] = pattern.exec(line) ?? [];
    if (realAddress !== undefined) return { realAddress: normalizeRealAddress(realAddress), reason: say(detail ?? "") };
  }
  return null;
}

/** Whoever asks for a new connection from the address and the port of one that stands. */
export function parseNewcomer(line: string): string | null {
  const found = /^\S+ \S+ (?:\S+ )?TLS Error: Cannot accept new session request from (\S+) due /.exec(line);
  return found && normalizeRealAddress(found[1]!);
}

const forms: [RegExp, (detail: string) => string][] = [
  [
    /^\S+ \S+ ([^\s/]+:\d+) VERIFY ERROR: depth=\d+, error=([\w ,'().-]+):/,
    (detail) => certificateReasons[detail] ?? `its certificate is not accepted: ${detail}`,
  ],
  [
    /^\S+ \S+ (?:\S+ )?TLS Error: can ?not extract tls-crypt-v2 client key from (\S+)$/,
    () => "its tls-crypt-v2 key is not one of this platform, or of before the key was changed; it needs a new profile",
  ],
  [/^\S+ \S+ (?:\S+ )?TLS Error: could not determine wrapping from (\S+)$/, () => keyless],
  [
    /^\S+ \S+ ([^\s/]+:\d+) TLS Error: TLS key negotiation failed to occur within \d+ seconds/,
    () => "it began a handshake and did not end it in time: its network loses packets, or it only knocked",
  ],
  [/^\S+ \S+ ([^\s/]+:\d+) WARNING: Bad encapsulated packet length from peer/, () => "what it sent is not OpenVPN's"],
];

const keyless = "it came without a tls-crypt-v2 key: a profile of another server, or no OpenVPN client";

const certificateReasons: Record<string, string> = {
  "certificate has expired":
    "its certificate has expired, or its clock or the gateway's is off; it needs a new profile",
  "certificate is not yet valid": "its certificate is not valid yet: its clock or the gateway's is off",
};

const everyMs = 60_000;
const maxKeys = 100;
const maxPeers = 1_000;
const others = "elsewhere";

export class Rejections {
  #counts = new Map<string, { address: string; reason: string; times: number }>();
  /** Those that had a connection or were turned away lately: what they still send comes without the key, too. */
  #peers = new Set<string>();
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(
    /** @param address without the port */
    readonly tell: (address: string, reason: string) => void,
    readonly now: () => number = () => performance.now(),
  ) {}

  add({ realAddress, reason }: Rejection): void {
    if (reason === keyless && this.#peers.has(realAddress)) return;
    this.notePeer(realAddress);
    const named = realAddress.replace(/:\d+$/, "");
    const isKnown = this.#counts.has(`${named} ${reason}`);
    const address = isKnown || this.#counts.size < maxKeys ? named : others;
    const key = `${address} ${reason}`;
    const count = this.#counts.get(key) ?? { address, reason, times: 0 };
    this.#counts.set(key, count);
    count.times += 1;
  }

  notePeer(realAddress: string): void {
    this.#peers.delete(realAddress);
    this.#peers.add(realAddress);
    if (this.#peers.size > maxPeers) this.#peers.delete(this.#peers.values().next().value!);
  }

  /** The first after a quiet minute is told at once. */
  flush(): void {
    if (this.#counts.size === 0 || this.now() - this.#toldAt < everyMs) return;
    this.#toldAt = this.now();
    for (const { address, reason, times } of this.#counts.values())
      this.tell(address, times === 1 ? reason : `${reason} (${times} times within a minute)`);
    this.#counts.clear();
  }
}
