/**
 * The openvpn of other years, for tests of what clients in the field make of ours: Debian's own packages of an older and of
 * a newer release, unpacked with the libraries that they were built for, beside the system and no part of it.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bootstrap.mjs";

/** 2.5, and the newest there is: 2.7 or later. */
const releases = ["bullseye", "sid"];
const folder = join(root, "node_modules/.cache/openvpn");
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Fetches what is not there yet, some 15 MB each. Where it cannot, it says so: those tests are then left out. */
export function fetchOtherOpenvpns() {
  for (const release of releases) {
    if (existsSync(join(folder, release))) continue;
    const problem = fetchOne(release);
    if (problem)
      process.stdout.write(`The openvpn of Debian ${release} cannot be had, so it is not tested: ${problem}\n`);
  }
}

/** Paths of those that are there; each is run as openvpn is. */
export const otherOpenvpns = () =>
  releases.map((release) => join(folder, release, "openvpn")).filter((path) => existsSync(path));

/** @returns what went wrong */
function fetchOne(release) {
  if (!existsSync(keyring)) return "this is no Debian";
  process.stdout.write(`Fetching the openvpn of Debian ${release} …\n`);
  const work = join(folder, `${release}.new`);
  rmSync(work, { recursive: true, force: true });
  for (const part of ["apt/lists/partial", "apt/archives/partial"]) mkdirSync(join(work, part), { recursive: true });
  writeFileSync(join(work, "apt/status"), "");
  writeFileSync(
    join(work, "apt/sources.list"),
    `deb [signed-by=${keyring}] http://deb.debian.org/debian ${release} main\n`,
  );
  const settings = {
    "Dir::Etc::sourcelist": join(work, "apt/sources.list"),
    "Dir::Etc::sourceparts": "/nonexistent",
    "Dir::State::lists": join(work, "apt/lists"),
    "Dir::State::status": join(work, "apt/status"),
    "Dir::Cache": join(work, "apt"),
    "APT::Sandbox::User": "root",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const run = (command, ...args) => spawnSync(command, args, { encoding: "utf8", timeout: 180_000 });
  const install = ["install", "--download-only", "--no-install-recommends", "-qq", "-y", "openvpn"];
  for (const args of [["update", "-qq"], install]) {
    const { status, stderr } = run("apt-get", ...options, ...args);
    if (status !== 0) return stderr?.trim() || "apt-get did not end";
  }
  const packages = readdirSync(join(work, "apt/archives")).filter((name) => name.endsWith(".deb"));
  for (const name of packages) run("dpkg-deb", "-x", join(work, "apt/archives", name), join(work, "root"));
  rmSync(join(work, "apt"), { recursive: true });
  const libraries = ["usr/lib", "lib"].map((path) => join("root", path, "x86_64-linux-gnu"));
  const loader = libraries
    .flatMap((path) =>
      existsSync(join(work, path)) ? readdirSync(join(work, path)).map((name) => join(path, name)) : [],
    )
    .find((path) => /\/ld-[^/]*\.so(\.2)?$/.test(path));
  if (!loader) return "its libraries are for another kind of machine";
  const program = join(work, "openvpn");
  writeFileSync(
    program,
    `#!/bin/sh\nhere=$(dirname "$0")\nexec "$here/${loader}" --library-path "${libraries.map((path) => `$here/${path}`).join(":")}" "$here/root/usr/sbin/openvpn" "$@"\n`,
  );
  chmodSync(program, 0o755);
  const { stdout } = run(program, "--version");
  if (!stdout?.startsWith("OpenVPN ")) return "it does not run here";
  renameSync(work, join(folder, release));
  return undefined;
}
