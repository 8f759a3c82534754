/**
 * Every setting of the app and the workers, read and validated once. The only place of theirs that reads process.env.
 * `npm start` fills in what an embedded installation needs; README lists them all.
 */
import { z } from "zod";

const flag = z.enum(["true", "false"]).transform((text) => text === "true");

export const settings = z.object({
  NODE_ENV: z
    .enum(["development", "test", "production"])
    .default("development")
    .describe("`npm start` sets it to production"),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .describe("PostgreSQL, as a role that is a member of drawbridge_app and owns nothing"),
  MIGRATE_DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe("The same database as its owner; needed to migrate only"),
  QUEUE_DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe("PostgreSQL database of the job queue, as its owner; needed where REDIS_URL is not set"),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe("Redis 6.2 or newer for the job queue, the choice at scale"),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .describe("Mail server; without it mail stays in the outbox, where staff read it with the links in it"),
  MAIL_FROM: z.string().min(3).default("Drawbridge <no-reply@drawbridge.invalid>").describe("Sender of mail"),
  APP_URL: z
    .url({ protocol: /^https?$/ })
    .default("http://localhost:3000")
    .describe("Where people reach the app"),
  AUTH_SECRET: z.string().min(32).describe("Signs sign-in cookies; at least 32 characters"),
  ENVELOPE_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits, e.g. from `openssl rand -hex 32`")
    .describe("Seals CA keys and other secrets in the database; lose it and they are lost"),
  AUDIT_HEADS_FILE: z
    .string()
    .startsWith("/", "an absolute path")
    .optional()
    .describe("File on the workers' host to which each day's signed heads of the audit are added"),
  VPN_RANGE: z.string().default("100.64.0.0/10").describe("The platform's range of stable VPN addresses"),
  VPN_PATH_MTU: z.coerce
    .number()
    .int()
    .min(576)
    .max(1_500)
    .default(1_280)
    .describe("Largest packet, in bytes, that passes on every way to a gateway; TCP in the tunnels is kept to it"),
  VPN_ZONE: z
    .string()
    .regex(/^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/, "labels of a-z, 0-9 and -, joined by dots")
    .max(100)
    .default("vpn.internal")
    .describe("DNS zone in which devices have names: <device>.<tenant>.<zone>"),
  OLD_CLIENTS_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(20_000)
    .optional()
    .describe(
      "Lets clients in that know no tls-crypt-v2 (OpenVPN 2.4, older routers), at this UDP and TCP port of every gateway, which none of its fronts or processes may have. All of them share one key, so whoever ever had such a profile can knock; empty, none are let in",
    ),
  LINK_FIRST_PORT: z.coerce
    .number()
    .int()
    .min(1024)
    .max(60_000)
    // Away from 20001 and on, where the processes behind a front have their own ports.
    .default(30_000)
    .describe("Links between gateways use UDP ports from here on, one for each gateway"),
  TENANT_BLOCK_PREFIX: z.coerce.number().int().min(16).max(28).default(20).describe("Size of a tenant's address block"),
  TELEMETRY_DAYS: z.coerce
    .number()
    .int()
    .min(31)
    .default(90)
    .describe("How long sessions and samples are kept, in days"),
  WORKERS_METRICS_HOST: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address of the workers' metrics and health (/metrics, /healthz, /readyz), over plain HTTP"),
  WORKERS_METRICS_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe("Port of the workers' metrics and health; without it they are not served"),
  TRUST_PROXY: flag.default(false).describe("Take the client's address from X-Forwarded-For (behind a load balancer)"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error"]).default("info").describe("What is logged"),
  LOG_FORMAT: z.enum(["json", "pretty"]).default("json").describe("How it is logged"),
});

export type Env = z.infer<typeof settings>;

/** @throws Error that names every setting that is missing or malformed, and what it is for. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = settings.safeParse(present);
  if (parsed.success) {
    if (!parsed.data.REDIS_URL && !parsed.data.QUEUE_DATABASE_URL) {
      throw new Error("Settings: set REDIS_URL, or QUEUE_DATABASE_URL to keep the job queue in PostgreSQL");
    }
    return parsed.data;
  }
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]) as keyof Env;
    const purpose = settings.shape[name]?.description;
    return `  ${name}: ${issue.message}${purpose ? ` (${purpose})` : ""}`;
  });
  throw new Error(`Settings that are missing or wrong:\n${lines.join("\n")}`);
}

let parsed: Env | undefined;

/** Lazy, so that building the app or reading a type needs no settings. */
export const env: Env = new Proxy({} as Env, {
  get: (_, name) => {
    parsed ??= parseEnv(process.env);
    return parsed[name as keyof Env];
  },
});

/** next-auth asks the environment itself where the app is; it is told what our own setting says. */
export function prepareNextAuth(): void {
  process.env.NEXTAUTH_URL = env.APP_URL;
}
