import type { ClientMessage } from "../openvpn/codec";
import { cleanWord } from "./clean";

/** What a client says and shows about itself. Only the fingerprint names anybody: openvpn took it from the verified certificate. */
export interface Claim {
  /** SHA-256 of the certificate's DER, lower-case hex without colons; null where openvpn gave none or two. */
  fingerprint: string | null;
  /** Null where the client sent none. */
  password: string | null;
  /** `address:port`. */
  realAddress: string;
  clientVersion: string | null;
  platform: string | null;
  /** The data cipher that openvpn will choose; null where the two have none in common. */
  cipher: string | null;
  /** Whether the client takes "not now" for what it is, and tries again by itself (IV_PROTO, bit 8). */
  canBeToldToWait: boolean;
}

/** Best first; openvpn takes the first of ours that the client has. */
export const dataCiphers = ["AES-256-GCM", "CHACHA20-POLY1305"] as const;

export function readClaim({ environment, repeated }: ClientMessage): Claim {
  const address = environment.get("untrusted_ip") ?? environment.get("untrusted_ip6") ?? "";
  const ciphers = environment.get("IV_CIPHERS")?.split(":") ?? (environment.has("IV_NCP") ? ["AES-256-GCM"] : []);
  const protocol = Number(environment.get("IV_PROTO") ?? 0);
  return {
    fingerprint: repeated.has(digestName) ? null : normalizeFingerprint(environment.get(digestName)),
    password: environment.get("password") || null,
    realAddress: `${address}:${environment.get("untrusted_port") ?? ""}`,
    clientVersion: cleanWord(environment.get("IV_VER")),
    platform: cleanWord(environment.get("IV_PLAT")),
    cipher: dataCiphers.find((cipher) => ciphers.includes(cipher)) ?? null,
    canBeToldToWait: Number.isSafeInteger(protocol) && (protocol & 256) !== 0,
  };
}

const digestName = "tls_digest_sha256_0";

function normalizeFingerprint(text: string | undefined): string | null {
  const hex = text?.replaceAll(":", "").toLowerCase() ?? "";
  return /^[0-9a-f]{64}$/.test(hex) ? hex : null;
}
