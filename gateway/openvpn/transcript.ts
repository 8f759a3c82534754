/** What openvpn 2.6.14 said on its management socket, as recorded; for the fake socket and the tests of the codec. */

export const greeting = ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info";

export const fingerprintColons =
  "52:D0:82:0B:40:49:8D:C7:3E:66:78:2D:49:03:5B:7B:0B:F8:5A:ED:FA:F7:69:2F:31:83:75:D3:82:90:54:90";

/** The environment of a CONNECT, with `env-filter 1` and `x509-track SHA256`. */
export const connectEnvironment = [
  "IV_VER=2.6.14",
  "IV_PLAT=linux",
  "IV_TCPNL=1",
  "IV_MTU=1600",
  "IV_NCP=2",
  "IV_CIPHERS=AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305",
  "IV_PROTO=990",
  "IV_LZO_STUB=1",
  "IV_COMP_STUB=1",
  "IV_COMP_STUBv2=1",
  'password=p"a\\ss',
  "untrusted_ip=192.0.2.2",
  "username=x",
  "tls_serial_hex_0=0d:46:d8:5b:42:f1:bd:4c:3e:d1:95:e1:a1:84:82:bc:b7:8d:ac:81",
  "tls_serial_0=75796779493047938134522442839752641481240587393",
  `X509_0_SHA256=${fingerprintColons}`,
  "tls_serial_hex_1=31:bb:4a:0c:86:5e:bd:dc:36:f4:32:a9:c6:2c:8b:6e:d4:46:6c:0a",
  "tls_serial_1=283917827912661592021692321238520787462000112266",
  "daemon_pid=5821",
  "daemon_start_time=1795325241",
  "ifconfig_local=100.64.0.1",
  "ifconfig_netmask=255.192.0.0",
  "dev=db-udp",
];

/** What ESTABLISHED adds, besides the above without the password and what the client says of itself. */
export const establishedEnvironment = ["ifconfig_pool_netmask=255.192.0.0", "ifconfig_pool_remote_ip=100.64.3.7"];

/** Of a link: a tunnel with one other end. */
export const linkStatus = [
  "OpenVPN STATISTICS",
  "Updated,2026-11-25 15:35:43",
  "TUN/TAP read bytes,2048",
  "TUN/TAP write bytes,4096",
  "TCP/UDP read bytes,1774",
  "TCP/UDP write bytes,1729",
  "Auth read bytes,128",
];
export const linkStates = {
  up: "1795620935,CONNECTED,SUCCESS,,127.0.0.1,58873,,",
  missed: "1795620957,RECONNECTING,ping-restart,,,,,",
};

/** Somebody says goodbye: this, and a line of the log. */
export const goodbye = ">NOTIFY:info,remote-exit,EXIT";

export const goodbyeLine = (commonName: string, realAddress: string, at: number) =>
  `${at},N,${commonName}/${realAddress} CC-EEN exit message received by peer`;

export const statusHead = [
  "TITLE\tOpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] [LZO] [LZ4] [EPOLL] [PKCS11] [MH/PKTINFO] [AEAD] [DCO]",
  "TIME\t2026-11-22 05:28:50\t1795325330",
  "HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes Received\tBytes Sent\tConnected Since\tConnected Since (time_t)\tUsername\tClient ID\tPeer ID\tData Channel Cipher",
];

export const statusRows = [
  "CLIENT_LIST\tacc-ana\t192.0.2.2:42019\t100.64.3.7\t\t1905\t2115\t2026-11-22 05:28:46\t1795325326\tx\t2\t1\tAES-256-GCM",
  "CLIENT_LIST\tacc-bob\t192.0.2.2:52427\t\t\t2018\t1507\t2026-11-22 05:27:22\t1795325242\tx\t3\t0\tBF-CBC",
];

export const statusTail = [
  "HEADER\tROUTING_TABLE\tVirtual Address\tCommon Name\tReal Address\tLast Ref\tLast Ref (time_t)",
  "ROUTING_TABLE\t100.64.3.7\tacc-ana\t192.0.2.2:42019\t2026-11-22 05:28:46\t1795325326",
  "GLOBAL_STATS\tMax bcast/mcast queue length\t0",
  "GLOBAL_STATS\tdco_enabled\t0",
  "END",
];

export function clientBlock(head: string, environment: readonly string[]): string[] {
  return [`>CLIENT:${head}`, ...environment.map((line) => `>CLIENT:ENV,${line}`), ">CLIENT:ENV,END"];
}
