import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lockStateDir } from "./lock";

it("lets one agent onto a state folder, and the next one after it was killed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gw-state-"));
  const script = join(folder, "holder.mjs");
  await writeFile(
    script,
    `import { createServer } from "node:net";
     createServer().listen(${JSON.stringify(join(folder, "agent.lock"))}, () => process.stdout.write("held"));`,
  );
  const holder = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => holder.stdout.once("data", resolve));
  await expect(lockStateDir(folder)).rejects.toThrow(/runs on/);
  holder.kill("SIGKILL");
  await new Promise((resolve) => holder.once("exit", resolve));
  await lockStateDir(folder);
  await expect(lockStateDir(folder)).rejects.toThrow(/runs on/);
  await rm(folder, { recursive: true });
});
