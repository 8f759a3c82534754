/** Starts the installation, tells how to use it, and ends it when asked. Set-up has been done by start.mjs. */
import { type Endings, type Installation, startInstallation } from "./installation";

let endings: Endings | undefined;
let stopping: Promise<void> | undefined;
let firstAskedAt = 0;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop(0));
process.on("uncaughtException", (error) => {
  console.error(error);
  stop(1);
});
// Whatever happens, nothing stays behind.
process.on("exit", () => endings?.kill());

try {
  const beganAt = Date.now();
  const installation = await startInstallation({ onBegin: (given) => (endings = given) });
  if (!stopping) summarise(installation, Date.now() - beganAt);
} catch (error) {
  if (stopping) await stopping;
  process.stderr.write(`\n${(error as Error).message}\n`);
  process.exit(1);
}

function stop(status: number): void {
  if (!endings) process.exit(status || 130);
  if (stopping) {
    // npm passes a Ctrl-C on that the terminal has sent already: the two are one.
    if (Date.now() - firstAskedAt < 700) return;
    endings.kill();
    process.exit(1);
  }
  firstAskedAt = Date.now();
  process.stdout.write("\nStopping …\n");
  stopping = endings.stop().then(
    () => {
      process.stdout.write("Stopped. Your data is kept; `npm start` goes on from here.\n");
      endings = undefined;
      process.exit(status);
    },
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}

function summarise({ console, url, dataDir }: Installation, tookMs: number): void {
  console.say();
  console.say(
    `  ${console.bold("Drawbridge is up")} ${console.dim(`in ${(tookMs / 1000).toFixed(1)} s`)}   ${console.bold(url)}`,
  );
  console.say(`  ${console.dim(`Data, secrets and logs: ${dataDir}. Ctrl-C stops it.`)}`);
  console.say();
}
