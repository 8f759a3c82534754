/** The README's tables of settings, made from the schemas that read them. `npx tsx scripts/settings-table.ts` writes them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { settings as gatewaySettings } from "../gateway/env";
import { settings as serverSettings } from "../server/core/env";
import { root } from "./support/bootstrap.mjs";
import { startSettings } from "./support/start-settings";

const readme = join(root, "README.md");
const begin = "<!-- settings: made by scripts/settings-table.ts -->";
const end = "<!-- /settings -->";

export function settingsTables(): string {
  return [
    "**App and workers**",
    table(serverSettings),
    "**`npm start`**",
    table(startSettings),
    "**A gateway's agent**",
    table(gatewaySettings),
  ].join("\n\n");
}

/** What the README holds between the marks. */
export const tablesIn = (text: string) => text.slice(text.indexOf(begin) + begin.length, text.indexOf(end)).trim();

function table({ shape }: z.ZodObject): string {
  const rows = Object.entries(shape).map(([name, schema]) => {
    const { description } = schema as z.ZodType;
    return `| \`${name}\` | ${(description ?? "").replaceAll("|", "\\|")} | ${defaultOf(schema as z.ZodType)} |`;
  });
  return ["| setting | what it is | default |", "|---|---|---|", ...rows].join("\n");
}

function defaultOf(schema: z.ZodType): string {
  const parsed = schema.safeParse(undefined);
  if (!parsed.success) return "required";
  if (parsed.data === undefined || String(parsed.data) === "") return "";
  // Paths are shown as they are given, from the checkout.
  return `\`${String(parsed.data).replace(`${root}/`, "")}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = readFileSync(readme, "utf8");
  writeFileSync(readme, text.replace(`${begin}\n\n${tablesIn(text)}`, `${begin}\n\n${settingsTables()}`));
}
