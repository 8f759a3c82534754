/**
 * Runs one openvpn so that it outlives the agent: in a process group of its own, its output appended to a file, no pipe
 * to us. What runs is written down before it is started, so that an agent killed at any point finds it again; and found
 * by /proc, so that somebody else's process that was given the same number is never taken for it.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { copyFile, truncate } from "node:fs/promises";
import { commandEnv } from "../firewall/command-pipe";
import { writePrivate } from "../state/private-file";
import type { ShownCertificate } from "./certificate-pace";
import type { ProcessFiles } from "./config";

export interface ProcessRecord {
  /** Random id of one run; with the client's number it names a connection. A SIGHUP begins another. */
  boot: string;
  /** Digest of the configuration and key material that it was started with, its own certificate aside. */
  configDigest: string;
  startedAt: string;
  /** openvpn's own time of its last start in seconds, once known: a SIGHUP that nobody watched changes it. */
  upSince: number | null;
  /** The certificate that it shows to clients. */
  certificate?: ShownCertificate;
}

export interface RunningProcess {
  pid: number;
  record: ProcessRecord;
}

/** The process of these files, if it runs. */
export function findRunning(files: ProcessFiles): RunningProcess | null {
  const record = readRecord(files);
  if (!record) return null;
  const pid = findPid(files);
  return pid === null ? null : { pid, record };
}

/** The run that was last written down, whether or not it still runs. */
export function readRecord(files: ProcessFiles): ProcessRecord | null {
  try {
    return JSON.parse(readFileSync(files.record, "utf8")) as ProcessRecord;
  } catch {
    // Never started, or the host lost power while it was written: then nothing of it runs either.
    return null;
  }
}

export function writeRecord(files: ProcessFiles, record: ProcessRecord): void {
  writePrivate(files.record, JSON.stringify(record));
}

/** @throws when the program cannot be started; that it then exits again is seen by `isAlive`. */
export async function startProcess(
  openvpnBin: string,
  files: ProcessFiles,
  configDigest: string,
  certificate?: ShownCertificate,
): Promise<RunningProcess> {
  const record: ProcessRecord = {
    boot: randomUUID(),
    configDigest,
    startedAt: new Date().toISOString(),
    upSince: null,
    certificate,
  };
  writeRecord(files, record);
  // openvpn does not take a socket that is there; the process that had it is gone.
  rmSync(files.socket, { force: true });
  const output = openSync(files.log, "a", 0o600);
  try {
    const child = spawn(openvpnBin, [...commandLine(files)], {
      cwd: files.folder,
      detached: true,
      // Without it libc looks /etc/localtime up for every line that openvpn writes, to us too.
      env: { ...commandEnv, TZ: "UTC" },
      stdio: ["ignore", output, output],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.on("error", () => {});
    child.unref();
    return { pid: child.pid!, record };
  } finally {
    closeSync(output);
  }
}

/** Whether that process is still the one of these files: until it has let go of its port and its tunnel, which it does last. */
export function isAlive(pid: number, files: ProcessFiles): boolean {
  const line = readCommandLine(pid);
  // Killed, it has given its memory back, and its command line with that, but not yet its files.
  return (line === "" || isOf(line, files)) && !isZombie(pid);
}

/** SIGTERM, then SIGKILL; resolves when it is gone. */
export async function stopProcess(pid: number, files: ProcessFiles, patienceMs = 5_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  signal(pid, "SIGTERM");
  while (isAlive(pid, files)) {
    if (performance.now() > deadline) signal(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The end of its log, for whoever asks why it does not run. */
export function logTail(files: ProcessFiles, lines = 3): string {
  try {
    return readFileSync(files.log, "utf8").trimEnd().split("\n").slice(-lines).join(" | ");
  } catch {
    return "";
  }
}

/** Keeps the log from filling the disk. openvpn appends, so it goes on in the emptied file. */
export async function trimLog(files: ProcessFiles, maxBytes = 16 * 1024 * 1024): Promise<void> {
  if ((statSync(files.log, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return;
  await copyFile(files.log, `${files.log}.1`);
  await truncate(files.log, 0);
}

function commandLine(files: ProcessFiles): [string, string] {
  return ["--config", files.config];
}

function findPid(files: ProcessFiles): number | null {
  try {
    const pid = Number(readFileSync(files.pid, "utf8").trim());
    if (pid > 0 && isOurs(pid, files)) return pid;
  } catch {
    // It had no time to write it, or it ended.
  }
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => isOurs(pid, files)) ?? null;
}

/** Its command line names our configuration file, which no other process's does, and it is no zombie. */
function isOurs(pid: number, files: ProcessFiles): boolean {
  return isOf(readCommandLine(pid), files) && !isZombie(pid);
}

function isOf(line: string | null, files: ProcessFiles): boolean {
  const parts = line?.split("\0") ?? [];
  const [option, value] = commandLine(files);
  return parts.some((part, index) => part === option && parts[index + 1] === value);
}

function readCommandLine(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return null;
  }
}

/** True also of what is gone by now. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return ["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3));
  } catch {
    return true;
  }
}

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
