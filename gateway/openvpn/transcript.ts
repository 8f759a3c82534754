/** What openvpn 2.6.14 said on its management socket, as recorded; for the fake socket and the tests of the codec. */

export const greeting = ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info";

export const fingerprintColons =
  "52:d0:82:0b:40:49:8d:c7:3e:66:78:2d:49:03:5b:7b:0b:f8:5a:ed:fa:f7:69:2f:31:83:75:d3:82:90:54:90";

/** The environment of a CONNECT, with `env-filter` at its default. */
export const connectEnvironment = [
  "n_clients=0",
  'password=p"a\\ss',
  "untrusted_port=52179",
  "untrusted_ip=192.0.2.2",
  "common_name=acc-ana",
  "username=x",
  "IV_COMP_STUBv2=1",
  "IV_COMP_STUB=1",
  "IV_LZO_STUB=1",
  "IV_PROTO=990",
  "IV_CIPHERS=AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305",
  "IV_NCP=2",
  "IV_MTU=1600",
  "IV_TCPNL=1",
  "IV_PLAT=linux",
  "IV_VER=2.6.14",
  "tls_serial_hex_0=0d:46:d8:5b:42:f1:bd:4c:3e:d1:95:e1:a1:84:82:bc:b7:8d:ac:81",
  "tls_serial_0=75796779493047938134522442839752641481240587393",
  `tls_digest_sha256_0=${fingerprintColons}`,
  "tls_digest_0=6a:d1:51:bc:eb:85:3a:47:85:6c:e1:fd:dd:5e:a4:a3:00:a4:03:ee",
  "tls_id_0=CN=acc-ana",
  "X509_0_CN=acc-ana",
  "tls_serial_1=283917827912661592021692321238520787462000112266",
  "tls_digest_sha256_1=94:5e:fe:79:4d:ed:b1:81:83:8d:17:00:9e:19:a5:d0:34:2a:f9:a3:a5:47:cb:83:0a:b4:ec:44:d8:13:6a:2f",
  "tls_id_1=CN=client ca",
  "X509_1_CN=client ca",
  "remote_port_1=1194",
  "local_port_1=1194",
  "proto_1=udp4",
  "daemon_pid=5821",
  "daemon_start_time=1795325241",
  "verb=1",
  "config=server.conf",
  "ifconfig_local=100.64.0.1",
  "ifconfig_netmask=255.192.0.0",
  "script_context=init",
  "tun_mtu=1500",
  "dev=db-udp",
  "dev_type=tun",
];

/** What ESTABLISHED and DISCONNECT add, besides the above without the password. */
export const establishedEnvironment = [
  "n_clients=1",
  "ifconfig_pool_netmask=255.192.0.0",
  "ifconfig_pool_remote_ip=100.64.3.7",
  "time_unix=1795325319",
  "trusted_port=52179",
  "trusted_ip=192.0.2.2",
];

export const disconnectEnvironment = ["time_duration=4", "bytes_sent=2115", "bytes_received=1905"];

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
