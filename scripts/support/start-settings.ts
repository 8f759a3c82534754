/** Settings of `npm start` itself, beside those of the app and the workers (server/core/env.ts) and of a gateway (gateway/env.ts). */
import { join, resolve } from "node:path";
import { z } from "zod";
import { root } from "./bootstrap.mjs";

export const startSettings = z.object({
  PORT: z.coerce.number().int().min(1).max(65_535).default(3000).describe("Where the app listens"),
  HOST: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address that the app listens on; `0.0.0.0` opens it to the network"),
  DRAWBRIDGE_DATA: z
    .string()
    .min(1)
    .default(".data")
    .transform((path) => resolve(root, path))
    .describe("Folder of the installation: database, secrets, logs, gateways' state"),
  DRAWBRIDGE_SCENARIO: z
    .enum(["demonstration", "operator", "empty"])
    .optional()
    .describe("What a new database is filled with; `demonstration`, or `empty` where DATABASE_URL is set"),
  DRAWBRIDGE_NETWORK: z
    .enum(["on", "off"])
    .optional()
    .describe("Whether the demonstration network is started; `on`, or `off` where DATABASE_URL is set"),
  DRAWBRIDGE_LAB: z.coerce
    .number()
    .int()
    .min(1)
    .max(99)
    .default(1)
    .describe("Number of the demonstration network; two installations on one machine need two"),
  ADMINISTRATOR_EMAIL: z
    .email()
    .default("administrator@drawbridge.example")
    .describe("First sign-in of a new installation"),
  SEED_PASSWORD: z.string().min(12).describe("Password of everybody whom a seed makes"),
});

export type StartSettings = z.infer<typeof startSettings>;

/** @throws Error that names every setting that is malformed */
export function parseStartSettings(source: Record<string, string | undefined>): StartSettings {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = startSettings.safeParse(present);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`Settings that are missing or wrong:\n${lines.join("\n")}`);
}

/** Needed before any other setting can be read. */
export const dataDirOf = (source: Record<string, string | undefined>) =>
  resolve(root, source.DRAWBRIDGE_DATA || join(root, ".data"));
