/**
 * NetworkManager's importer of OpenVPN profiles, for tests of what it makes of ours: the plugin alone, unpacked beside the
 * system and no part of it. Its package would bring NetworkManager itself, which takes a machine's network over.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bootstrap.mjs";

const folder = join(root, "node_modules/.cache/network-manager");

/** Fetches it where it is not there yet, 0.3 MB. Where it cannot, it says so: its tests are then left out. */
export function fetchNetworkManagerPlugin() {
  if (existsSync(folder)) return;
  const work = `${folder}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const { status, stderr } = spawnSync("apt-get", ["download", "-qq", "network-manager-openvpn"], {
    ...{ cwd: work, encoding: "utf8", timeout: 180_000 },
  });
  const [name] = readdirSync(work);
  if (status !== 0 || !name || spawnSync("dpkg-deb", ["-x", join(work, name), work]).status !== 0) {
    process.stdout.write(`NetworkManager's importer cannot be had, so it is not tested: ${stderr?.trim()}\n`);
    return;
  }
  renameSync(work, folder);
}

/** @returns the plugin's path; undefined where it is not there */
export function networkManagerPlugin() {
  const libraries = join(folder, "usr/lib");
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries)
    .map((machine) => join(libraries, machine, "NetworkManager/libnm-vpn-plugin-openvpn.so"))
    .find((path) => existsSync(path));
}
