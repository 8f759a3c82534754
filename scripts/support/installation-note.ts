/** What an installation that runs tells others of itself: tests, `npm run seed`, `npm run doctor`. */
import { existsSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SignIn } from "../../prisma/seed/sign-in";
import { isAlive, type ProcessMark } from "./processes";
import type { Settings } from "./settings-file";

export interface InstallationNote {
  /** The process that started it and that ends it. */
  start: ProcessMark;
  url: string;
  /** Of its processes: DATABASE_URL and so on. */
  environment: Settings;
  /** Sign-ins that the seed made. All have the same password. */
  signIns: SignIn[];
  password: string;
  /** The demonstration network, where it runs. */
  network?: NetworkNote;
}

export interface NetworkNote {
  /** Of the lab; its namespaces are named `db<number>-…`. */
  lab: number;
  gateways: {
    id: string;
    name: string;
    region: string;
    namespace: string;
    wanAddress: string;
    managementAddress: string;
    apiPort: number;
  }[];
  /** What stands behind the gateways for a tenant of that number. */
  sites: { tenantNumber: number; namespace: string; devices: { address: string; name: string }[] }[];
  /** Machines of people, joined to nothing but the internet of the lab. */
  people: { namespace: string; address: string; connectedAs?: string }[];
}

const path = (dataDir: string) => join(dataDir, "run/installation.json");

/** The installation that runs in this data folder, if one does. */
export function findRunning(dataDir: string): InstallationNote | undefined {
  if (!existsSync(path(dataDir))) return undefined;
  const note = JSON.parse(readFileSync(path(dataDir), "utf8")) as InstallationNote;
  return isAlive(note.start) ? note : undefined;
}

export async function writeNote(dataDir: string, note: InstallationNote): Promise<void> {
  await writeFile(`${path(dataDir)}.new`, JSON.stringify(note, null, 2), { mode: 0o600 });
  await rename(`${path(dataDir)}.new`, path(dataDir));
}

export const removeNote = (dataDir: string) => rm(path(dataDir), { force: true });
