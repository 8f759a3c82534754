/** Starts the installation, tells how to use it, and ends it when asked. Set-up has been done by start.mjs. */
import { type Endings, type Installation, startInstallation } from "./installation";
import type { Console } from "./support/console";
import type { NetworkNote } from "./support/installation-note";

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

function summarise(installation: Installation, tookMs: number): void {
  const { console: out, url, dataDir, note, networkObstacle, clusterDir } = installation;
  const { signIns, password, network } = note;
  const staff = signIns.find(({ who }) => who === "account manager") ?? signIns[0];
  const width = Math.max(0, ...signIns.map(({ email }) => email.length));
  const lines = [
    `${out.bold("Drawbridge is up")} ${out.dim(`in ${(tookMs / 1000).toFixed(1)} s`)}   ${out.bold(url)}`,
    "",
    ...(signIns.length > 0
      ? [
          `${out.bold("Sign in")} with the password ${out.bold(password)} ${out.dim("(if you have not changed it)")}`,
          ...signIns.map(({ email, who }) => `  ${email.padEnd(width)}   ${out.dim(who)}`),
          "",
        ]
      : []),
    ...(network ? networkLines(out, network) : [`${out.bold("No demonstration network:")} ${networkObstacle}.`, ""]),
    ...(staff ? [out.bold("Try first"), ...firstSteps(staff.email, network), ""] : []),
    out.dim(`Data, secrets and logs: ${dataDir}. Ctrl-C stops it.`),
    ...(clusterDir && !clusterDir.startsWith(dataDir)
      ? [out.dim(`The database is in ${clusterDir}: its user does not get into your folder.`)]
      : []),
  ];
  out.say();
  for (const line of lines) out.say(line === "" ? "" : `  ${line}`);
  out.say();
}

function networkLines(out: Console, { gateways, people }: NetworkNote): string[] {
  const connected = people.find(({ connectedAs }) => connectedAs);
  return [
    out.bold("Demonstration network"),
    ...gateways.map(
      ({ name, region, wanAddress, namespace }) =>
        `  ${name}, ${region}   ${wanAddress}   ${out.dim(`ip netns exec ${namespace} nft list ruleset`)}`,
    ),
    ...(connected
      ? [
          `  ${connected.connectedAs} is connected   ${out.dim(`ip netns exec ${connected.namespace} curl http://10.0.0.11/`)}`,
        ]
      : []),
    "",
  ];
}

function firstSteps(staff: string, network: NetworkNote | undefined): string[] {
  const free = network?.people.find(({ connectedAs }) => !connectedAs);
  if (!network || !free)
    return [`  Sign in as ${staff}, create a tenant and invite its admin: the mail is in the outbox.`];
  const connected = network.people.find(({ connectedAs }) => connectedAs);
  return [
    ...(connected
      ? [
          `  Watch Live as support@drawbridge.example, and revoke ${connected.connectedAs} as the tenant's admin: cut off in`,
          "  milliseconds, on every gateway.",
        ]
      : []),
    `  Or the whole way: as ${staff} create a tenant with the network 10.0.0.0/24 and invite an admin (the`,
    "  mail is in the outbox). Add a device at 10.0.0.10, a group, an account, a policy for tcp 80. Download the profile",
    "  in the portal and connect with it:",
    `    ip netns exec ${free.namespace} openvpn --config PROFILE.ovpn`,
    `    ip netns exec ${free.namespace} curl http://10.0.0.10/`,
  ];
}
