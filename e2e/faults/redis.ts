/** A Redis that can be killed, and comes back with what it held or without. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../scripts/support/ports";
import type { Service } from "../lab/world";

export interface Redis extends Service {
  url: string;
  /** While it is dead: what it held is gone. */
  forget(): void;
  end(): Promise<void>;
}

export async function startRedis(): Promise<Redis> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "faults-redis-"));
  const settings = { port, bind: "127.0.0.1", dir: folder, save: "", appendonly: "yes", appendfsync: "always" };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  let child: ChildProcess | undefined;
  const redis: Redis = {
    name: "Redis",
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      const ended = new Promise((resolve) => child!.once("exit", resolve));
      child!.kill("SIGKILL");
      await ended;
    },
    async start() {
      child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
      await new Promise<void>((resolve) =>
        child!.stdout!.on("data", (chunk) => String(chunk).includes("Ready to accept connections") && resolve()),
      );
    },
    forget: () => rmSync(join(folder, "appendonlydir"), { recursive: true, force: true }),
    async end() {
      await redis.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  process.on("exit", () => child?.kill("SIGKILL"));
  await redis.start();
  return redis;
}
