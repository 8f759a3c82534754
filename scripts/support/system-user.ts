/** Users of the system for what needs no right of root's. Called by root only; who is not root stays who they are. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface SystemUser {
  uid: number;
  gid: number;
}

/** Finds the user, or makes it: without a home, without a login. */
export function ensureSystemUser(name: string): SystemUser {
  const known = findUser(name);
  if (known) return known;
  execFileSync("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]);
  return findUser(name)!;
}

function findUser(name: string): SystemUser | undefined {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/** Why this user could not run our programs with this Node; undefined where it can. @param paths what it has to read */
export function findObstacleFor(user: SystemUser, paths: string[]): string | undefined {
  const look = `for (const path of process.argv.slice(1)) require("fs").accessSync(path)`;
  const { status, error } = spawnSync(process.execPath, ["-e", look, ...paths], { ...user, cwd: "/", stdio: "ignore" });
  if (status === 0) return undefined;
  return error ? `it may not run ${process.execPath}` : `it may not read ${paths.join(" or ")}`;
}
