import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

export type { Logger };

/** One JSON object a line for a collector, or one readable line for a person. Both synchronous: nothing is lost at an exit. */
export function createLog(level: string, format: "json" | "pretty"): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (format === "json") return pino(options, pino.destination({ fd: 1, sync: true }));
  return pino(
    options,
    pretty({ sync: true, destination: 1, colorize: process.stdout.isTTY, translateTime: "HH:MM:ss", singleLine: true }),
  );
}
