import type { ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabTools } from "./network";

export interface VpnClient {
  process: ChildProcess;
  /** Where openvpn reads the user's name and password whenever it wants them; empty where it was given none. */
  passwordFile: string;
  log(): string;
  /** @throws with the log when it does not come up. */
  connected(timeoutMs?: number): Promise<void>;
  exited(timeoutMs?: number): Promise<number | null>;
  stop(): Promise<void>;
}

let count = 0;

/** Where devices are, of every tenant. */
const everywhere = ["10.0.0.0 255.0.0.0", "100.64.0.0 255.192.0.0"];

/**
 * Debian's own openvpn, in a person's namespace, with a profile as a person has it.
 * @param options.isCurious also sends into its tunnel what it was not told to, so that it is the gateway that refuses it
 */
export function startVpnClient(
  lab: LabTools,
  namespace: string,
  folder: string,
  {
    profile,
    password,
    openvpn = "openvpn",
    isCurious = true,
  }: { profile: string; password: string | null; openvpn?: string; isCurious?: boolean },
): VpnClient {
  const base = join(folder, `client-${++count}`);
  writeFileSync(`${base}.ovpn`, profile, { mode: 0o600 });
  const args = ["--config", `${base}.ovpn`, "--verb", "3"];
  if (isCurious) args.push(...everywhere.flatMap((network) => ["--route", ...network.split(" ")]));
  if (password !== null) {
    writeFileSync(`${base}.password`, `person\n${password}\n`, { mode: 0o600 });
    args.push("--auth-user-pass", `${base}.password`, "--auth-retry", "none");
  }
  const output = openSync(`${base}.log`, "a");
  const child = lab.spawn(namespace, [openvpn, ...args], { stdio: ["ignore", output, output] });
  closeSync(output);
  const log = () => readFileSync(`${base}.log`, "utf8");
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const client: VpnClient = {
    process: child,
    passwordFile: password === null ? "" : `${base}.password`,
    log,
    connected: (timeoutMs = 20_000) =>
      until(
        () => {
          if (child.exitCode !== null) throw new Error(`openvpn ended:\n${log()}`);
          return log().includes("Initialization Sequence Completed");
        },
        timeoutMs,
        () => `openvpn did not connect:\n${log()}`,
      ),
    async exited(timeoutMs = 20_000) {
      await until(
        () => child.exitCode !== null || child.signalCode !== null,
        timeoutMs,
        () => `openvpn did not end:\n${log()}`,
      );
      return ended;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
  return client;
}

/** Waits for the thing itself. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
  message: () => string = () => "it did not come to pass",
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(message());
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
