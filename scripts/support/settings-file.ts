/**
 * Settings of an installation: the environment first, then settings.env in the data folder, which the first start makes
 * with fresh secrets. Lines are NAME=value; a person may add any setting of the README's table.
 */
import { randomBytes, randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { appendFile, chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type Settings = Record<string, string>;

/** What an installation cannot do without, and how it is made up. */
const secrets: Record<string, { comment: string; make: () => string }> = {
  AUTH_SECRET: { comment: "Signs sign-in cookies.", make: () => randomBytes(32).toString("hex") },
  ENVELOPE_KEY: {
    comment: "Seals CA keys and other secrets in the database. Keep a copy: without it they are lost.",
    make: () => randomBytes(32).toString("hex"),
  },
  POSTGRES_OWNER_PASSWORD: { comment: "Embedded PostgreSQL.", make: () => randomBytes(18).toString("hex") },
  POSTGRES_APP_PASSWORD: { comment: "", make: () => randomBytes(18).toString("hex") },
  POSTGRES_PORT: { comment: "", make: () => String(randomInt(50_000, 59_999)) },
  SEED_PASSWORD: { comment: "Password of everybody whom a seed makes.", make: makePassword },
};

export const settingsPath = (dataDir: string) => join(dataDir, "settings.env");

/** Reads the file, making it or adding what it lacks. */
export async function ensureSettingsFile(dataDir: string): Promise<Settings> {
  await mkdir(dataDir, { recursive: true });
  // As root, the database server's own user passes through it, and sees nothing on the way.
  await chmod(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
  const path = settingsPath(dataDir);
  if (!existsSync(path))
    await writeFile(path, "# Made at the first start. Secrets: keep it to yourself.\n", { mode: 0o600 });
  await chmod(path, 0o600);
  const present = readSettingsFile(dataDir);
  const lines = Object.entries(secrets)
    .filter(([name]) => !present[name])
    .map(([name, { comment, make }]) => `${comment ? `# ${comment}\n` : ""}${name}=${make()}\n`);
  if (lines.length > 0) await appendFile(path, lines.join(""));
  return readSettingsFile(dataDir);
}

/** @throws Error that names the line which is not NAME=value */
export function readSettingsFile(dataDir: string): Settings {
  const path = settingsPath(dataDir);
  return existsSync(path) ? parseSettings(readFileSync(path, "utf8"), path) : {};
}

export function parseSettings(text: string, path = "settings.env"): Settings {
  const settings: Settings = {};
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const match = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(trimmed);
    if (!match) throw new Error(`${path}, line ${index + 1}: not NAME=value`);
    settings[match[1]!] = match[2]!.replace(/^(["'])(.*)\1$/, "$2");
  }
  return settings;
}

/** Long enough for the rules, and fit to be typed from a terminal: no letters that look alike. */
function makePassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const group = () => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join("");
  return `${group()}-${group()}-${group()}`;
}
