/**
 * Processes that outlive a terminal's Ctrl-C and a crash of their starter: each runs in a session of its own, and is
 * written down with the time at which it began, so that a later start ends what an earlier one left and nothing else.
 */
import { readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface ProcessMark {
  name: string;
  pid: number;
  /** Clock ticks since boot, from /proc: a pid that was given to another process since does not match. */
  beganAt: string;
}

/** Undefined where there is no such process (any more). */
export function markOf(name: string, pid: number): ProcessMark | undefined {
  const beganAt = beginningOf(pid);
  return beganAt ? { name, pid, beganAt } : undefined;
}

export const isAlive = ({ pid, beganAt }: ProcessMark) => Number.isInteger(pid) && beginningOf(pid) === beganAt;

function beginningOf(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    // A zombie has ended; nobody has asked for its status yet.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Ends a process and the group that it leads: asks, waits, then insists. */
export async function end(mark: ProcessMark, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  if (!isAlive(mark)) return;
  send(mark, signal);
  if (await hasEnded(mark, patienceMs)) return;
  send(mark, "SIGKILL");
  await hasEnded(mark, 5_000);
}

export function send({ pid }: ProcessMark, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No group of that number: the process alone. No process: it has ended.
    }
  }
}

export async function hasEnded(mark: ProcessMark, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(mark)) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** A folder with a file for each running process of one installation. */
export class ProcessBook {
  constructor(private readonly folder: string) {}

  async add(mark: ProcessMark): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = this.path(mark);
    await writeFile(`${path}.new`, JSON.stringify(mark));
    await rename(`${path}.new`, path);
  }

  async remove(mark: ProcessMark): Promise<void> {
    await rm(this.path(mark), { force: true });
  }

  async all(): Promise<ProcessMark[]> {
    const names = await readdir(this.folder).catch(() => [] as string[]);
    return names
      .filter((name) => name.endsWith(".json"))
      .flatMap((name) => {
        try {
          return [JSON.parse(readFileSync(join(this.folder, name), "utf8")) as ProcessMark];
        } catch {
          return [];
        }
      });
  }

  private path({ name, pid }: ProcessMark): string {
    return join(this.folder, `${name}.${pid}.json`);
  }
}
