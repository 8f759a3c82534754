import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** For what openvpn reads: never half, since it may start again by itself while it is written. Only the owner may read it. */
export function writePrivate(path: string, text: string): void {
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {
    // Not there yet.
  }
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
