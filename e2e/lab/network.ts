/**
 * A small internet in network namespaces: gateways, tenants' sites with their devices, people. For the lab tests and for
 * the demonstration of `npm start`. Needs root. Everything is named `db<number>-…`, and nothing else is touched.
 *
 *   people ── 198.18.<lab>.101… ──┐
 *                                 ├─ bridge ── wan 198.18.<lab>.11… gateway ── up-<tenant> ── site: 10.0.0.10, .11 …
 *   (the control plane, in the root namespace) ── mgmt 198.19.<lab>.x/30 ──┘
 *
 * A site's devices are addresses of one namespace. Each serves HTTP on 80 and 8080, saying who it is, and ssh on 22 where
 * dropbear is installed. Replies go back by the gateway that the flow came from, whichever holds the client.
 */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

export interface Lab extends LabTools {
  addGateway(): Promise<LabGateway>;
  /** A tenant's network and the addresses of its devices. Every gateway gets an uplink to it. */
  addSite(tenantNumber: number, devices: readonly LabDevice[]): Promise<LabSite>;
  addPerson(): Promise<LabPerson>;
  destroy(): Promise<void>;
}

/** What can be done in a namespace, whoever made it. */
export interface LabTools {
  /** @throws when the command ends with another code than 0. */
  exec(namespace: string, command: readonly string[], options?: { timeoutMs?: number }): Promise<string>;
  /** A long-lived process; it ends with the lab at the latest. */
  spawn(namespace: string, command: readonly string[], options?: SpawnOptions): ChildProcess;
  canConnect(namespace: string, address: string, port: number, timeoutMs?: number): Promise<Reach>;
  /** Body of what `http://address:port/` answers; null where nothing does in time. */
  httpGet(namespace: string, address: string, port?: number, timeoutMs?: number): Promise<string | null>;
  /** One echo request. */
  canPing(namespace: string, address: string, timeoutMs?: number): Promise<boolean>;
}

/** `silent` is what a dropped packet looks like; `unreachable` is no route, here or on the way. */
export type Reach = "open" | "refused" | "silent" | "unreachable";

export interface LabDevice {
  address: string;
  name: string;
}

export interface LabGateway {
  namespace: string;
  wanAddress: string;
  /** Of the gateway on the management link; the root namespace reaches it. */
  managementAddress: string;
  /** The uplink's next hop towards a site; its interface is `up-<tenant number>`. */
  nextHop(tenantNumber: number): string;
}

export interface LabSite {
  namespace: string;
  tenantNumber: number;
  /** Interface of every gateway towards it. */
  uplink: string;
  devices: readonly LabDevice[];
}

export interface LabPerson {
  namespace: string;
  address: string;
}

/** Why the lab cannot be built here, or null. */
export function findLabObstacle(): string | null {
  if (process.platform !== "linux") return "network namespaces need Linux";
  return process.getuid?.() === 0 ? null : "network namespaces need root";
}

