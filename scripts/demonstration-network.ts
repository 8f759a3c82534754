/**
 * The demonstration network: two gateways whose agents run the real thing, tenants' sites with devices that answer, and
 * people's machines, one of them connected. It is built from what the database says, and tells the database, as an
 * administrator, only where its gateways are. Ended, nothing of it stays; its gateways' state does, for the next start.
 */
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLab, type Lab, type LabPerson } from "../e2e/lab/network";
import { asStaff, type Caller, type StaffMember } from "../prisma/seed/callers";
import { connectedAccount, connectedDevice } from "../prisma/seed/demonstration-data";
import { seedHistory } from "../prisma/seed/history";
import { inTransaction, system } from "../server/core/db";
import {
  inNamespace,
  type NetworkOptions,
  type PlacedGateway,
  placeGateway,
  regionCodes,
  runAgent,
  untilEnrolled,
} from "./demonstration-gateways";
import { ensureDeviceProfile, ensureProfile } from "./demonstration-profile";
import type { NetworkNote } from "./support/installation-note";
import { claimLab } from "./support/lab-claim";
import { type Supervised, supervise } from "./support/supervise";

export interface DemonstrationNetwork {
  /** Resolves when the gateways are enrolled and the client has been started. */
  ready: Promise<NetworkNote>;
  stop(): Promise<void>;
  kill(): void;
}

/** What stands behind the gateways for tenants that are yet to be made, so that a first device can be reached. */
const spareSites = 3;
const spareDevices = [10, 11, 12, 13, 14].map((last) => ({ address: `10.0.0.${last}`, name: `spare device ${last}` }));
const spareMachines = 2;

export function startDemonstrationNetwork(options: NetworkOptions): DemonstrationNetwork {
  const agents: Supervised[] = [];
  const clients: Supervised[] = [];
  const ending = new AbortController();
  let lab: Lab | undefined;
  let release: (() => Promise<void>) | undefined;

  const start = async (): Promise<NetworkNote> => {
    release = await claimLab(options.labNumber);
    const administrator = asStaff(await findAdministrator());
    lab = await createLab(options.labNumber);
    const gateways: PlacedGateway[] = [];
    for (const code of regionCodes) {
      ending.signal.throwIfAborted();
      const place = await lab.addGateway();
      const gateway = await placeGateway(administrator, code, place, options);
      if (!gateway) continue;
      gateways.push(gateway);
      ending.signal.throwIfAborted();
      agents.push(runAgent(gateway, options));
    }
    if (gateways.length === 0) throw new Error(`this database has no region with the code ${regionCodes.join(" or ")}`);
    const [sites, people] = await both(
      addSites(lab, administrator, ending.signal),
      addPeople(lab, administrator, gateways),
    );
    return { lab: options.labNumber, gateways: gateways.map(({ note }) => note), sites, people };
  };

  const addPeople = async (lab: Lab, administrator: Caller, gateways: PlacedGateway[]) => {
    const people: NetworkNote["people"] = [];
    const [first, afloat, ...others] = await Promise.all(
      Array.from({ length: 2 + spareMachines }, () => lab.addPerson()),
    );
    await untilEnrolled(administrator, gateways, options, ending.signal);
    ending.signal.throwIfAborted();
    const fresh = gateways.filter(({ isNew }) => isNew);
    await seedHistory(fresh.map(({ note, regionCode }) => ({ id: note.id, region: regionCode })));
    clients.push(...(await connect(first!, options)));
    clients.push(...(await dialIn(afloat!, options)));
    people.push({ ...first!, ...(clients.length > 0 ? { connectedAs: connectedAccount.email } : {}) }, ...others);
    return people;
  };

  const ready = start();
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    ending.abort(new Error("Stopped before it was up."));
    await ready.catch(() => {});
    // Clients first, so that gateways see them leave; then gateways, who take their tunnels down.
    await Promise.all(clients.map((one) => one.stop()));
    await Promise.all(agents.map((one) => one.stop()));
    await lab?.destroy();
    await release?.();
  };
  return {
    ready,
    stop() {
      stopped ??= stop();
      return stopped;
    },
    kill() {
      ending.abort();
      for (const one of [...clients, ...agents]) one.kill();
      if (lab) destroyNow(options.labNumber);
    },
  };
}

