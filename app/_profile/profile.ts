/** The .ovpn file, put together in the browser from what the server certified and the key that never left. Pure. */
export interface ProfileParts {
  tenantName: string;
  /** Of the account or the device. */
  accountName: string;
  /** Typed as the user name; null for a device, which the certificate alone lets in. */
  email: string | null;
  accountId: string;
  /** When it was made. */
  at: Date;
  /** In the order in which the client tries them. */
  remotes: readonly { host: string; port: number; protocol: "udp" | "tcp" }[];
  /** PEM each. */
  ca: string;
  certificate: string;
  privateKey: string;
  tlsCryptV2Key: string;
  /** Of the profile for a client that knows no tls-crypt-v2, in the place of the other. */
  tlsCryptKey?: string | null;
}

/** @throws Error where a part would not be what it is taken for: what stands in this file is obeyed, some of it as root. */
export function assembleProfile(parts: ProfileParts): string {
  if (parts.remotes.length === 0)
    throw new Error(
      "No gateway is in service yet, so the profile would lead nowhere. Try again later or ask your admin.",
    );
  return [
    comment(`Drawbridge profile of ${parts.accountName} at ${parts.tenantName}`),
    ...(parts.email === null
      ? [
          comment(`Device ${parts.accountId}, made ${parts.at.toISOString()}`),
          "# It holds a private key: whoever has this file is the device. Keep it there and nowhere else.",
        ]
      : [
          comment(`Sign in as ${parts.email} with the password of the portal.`),
          comment(`Account ${parts.accountId}, made ${parts.at.toISOString()}`),
          "# It holds a private key: whoever has this file and your password is you. Do not pass it on.",
        ]),
    // What clients show of it: OpenVPN Connect reads the one or the other, and would show an address without them.
    `# OVPN_ACCESS_SERVER_FRIENDLY_NAME=${title(parts)}`,
    `setenv FRIENDLY_NAME "${title(parts)}"`,
    "",
    "client",
    "dev tun",
    "nobind",
    "persist-tun",
    "",
    "# The next gateway is tried when one does not answer within two. Where the network is slower than that, as by",
    "# satellite, give it more.",
    ...parts.remotes.map(remoteLine),
    // OpenVPN 3 does not know the same option's other name, connect-timeout.
    "server-poll-timeout 2",
    "connect-retry 0 8",
    "resolv-retry infinite",
    // Without explicit-exit-notify, which the gateway pushes to whoever came over UDP: 2.5 refuses a profile that has both
    // the option and a remote over TCP.
    "",
    "# Only a gateway of this platform is believed.",
    "remote-cert-tls server",
    "verify-x509-name gateway. name-prefix",
    "tls-version-min 1.2",
    // 2.4 refuses what it does not know, and takes AES-256-GCM by itself.
    ...(parts.tlsCryptKey ? [] : ["data-ciphers AES-256-GCM:CHACHA20-POLY1305"]),
    "cipher AES-256-GCM",
    "",
    ...(parts.email === null
      ? ["# Nobody sits before a device: it goes on trying whatever it is told.", "auth-retry nointeract"]
      : ["auth-user-pass"]),
    "verb 3",
    "",
    inline("ca", parts.ca, "CERTIFICATE"),
    inline("cert", parts.certificate, "CERTIFICATE"),
    inline("key", parts.privateKey, "PRIVATE KEY"),
    parts.tlsCryptKey
      ? inline("tls-crypt", parts.tlsCryptKey, "OpenVPN Static key V1")
      : inline("tls-crypt-v2", parts.tlsCryptV2Key, "OpenVPN tls-crypt-v2 client key"),
    "",
  ].join("\n");
}

function remoteLine({ host, port, protocol }: ProfileParts["remotes"][number]): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(host)) throw new Error(`A gateway's address is malformed: ${clean(host)}`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`A gateway's port is out of range: ${port}`);
  return `remote ${host} ${port} ${protocol === "udp" ? "udp" : "tcp"}`;
}

/** Names are chosen by people: in a comment a line break would begin an option, and openvpn refuses lines over 255 bytes. */
function comment(text: string): string {
  return `# ${cut(clean(text))}`;
}

/** Within quotes: neither can it end them, nor begin an escape. */
function title({ accountName, tenantName }: ProfileParts): string {
  return cut(clean(`${accountName} at ${tenantName}`.replace(/["\\]/g, "'")));
}

function cut(text: string): string {
  let kept = "";
  for (const character of text) {
    if (utf8.encode(kept + character).length > 200) return `${kept}…`;
    kept += character;
  }
  return kept;
}

function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

function inline(tag: string, text: string, label: string): string {
  const body = text.replaceAll("\r\n", "\n").trim();
  const block = `-----BEGIN ${label}-----\n[A-Za-z0-9+/=\n]+\n-----END ${label}-----`;
  if (!new RegExp(`^(${block}\n*)+$`).test(body)) throw new Error(`The server sent something else than a ${label}.`);
  return `<${tag}>\n${body}\n</${tag}>`;
}

const utf8 = new TextEncoder();
