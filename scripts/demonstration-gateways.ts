/** The demonstration's gateways: their entries in the database, and the agents that run in their namespaces. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LabGateway } from "../e2e/lab/network";
import type { Caller } from "../prisma/seed/callers";
import { root } from "./support/bootstrap.mjs";
import type { Console } from "./support/console";
import type { NetworkNote } from "./support/installation-note";
import type { ProcessBook } from "./support/processes";
import { type Supervised, supervise } from "./support/supervise";

export interface NetworkOptions {
  labNumber: number;
  dataDir: string;
  password: string;
  console: Console;
  book: ProcessBook;
  logLevel: string;
}

/** One gateway a region, in this order. */
export const regionCodes = ["fra", "dub"];
const apiPort = 8443;
/** None named: the agent runs one process a core behind each. */
const fronts = [
  { protocol: "udp" as const, port: 1194 },
  { protocol: "tcp" as const, port: 443 },
];
export interface PlacedGateway {
  regionCode: string;
  /** Not in the database until now. */
  isNew: boolean;
  note: NetworkNote["gateways"][number];
  stateDir: string;
  /** Where it is yet to be enrolled. */
  token: string | undefined;
}

/** Makes the gateway's entry, or moves it to where this lab has it. */
export async function placeGateway(
  administrator: Caller,
  regionCode: string,
  place: LabGateway,
  { dataDir }: NetworkOptions,
): Promise<PlacedGateway | undefined> {
  const region = (await administrator.regions.list()).find(({ code }) => code === regionCode);
  if (!region) return undefined;
  const name = `${regionCode}-1`;
  const stateDir = join(dataDir, "gateways", name);
  const wanted = {
    name,
    regionId: region.id,
    apiHost: place.managementAddress,
    apiPort,
    publicHost: place.wanAddress,
    fronts,
    processes: [],
  };
  const known = (await administrator.gateways.list({ search: name })).rows.find((row) => row.name === name);
  let gatewayId = known?.id;
  let token: string | undefined;
  if (!known) {
    await rm(stateDir, { recursive: true, force: true });
    ({ gatewayId, token } = await administrator.gateways.create(wanted));
  } else {
    if (known.apiHost !== wanted.apiHost || known.publicHost !== wanted.publicHost || known.apiPort !== apiPort)
      await administrator.gateways.update({
        ...wanted,
        fronts: known.fronts,
        processes: known.processes,
        gatewayId: known.id,
      });
    if (!known.enrolledAt || !existsSync(join(stateDir, "identity/enrolled.json"))) {
      await rm(stateDir, { recursive: true, force: true });
      ({ token } = await administrator.gateways.renewToken({ gatewayId: known.id }));
    }
  }
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  return {
    regionCode,
    isNew: !known,
    stateDir,
    token,
    note: {
      id: gatewayId!,
      name,
      region: region.name,
      namespace: place.namespace,
      wanAddress: place.wanAddress,
      managementAddress: place.managementAddress,
      apiPort,
    },
  };
}

export function runAgent(
  { note, stateDir, token }: PlacedGateway,
  { console, book, logLevel }: NetworkOptions,
): Supervised {
  return supervise({
    name: note.name,
    console,
    book,
    // Takes the tunnels and the rules down with it.
    stopSignal: "SIGUSR2",
    patienceMs: 10_000,
    spawn: () =>
      inNamespace(note.namespace, [process.execPath, join(root, "dist/gateway.mjs")], {
        GATEWAY_STATE_DIR: stateDir,
        GATEWAY_API_HOST: note.managementAddress,
        GATEWAY_API_PORT: String(note.apiPort),
        ...(token ? { GATEWAY_TOKEN: token } : {}),
        LOG_LEVEL: logLevel,
        LOG_FORMAT: "pretty",
      }),
  });
}

/** The workers enrol a gateway as soon as its agent answers; profiles name enrolled ones only. */
export async function untilEnrolled(
  administrator: Caller,
  gateways: PlacedGateway[],
  { console }: NetworkOptions,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await administrator.gateways.list({ pageSize: 100 });
    const waiting = gateways.filter(({ note }) => !rows.find(({ id }) => id === note.id)?.enrolledAt);
    if (waiting.length === 0) return;
    if (Date.now() > deadline) {
      const names = waiting.map(({ note }) => note.name).join(", ");
      return console.line("network", `${names} did not enrol in time; the workers' log says why`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Leads a session of its own, so that a Ctrl-C in the terminal is not its. */
export function inNamespace(namespace: string, command: string[], env: Record<string, string>): ChildProcess {
  return spawn("ip", ["netns", "exec", namespace, ...command], {
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...env } as unknown as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
}
