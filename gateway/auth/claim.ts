import type { ClientMessage } from "../openvpn/codec";
import { cleanWord } from "./clean";

/** What a client says and shows about itself. Only the fingerprint names anybody: openvpn took it from the verified certificate. */
export interface Claim {
  /** SHA-256 of the certificate's DER, lower-case hex without colons; null where openvpn gave none or two. */
  fingerprint: string | null;
  /** Whether the certificate is one of a device, known here or not: nobody sits before it who could press Connect. */
  isDevice: boolean;
  /** Null where the client sent none. */
  password: string | null;
  /** Without the port, which openvpn says in its status only. */
  realAddress: string;
  clientVersion: string | null;
  platform: string | null;
  /** The data cipher that openvpn will choose; null where the two have none in common. */
  cipher: string | null;
  /** openvpn cannot list a client with a longer name, nor anybody behind it (see `commands.status`). */
  hasLongName: boolean;
  /** Whether the client takes "not now" for what it is, and tries again by itself (IV_PROTO, bit 8). */
  canBeToldToWait: boolean;
  /** Whether it knows that its authentication is pending, and takes its settings unasked (bits 4 and 2). */
  canBeHurried: boolean;
}

/** Best first; openvpn takes the first of ours that the client has. */
export const dataCiphers = ["AES-256-GCM", "CHACHA20-POLY1305"] as const;

export function readClaim({ environment, repeated }: ClientMessage): Claim {
  const ciphers = environment.get("IV_CIPHERS")?.split(":") ?? (environment.has("IV_NCP") ? ["AES-256-GCM"] : []);
  const protocol = Number(environment.get("IV_PROTO") ?? 0);
  const speaks = (bit: number) => Number.isSafeInteger(protocol) && (protocol & bit) !== 0;
  const isForged = ownNames.some((name) => repeated.has(name));
  return {
    fingerprint: isForged ? null : normalizeFingerprint(environment.get("X509_0_SHA256")),
    isDevice: deviceName.test(environment.get("X509_0_subjectAltName") ?? ""),
    password: environment.get("password") || null,
    realAddress: environment.get("untrusted_ip") ?? "",
    clientVersion: cleanWord(environment.get("IV_VER")),
    platform: cleanWord(environment.get("IV_PLAT")),
    cipher: dataCiphers.find((cipher) => ciphers.includes(cipher)) ?? null,
    hasLongName: Buffer.byteLength(environment.get("username") ?? "") > maxNameBytes,
    canBeToldToWait: speaks(256),
    canBeHurried: speaks(4) && speaks(16),
  };
}

/** How the control plane names a device in its certificate. */
const deviceName = /^URI:urn:drawbridge:tenant:[0-9a-f-]{36}:device:[0-9a-f-]{36}$/;

/** What clients can send that are built without PKCS #11. */
export const maxNameBytes = 127;

/** What openvpn says once, after what the client says of itself: more than once, and the client has said it too. */
const ownNames = [
  "X509_0_SHA256",
  "X509_0_subjectAltName",
  "untrusted_ip",
  "username",
  "password",
  "session_id",
  "session_state",
];

function normalizeFingerprint(text: string | undefined): string | null {
  const hex = text?.replaceAll(":", "").toLowerCase() ?? "";
  return /^[0-9a-f]{64}$/.test(hex) ? hex : null;
}
