import { readFileSync, renameSync, writeFileSync } from "node:fs";

/**
 * Never half there, whoever reads or dies meanwhile, and only the owner may read it. Not durable: for what is of no use after
 * the host has lost power.
 */
export function writePrivate(path: string, text: string): void {
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {
    // Not there yet.
  }
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