/** Unlike Promise.all it never leaves one at work when the other has failed: what it makes would be nobody's. */
async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}

/** For a process that is about to end, and can wait for nothing. */
function destroyNow(labNumber: number): void {
  const script = `for one in $(ip netns list | cut -d' ' -f1 | grep '^db${labNumber}-'); do kill -9 $(ip netns pids $one) 2>/dev/null; ip netns del $one; done`;
  spawnSync("sh", ["-c", script], { stdio: "ignore" });
}

async function findAdministrator(): Promise<StaffMember> {
  const user = await inTransaction(system, { isStaff: true }, ({ tx }) =>
    tx.user.findFirstOrThrow({
      where: { staffRole: "administrator", disabledAt: null },
      orderBy: { createdAt: "asc" },
    }),
  );
  return { userId: user.id, name: user.name, email: user.email, staffRole: "administrator" };
}

async function addSites(lab: Lab, administrator: Caller, signal: AbortSignal): Promise<NetworkNote["sites"]> {
  const { rows } = await administrator.tenants.list({ state: ["active", "suspended"], pageSize: 100 });
  const tenants = rows.sort((a, b) => a.number - b.number);
  const wanted: { tenantNumber: number; devices: { address: string; name: string }[] }[] = [];
  for (const { id, number } of tenants) {
    const devices = await inTransaction(system, { tenantId: id }, ({ tx }) =>
      tx.device.findMany({
        where: { tenantId: id, attachment: "routed" },
        select: { name: true, address: true },
        take: 200,
      }),
    );
    const own = devices.map(({ name, address }) => ({ name, address: address.replace(/\/32$/, "") }));
    wanted.push({ tenantNumber: number, devices: own.length > 0 ? own : spareDevices });
  }
  const last = tenants.at(-1)?.number ?? 0;
  for (let number = last + 1; number <= last + spareSites; number++)
    wanted.push({ tenantNumber: number, devices: spareDevices });
  signal.throwIfAborted();
  return Promise.all(
    wanted.map(async ({ tenantNumber, devices }) => {
      const { namespace } = await lab.addSite(tenantNumber, devices);
      return { tenantNumber, namespace, devices };
    }),
  );
}

/** A real client of one seeded account, where the seed made it, that now and then looks at a device. */
async function connect(person: LabPerson, options: NetworkOptions): Promise<Supervised[]> {
  const { dataDir, password } = options;
  const folder = join(dataDir, "people");
  const profile = await ensureProfile(connectedAccount, folder);
  if (!profile) return [];
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, `${connectedAccount.email}\n${password}\n`, { mode: 0o600 });
  const client = ["openvpn", "--config", profile, "--auth-user-pass", passwordFile, "--auth-retry", "none"];
  const look = `exec 3<>/dev/tcp/${connectedAccount.looksAt}/80 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3 >/dev/null`;
  const visits = ["bash", "-c", `while sleep 2; do timeout 2 bash -c "${look}" 2>/dev/null; done`];
  return [
    inMachine(person, "client", [...client, "--verb", "1"], options),
    inMachine(person, "visits", visits, options),
  ];
}

/** A seeded device, where the seed made it, by its own tunnel. */
async function dialIn(machine: LabPerson, options: NetworkOptions): Promise<Supervised[]> {
  const profile = await ensureDeviceProfile(connectedDevice, join(options.dataDir, "devices"));
  return profile ? [inMachine(machine, "device", ["openvpn", "--config", profile, "--verb", "1"], options)] : [];
}

function inMachine({ namespace }: LabPerson, name: string, command: string[], options: NetworkOptions): Supervised {
  const { console, book } = options;
  return supervise({ name, console, book, spawn: () => inNamespace(namespace, command, {}) });
}
