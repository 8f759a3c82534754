/** The workers as they are run, for tests that kill them. */
import { type ChildProcess, spawn } from "node:child_process";
import { freePort } from "../../scripts/support/ports";

export interface WorkerProcess {
  child: ChildProcess;
  output(): string;
  /** Where it serves metrics and health. */
  operationsPort: number;
  /** Resolves with how it ended: its exit code, or the signal that killed it. */
  ended: Promise<number | NodeJS.Signals | null>;
}

/** Resolves once it works; it has the settings of this process. */
export async function startWorkers(): Promise<WorkerProcess> {
  const operationsPort = await freePort();
  const child = spawn(process.execPath, ["--import", "tsx", "workers/main.ts"], {
    env: { ...process.env, LOG_LEVEL: "info", LOG_FORMAT: "json", WORKERS_METRICS_PORT: String(operationsPort) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? signal)),
  );
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      output += chunk;
      if (output.includes('"msg":"working"')) resolve();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    void ended.then((how) => reject(new Error(`the workers ended with ${how}:\n${output}`)));
  });
  return { child, output: () => output, operationsPort, ended };
}
