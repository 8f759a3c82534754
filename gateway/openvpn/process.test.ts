import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProcessFiles } from "./config";
import { findRunning, isAlive, logTail, type RunningProcess, startProcess, stopProcess, trimLog } from "./process";

/** A program of Node takes its time to start where others work too. */
const patience = { timeout: 10_000 };

let folder: string;
let files: ProcessFiles;
let program: string;
const started: RunningProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "process-"));
  files = {
    folder,
    config: join(folder, "openvpn.conf"),
    log: join(folder, "openvpn.log"),
    pid: join(folder, "openvpn.pid"),
    socket: join(folder, "m.sock"),
    record: join(folder, "process.json"),
  };
  program = join(folder, "program");
});
afterEach(async () => {
  for (const { pid } of started.splice(0)) await stopProcess(pid, files, 0);
  rmSync(folder, { recursive: true, force: true });
});

/** A program that stands in for openvpn: what it is called with stays its command line. */
async function start(script: string): Promise<RunningProcess> {
  writeFileSync(program, `#!/usr/bin/env node\n${script}\n`);
  chmodSync(program, 0o755);
  const running = await startProcess(program, files, "digest");
  started.push(running);
  return running;
}
const wait = 'console.log("up"); setInterval(() => {}, 1000);';

describe("a process", { timeout: 20_000 }, () => {
  it("is found again by who did not start it, in a group of its own, writing to its log", async () => {
    const running = await start(wait);
    await vi.waitFor(() => expect(findRunning(files)).toEqual(running), patience);
    const stat = readFileSync(`/proc/${running.pid}/stat`, "latin1").split(") ")[1]!.split(" ");
    expect(Number(stat[2])).toBe(running.pid);
    await vi.waitFor(() => expect(logTail(files)).toBe("up"), patience);
    expect(isAlive(process.pid, files)).toBe(false);
  });

  it("is not taken for another that has got its number", async () => {
    const running = await start(wait);
    await stopProcess(running.pid, files);
    writeFileSync(files.pid, `${process.pid}\n`);
    expect(findRunning(files)).toBeNull();
  });

  it("that dies at once is dead, and says why", async () => {
    const { pid } = await start('console.error("Options error: no"); process.exit(1);');
    // On a busy machine it is not yet what it is to be, and so not ours, before it is dead.
    await vi.waitFor(() => {
      expect(logTail(files)).toContain("Options error");
      expect(isAlive(pid, files)).toBe(false);
    }, patience);
    expect(findRunning(files)).toBeNull();
    expect(logTail(files)).toContain("Options error");
  });

  it("that will not go is killed", async () => {
    const { pid } = await start(`process.on("SIGTERM", () => {}); ${wait}`);
    await vi.waitFor(() => expect(logTail(files)).toBe("up"), patience);
    await stopProcess(pid, files, 200);
    expect(isAlive(pid, files)).toBe(false);
  });

  it("that cannot be started says so", async () => {
    await expect(startProcess(join(folder, "nothing"), files, "digest")).rejects.toThrow("ENOENT");
  });

  it("keeps no log without end", async () => {
    writeFileSync(files.log, "x".repeat(100));
    await trimLog(files, 1_000);
    expect(existsSync(`${files.log}.1`)).toBe(false);
    await trimLog(files, 50);
    expect(readFileSync(files.log, "utf8")).toBe("");
    expect(readFileSync(`${files.log}.1`, "utf8")).toHaveLength(100);
  });
});
