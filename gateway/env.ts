/** The agent's settings: the only place that reads the environment. */
import { z } from "zod";
import { parseToken } from "./protocol/enrolment";

export const settings = z.object({
  GATEWAY_STATE_DIR: z
    .string()
    .startsWith("/", "must be an absolute path")
    .default("/var/lib/drawbridge-gateway")
    .describe("Folder of its key, documents, sessions and events; it must survive restarts"),
  GATEWAY_API_HOST: z
    .string()
    .min(1)
    .default("0.0.0.0")
    .describe("Address that its API listens on; name one that only the workers reach"),
  GATEWAY_API_PORT: z.coerce.number().int().min(0).max(65535).default(8443).describe("Port of its API"),
  GATEWAY_UPLINK_PORTS: z
    .string()
    .default("")
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .pipe(z.array(z.string().regex(/^(tcp|udp)\/[1-9]\d{0,4}$/, "must list ports, such as tcp/179 udp/3784")))
    .transform((all) => all.map((one) => one.split("/") as ["tcp" | "udp", string]))
    .transform((all) => all.map(([protocol, port]) => ({ protocol, port: Number(port) })))
    .refine((all) => all.every(({ port }) => port <= 65_535), "has a port over 65535")
    .describe(
      "Ports of the host that tenants' networks may reach, such as `tcp/179 udp/3784`; none where nothing is said",
    ),
  GATEWAY_METRICS_HOST: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address of its metrics and health (/metrics, /healthz, /readyz), over plain HTTP"),
  GATEWAY_METRICS_PORT: z.coerce
    .number()
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe("Port of its metrics and health; without it they are not served"),
  GATEWAY_TOKEN: z
    .string()
    .trim()
    .refine((text) => isToken(text), "is not an enrolment token: it reads dbe1.<gateway>.<secret>.<expiry>")
    .optional()
    .describe("One-time token from its page in the console; needed until it is enrolled"),
  OPENVPN_BIN: z.string().min(1).default("openvpn").describe("The openvpn to run, 2.6 or newer"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("What is logged"),
  LOG_FORMAT: z.enum(["json", "pretty"]).default("json").describe("How it is logged"),
});

export type Env = z.infer<typeof settings>;

/** @throws with one line for each setting that is wrong. */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const result = settings.safeParse(given);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("\n"));
}

function isToken(text: string): boolean {
  try {
    parseToken(text);
    return true;
  } catch {
    return false;
  }
}
