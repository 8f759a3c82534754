import { hkdfSync } from "node:crypto";
import { dataCiphers } from "../auth/claim";
import { checkSocketPath, type ProcessFiles } from "../openvpn/config";
import type { GatewayConfig, LinkConfig } from "../protocol/api";

/** Name of the link's tun device: as much of the peer's id as fits, from its random end. */
export function linkDevice({ peer }: Pick<LinkConfig, "peer">): string {
  return `dl-${peer.replaceAll("-", "").slice(-12)}`;
}

export interface LinkKeyFiles {
  certificate: string;
  key: string;
  gatewayCa: string;
  tlsCrypt: string;
}

/** Seconds between pings, and without any until the link begins anew. */
const keepalive = { intervalSeconds: 1, timeoutSeconds: 5 };

/**
 * The openvpn configuration of one end of a link. Only the other gateway is at the other end, by a certificate that is its
 * own today: one that it was renewed from may lie in a copy of its state folder.
 */
export function renderLink(link: LinkConfig, files: Pick<ProcessFiles, "pid" | "socket">, keys: LinkKeyFiles): string {
  checkSocketPath(files);
  const end =
    link.host === null
      ? ["tls-server", `port ${link.port}`, "dh none", "float", "remote-cert-tls client"]
      : ["tls-client", `remote ${link.host} ${link.port}`, "nobind", "connect-retry 1 2", "remote-cert-tls server"];
  const lines = [
    `dev ${linkDevice(link)}`,
    "dev-type tun",
    "proto udp4",
    ...end,
    `verify-x509-name gateway.${link.peer} name`,
    `ca "${keys.gatewayCa}"`,
    `cert "${keys.certificate}"`,
    `key "${keys.key}"`,
    `tls-crypt "${keys.tlsCrypt}"`,
    "tls-version-min 1.2",
    `data-ciphers ${dataCiphers.join(":")}`,
    "allow-compression no",
    `keepalive ${keepalive.intervalSeconds} ${keepalive.timeoutSeconds}`,
    "hand-window 10",
    // The device and what is routed to it stay while the other end is away.
    "persist-tun",
    "persist-key",
    "script-security 0",
    `management "${files.socket}" unix`,
    `writepid "${files.pid}"`,
    "verb 1",
    ...(link.fingerprints ? ["<peer-fingerprint>", ...link.fingerprints.map(withColons), "</peer-fingerprint>"] : []),
  ];
  return `${lines.join("\n")}\n`;
}

const withColons = (fingerprint: string) => fingerprint.match(/../g)!.join(":");

/** A static key that both ends derive from what all gateways of the platform share, so that nobody else is even answered. */
export function deriveTlsCrypt({ tlsCryptV2Key }: Pick<GatewayConfig, "tlsCryptV2Key">, ends: string[]): string {
  const shared = Buffer.from(tlsCryptV2Key.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const info = `drawbridge link ${ends.toSorted().join(" ")}`;
  const hex = Buffer.from(hkdfSync("sha512", shared, "", info, 256)).toString("hex");
  const lines = hex.match(/.{32}/g)!;
  return ["-----BEGIN OpenVPN Static key V1-----", ...lines, "-----END OpenVPN Static key V1-----", ""].join("\n");
}
