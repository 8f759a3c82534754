/** What NetworkManager's importer makes of a profile as the portal makes it: by the plugin itself, without its daemon. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { assembleProfile } from "../../app/_profile/profile";
import { createAuthority } from "../../gateway/testing/authority";
import { networkManagerPlugin } from "../../scripts/support/network-manager.mjs";
import { createClientKey, createServerKey } from "../../server/certificates/tls-crypt-v2";

const plugin = networkManagerPlugin();
const importing = `
import sys, json, gi
gi.require_version("NM", "1.0")
from gi.repository import NM
connection = NM.VpnEditorPlugin.load(sys.argv[1], "org.freedesktop.NetworkManager.openvpn").import_(sys.argv[2])
data = {}
connection.get_setting_vpn().foreach_data_item(lambda key, value, *_: data.__setitem__(key, value))
print(json.dumps(data))`;

it.skipIf(!plugin)("NetworkManager takes the profile whole: every gateway, and by what each is believed", () => {
  const folder = mkdtempSync(join(tmpdir(), "network-manager-"));
  const file = join(folder, "harbour-ana.ovpn");
  const { certificate, key } = createAuthority("client CA").issue("ana", { usage: "client" });
  const ca = createAuthority("gateway CA").certificate;
  const remotes = [
    { host: "fra-1.vpn.example", port: 1194, protocol: "udp" as const },
    { host: "198.51.100.7", port: 443, protocol: "tcp" as const },
  ];
  const tlsCryptV2Key = createClientKey(createServerKey(), "ana");
  const about = { tenantName: "Hafen", accountName: "Ana Åse", email: "ana@harbour.example", accountId: "a" };
  writeFileSync(
    file,
    assembleProfile({ ...about, at: new Date(), remotes, ca, certificate, privateKey: key, tlsCryptV2Key }),
  );
  // Where it puts the keys that stand in the profile.
  const environment = { ...process.env, HOME: folder, XDG_DATA_HOME: folder };
  const data = JSON.parse(
    execFileSync("/usr/bin/python3", ["-c", importing, plugin!, file], { env: environment, encoding: "utf8" }),
  ) as Record<string, string>;
  expect(data).toMatchObject({
    ...{ "connection-type": "password-tls", dev: "tun", "connect-timeout": "2" },
    remote: "fra-1.vpn.example:1194:udp, 198.51.100.7:443:tcp",
    ...{ "remote-cert-tls": "server", "verify-x509-name": "name-prefix:gateway.", "tls-version-min": "1.2" },
    "data-ciphers": "AES-256-GCM:CHACHA20-POLY1305",
  });
  const kept = (name: string) => readFileSync(data[name]!, "utf8").trim();
  expect([kept("ca"), kept("cert"), kept("key"), kept("tls-crypt-v2")]).toEqual(
    [ca, certificate, key, tlsCryptV2Key].map((text) => text.trim()),
  );
  rmSync(folder, { recursive: true });
});
