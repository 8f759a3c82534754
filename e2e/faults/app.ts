/** The app as it is run, Next.js and all, and an admin who is signed in to it over HTTP, as a browser is. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createTRPCClient, httpLink, type TRPCClient } from "@trpc/client";
import superjson from "superjson";
import { buildApp } from "../../scripts/support/builds";
import { Console } from "../../scripts/support/console";
import { freePort } from "../../scripts/support/ports";
import type { AppRouter } from "../../server/trpc/root";
import { until } from "../lab/vpn-client";
import type { Service, World } from "../lab/world";

export type Admin = TRPCClient<AppRouter>;

export interface App extends Service {
  /** Calls procedures of the tenant's, for as long as the app stands. */
  admin: Admin;
  log(): string;
}

/** Generous, for a machine that does much else. */
const startWithinMs = 180_000;
/** Whoever hears nothing for so long was told nothing. */
const answerWithinMs = 30_000;
const password = "correct horse battery 9";

/** Only what has changed since the last time; the browser tests and `npm start` use the same. */
export const buildAppOnce = (folder: string) =>
  buildApp(new Console(join(folder, "logs"), true), new AbortController().signal);

export async function startApp(world: World): Promise<App> {
  const root = new URL("../..", import.meta.url).pathname;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(world.folder, "app.log");
  const log = () => readFileSync(logFile, "utf8");
  let child: ChildProcess | undefined;
  process.on("exit", () => child?.kill("SIGKILL"));
  const service: Service = {
    name: "app",
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child!.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
    async start() {
      const output = openSync(logFile, "a");
      const command = [join(root, "node_modules/next/dist/bin/next"), "start", "-p", String(port), "-H", "127.0.0.1"];
      child = spawn(process.execPath, command, {
        cwd: root,
        env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", APP_URL: url },
        stdio: ["ignore", output, output],
      });
      closeSync(output);
      await until(() => isReady(url), startWithinMs, log);
    },
  };
  await service.start();
  const cookie = await signIn(url, await world.giveAdminPassword(password), password);
  const admin = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${url}/api/trpc`,
        transformer: superjson,
        headers: { cookie },
        fetch: (target, init) =>
          fetch(target, { ...(init as RequestInit), signal: AbortSignal.timeout(answerWithinMs) }),
      }),
    ],
  });
  return { ...service, admin, log };
}

const isReady = (url: string) =>
  fetch(`${url}/api/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

/** @returns the cookies of somebody signed in */
async function signIn(url: string, email: string, given: string): Promise<string> {
  const asked = await fetch(`${url}/api/auth/csrf`);
  const { csrfToken } = (await asked.json()) as { csrfToken: string };
  const form = { csrfToken, email, password: given, json: "true", callbackUrl: url };
  const answer = await fetch(`${url}/api/auth/callback/credentials`, {
    method: "POST",
    headers: { cookie: cookiesOf(asked), "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form),
    redirect: "manual",
  });
  const cookie = cookiesOf(answer);
  if (!cookie.includes("session-token"))
    throw new Error(`nobody is signed in: ${answer.status} ${await answer.text()}`);
  return cookie;
}

const cookiesOf = ({ headers }: Response) =>
  headers
    .getSetCookie()
    .map((line) => line.split(";")[0]!)
    .join("; ");
