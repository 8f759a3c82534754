import { mkdir, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";

/**
 * One agent a state folder: two would fight over the processes, the rules and the spool. A socket is let go by the
 * kernel when its process dies, however it dies, so what a dead agent left does not lock anybody out.
 *
 * @throws when an agent runs on the folder.
 */
export async function lockStateDir(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, "agent.lock");
  if (await isHeld(path))
    throw new Error(`an agent runs on ${stateDir} already; SIGUSR2 takes it and its tunnels down`);
  await rm(path, { force: true });
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  server.unref();
}

function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