/** `number` names the lab and its addresses: 0 to 255, and two at a time on a machine must differ. */
export async function createLab(number: number): Promise<Lab> {
  if (!Number.isInteger(number) || number < 0 || number > 255) throw new RangeError(`not a lab number: ${number}`);
  const prefix = `db${number}-`;
  await removeNamespaces(prefix);
  for (const name of await readdir(tmpdir()))
    if (name.startsWith(prefix)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  const folder = await mkdtemp(join(tmpdir(), prefix));
  // Once, for sites are made side by side: one must not find it as another has just begun to write it.
  const script = join(folder, "devices.cjs");
  await writeFile(script, deviceServer);
  const children = new Set<ChildProcess>();
  const tools = createTools(children);
  const gateways: (LabGateway & { index: number })[] = [];
  const sites: (LabSite & { index: number })[] = [];
  let siteCount = 0;
  let people = 0;

  const internet = `${prefix}inet`;
  await addNamespace(internet);
  await ip(internet, ["link add br0 type bridge", "link set br0 up", `addr add 198.18.${number}.1/24 dev br0`]);

  const joinInternet = async (namespace: string, device: string, name: string, address: string) => {
    await ip(null, [`link add ${device} netns ${namespace} type veth peer name ${name} netns ${internet}`]);
    await ip(namespace, [`addr add ${address}/24 dev ${device}`, `link set ${device} up`]);
    await ip(internet, [`link set ${name} master br0`, `link set ${name} up`]);
  };

  const nextHop = (gatewayIndex: number, siteIndex: number) => `172.31.${siteIndex}.${gatewayIndex * 4 + 2}`;
  const joinSite = async (gateway: (typeof gateways)[number], site: (typeof sites)[number]) => {
    const inside = `gw${gateway.index}`;
    const gatewayEnd = `172.31.${site.index}.${gateway.index * 4 + 1}`;
    await ip(null, [
      `link add ${site.uplink} netns ${gateway.namespace} type veth peer name ${inside} netns ${site.namespace}`,
    ]);
    await ip(gateway.namespace, [`addr add ${gatewayEnd}/30 dev ${site.uplink}`, `link set ${site.uplink} up`]);
    await ip(site.namespace, [
      `addr add ${nextHop(gateway.index, site.index)}/30 dev ${inside}`,
      `link set ${inside} up`,
      `route add default via ${gatewayEnd} dev ${inside} metric ${100 + gateway.index}`,
      `route add default via ${gatewayEnd} dev ${inside} table ${100 + gateway.index}`,
      `rule add fwmark ${gateway.index} lookup ${100 + gateway.index}`,
    ]);
    await run(site.namespace, [
      "nft",
      `add rule ip homeward prerouting iifname "${inside}" ct mark set ${gateway.index}`,
    ]);
  };

  const lab: Lab = {
    async addGateway() {
      const index = gateways.length + 1;
      const namespace = `${prefix}gw${index}`;
      const rootEnd = `db${number}m${index}`;
      const gateway = {
        index,
        namespace,
        wanAddress: `198.18.${number}.${10 + index}`,
        managementAddress: `198.19.${number}.${index * 4 + 2}`,
        nextHop: (tenantNumber: number) =>
          nextHop(index, sites.find((site) => site.tenantNumber === tenantNumber)!.index),
      };
      await addNamespace(namespace);
      await joinInternet(namespace, "wan", `gw${index}`, gateway.wanAddress);
      await ip(null, [`link add ${rootEnd} type veth peer name mgmt netns ${namespace}`]);
      await ip(null, [`addr add 198.19.${number}.${index * 4 + 1}/30 dev ${rootEnd}`, `link set ${rootEnd} up`]);
      await ip(namespace, [`addr add ${gateway.managementAddress}/30 dev mgmt`, "link set mgmt up"]);
      gateways.push(gateway);
      for (const site of sites) await joinSite(gateway, site);
      return gateway;
    },

    async addSite(tenantNumber, devices) {
      const index = ++siteCount;
      const namespace = `${prefix}site${tenantNumber}`;
      const site = { index, namespace, tenantNumber, uplink: `up-${tenantNumber}`, devices };
      await addNamespace(namespace);
      await ip(
        namespace,
        devices.map(({ address }) => `addr add ${address}/32 dev lo`),
      );
      // The mark of the gateway that a flow came from leads its replies back there.
      await run(namespace, [
        "nft",
        "add table ip homeward; add chain ip homeward prerouting { type filter hook prerouting priority mangle; policy accept; }; add chain ip homeward output { type route hook output priority mangle; policy accept; }; add rule ip homeward output meta mark set ct mark",
      ]);
      sites.push(site);
      for (const gateway of gateways) await joinSite(gateway, site);
      const names = JSON.stringify(Object.fromEntries(devices.map(({ address, name }) => [address, name])));
      lab.spawn(namespace, [process.execPath, script, String(tenantNumber), names]);
      await startSsh(lab, namespace, join(folder, `${namespace}.key`));
      await waitForPort(namespace, devices[0]?.address ?? "127.0.0.1", 80);
      return site;
    },

    async addPerson() {
      const index = ++people;
      const namespace = `${prefix}p${index}`;
      const address = `198.18.${number}.${100 + index}`;
      await addNamespace(namespace);
      await joinInternet(namespace, "eth0", `p${index}`, address);
      return { namespace, address };
    },

    ...tools,

    async destroy() {
      await removeNamespaces(prefix);
      await Promise.all([...children].map((child) => new Promise((resolve) => child.once("exit", resolve))));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return lab;

  async function waitForPort(namespace: string, address: string, port: number): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (performance.now() < deadline) {
      // Patient: on a busy machine the question alone takes its time.
      if ((await canConnect(namespace, address, port, 2_000)) === "open") return;
      await delay(30);
    }
    throw new Error(`nothing listens on ${address}:${port} in ${namespace}`);
  }
}

/** For a lab that another process has made and will destroy. */
export const labTools = (): LabTools => createTools(new Set());

function createTools(children: Set<ChildProcess>): LabTools {
  return {
    exec: (namespace, command, { timeoutMs = 30_000 } = {}) => run(namespace, command, timeoutMs),

    spawn(namespace, [command, ...args], options = {}) {
      const child = spawn("ip", ["netns", "exec", namespace, command!, ...args], { stdio: "ignore", ...options });
      children.add(child);
      child.on("exit", () => children.delete(child));
      child.on("error", () => children.delete(child));
      return child;
    },

    canConnect,

    async httpGet(namespace, address, port = 80, timeoutMs = 2_000) {
      const script = `exec 3<>/dev/tcp/${address}/${port} && printf 'GET / HTTP/1.0\\r\\nHost: device\\r\\n\\r\\n' >&3 && cat <&3`;
      try {
        const answer = await run(namespace, ["timeout", String(timeoutMs / 1000), ...bash, script]);
        return answer.slice(answer.indexOf("\r\n\r\n") + 4);
      } catch {
        return null;
      }
    },

    async canPing(namespace, address, timeoutMs = 1_000) {
      try {
        await run(namespace, ["ping", "-c", "1", "-W", String(timeoutMs / 1000), address]);
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** Node's pipes are sockets, which bash takes for a remote shell's: it would read ~/.bashrc, and be as slow as that is. */
const bash = ["bash", "--norc", "-c"];

async function canConnect(namespace: string, address: string, port: number, timeoutMs = 1_000): Promise<Reach> {
  const command = ["timeout", String(timeoutMs / 1000), ...bash, `exec 3<>/dev/tcp/${address}/${port}`];
  try {
    await run(namespace, command);
    return "open";
  } catch (error) {
    const { code, stderr = "" } = error as { code?: number; stderr?: string };
    if (code === 124) return "silent";
    if (stderr.includes("refused")) return "refused";
    if (/unreachable|No route/.test(stderr)) return "unreachable";
    if (stderr.includes("timed out")) return "silent";
    throw error;
  }
}

const deviceServer = `
const http = require("node:http");
const [tenant, names] = process.argv.slice(2);
const byAddress = JSON.parse(names);
for (const port of [80, 8080])
  http.createServer((request, response) => {
    const address = request.socket.localAddress.replace("::ffff:", "");
    response.setHeader("content-type", "text/plain; charset=utf-8");
    response.end("tenant " + tenant + " device " + address + " " + (byAddress[address] ?? "") + "\\n");
  }).listen(port, "0.0.0.0");
`;

async function startSsh(lab: Lab, namespace: string, keyFile: string): Promise<void> {
  try {
    await run(namespace, ["dropbearkey", "-t", "ed25519", "-f", keyFile]);
  } catch {
    return; // Not installed: the devices then serve HTTP alone.
  }
  lab.spawn(namespace, ["dropbear", "-F", "-E", "-r", keyFile, "-p", "22"]);
}

async function addNamespace(namespace: string): Promise<void> {
  await ip(null, [`netns add ${namespace}`]);
  await ip(namespace, ["link set lo up"]);
}

/** Ends what runs in the namespaces of that name, and takes them away; what leads into them goes along. */
async function removeNamespaces(prefix: string): Promise<void> {
  const listed = await run(null, ["ip", "netns", "list"]);
  const own = listed
    .split("\n")
    .flatMap((line) => line.split(" ")[0]!)
    .filter((name) => name.startsWith(prefix));
  const pids = async () => {
    const found = await Promise.all(own.map((name) => run(null, ["ip", "netns", "pids", name])));
    return found.join("\n").split("\n").filter(Boolean).map(Number);
  };
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const pid of await pids()) kill(pid, signal);
    for (let waited = 0; waited < 3_000 && (await pids()).length > 0; waited += 100) await delay(100);
  }
  for (const name of own) await run(null, ["ip", "netns", "del", name]);
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function ip(namespace: string | null, commands: readonly string[]): Promise<void> {
  for (const command of commands)
    await run(null, ["ip", ...(namespace ? ["-n", namespace] : []), ...command.split(" ")]);
}

async function run(namespace: string | null, command: readonly string[], timeoutMs = 30_000): Promise<string> {
  const [file, ...args] = namespace ? ["ip", "netns", "exec", namespace, ...command] : command;
  const { stdout } = await promisify(execFile)(file!, args, { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
