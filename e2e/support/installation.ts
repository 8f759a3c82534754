/** For browser tests: the installation that they run against, as `startInstallation` noted it in its data folder. */
import { resolve } from "node:path";
import { findRunning, type InstallationNote } from "../../scripts/support/installation-note";

/** @throws Error when none runs in DRAWBRIDGE_DATA (by default `.data`) */
export function getInstallation(): InstallationNote {
  const dataDir = resolve(process.env.DRAWBRIDGE_DATA ?? ".data");
  const note = findRunning(dataDir);
  if (!note) throw new Error(`No installation runs in ${dataDir}. Start one: npm start`);
  return note;
}
