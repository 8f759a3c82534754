/** Whether there can be a demonstration network here, and which installation of this machine has which number. */
import { existsSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { findLabObstacle } from "../../e2e/lab/network";
import { isAlive, markOf, type ProcessMark } from "./processes";

/** Why there can be no demonstration network here, and the mend; undefined where there can. */
export function findNetworkObstacle(): string | undefined {
  const obstacle = findLabObstacle();
  if (obstacle) return `${obstacle}. Start as root to have it: sudo npm start`;
  if (!existsSync("/dev/net/tun"))
    return "there is no /dev/net/tun. Load it: modprobe tun (in a container: --device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN)";
  return undefined;
}

/** Lab numbers name things of the whole machine: two installations must not share one. */
export async function claimLab(labNumber: number): Promise<() => Promise<void>> {
  const path = labClaim(labNumber);
  const holder = findHolder(labNumber);
  if (holder)
    throw new Error(
      `Demonstration network ${labNumber} is in use by another installation (process ${holder.pid}). Choose another: DRAWBRIDGE_LAB=${labNumber + 1} npm start`,
    );
  await writeFile(path, JSON.stringify(markOf("start", process.pid)));
  return () => rm(path, { force: true });
}

const labClaim = (labNumber: number) => `/run/drawbridge-lab-${labNumber}.json`;

function findHolder(labNumber: number): ProcessMark | undefined {
  const path = labClaim(labNumber);
  const holder = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as ProcessMark) : undefined;
  return holder && holder.pid !== process.pid && isAlive(holder) ? holder : undefined;
}

/** For tests: a number that no installation holds. They take high ones, and leave low ones to people. */
export async function findFreeLab(): Promise<number> {
  for (let number = 60; number < 100; number++) if (!findHolder(number)) return number;
  throw new Error("Every lab number from 60 to 99 is taken by an installation that runs.");
}
