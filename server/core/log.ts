import pino from "pino";
import pretty from "pino-pretty";
import { env } from "./env";

/** Structured log of one process; `name` is `app`, `workers` or a script. Secrets never go in. */
export function createLog(name: string): pino.Logger {
  const options: pino.LoggerOptions = {
    name,
    level: env.LOG_LEVEL,
    base: { name },
    serializers: { error: pino.stdSerializers.errWithCause, cause: pino.stdSerializers.errWithCause },
    redact: ["password", "*.password", "token", "*.token", "headers.cookie", "headers.authorization"],
  };
  if (env.LOG_FORMAT === "json") return pino(options);
  return pino(options, pretty({ ignore: "pid,hostname", translateTime: "HH:MM:ss.l", singleLine: true, sync: true }));
}

let app: pino.Logger | undefined;

/** The web application's log. */
export function appLog(): pino.Logger {
  app ??= createLog("app");
  return app;
}

export type Log = pino.Logger;
