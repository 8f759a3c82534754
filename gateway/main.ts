/**
 * The gateway agent. SIGTERM (and SIGINT) ends the agent and leaves tunnels and rules to the next one, which adopts them;
 * SIGUSR2, or `--stop` for one that is not running, takes everything down.
 */
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { type Agent, createKernel, startAgent } from "./agent";
import { createEnrolmentRoutes } from "./api/enrolment-routes";
import { createRoutes } from "./api/routes";
import { type ApiServer, startServer } from "./api/server";
import { clock } from "./clock";
import { type Env, readEnv } from "./env";
import { createLog, type Logger } from "./log";
import { startSupervisor } from "./openvpn/supervisor";
import { createMetrics } from "./operations/metrics";
import { startOperations } from "./operations/server";
import { parseToken } from "./protocol/enrolment";
import { type Enrolled, Identity, isExpired } from "./state/identity";
import { lockStateDir } from "./state/lock";
import { agentVersion } from "./version";

if (isMainThread) await main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  if (args.includes("--version")) {
    process.stdout.write(`drawbridge-gateway ${agentVersion}\n`);
    return;
  }
  let log: Logger | null = null;
  try {
    const env = readEnv();
    log = createLog(env.LOG_LEVEL, env.LOG_FORMAT);
    await run(env, log, args.includes("--stop"));
  } catch (error) {
    if (log) log.fatal({ err: error }, "the gateway cannot start");
    else process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}

async function run(env: Env, log: Logger, isStopping: boolean): Promise<void> {
  await lockStateDir(env.GATEWAY_STATE_DIR);
  clock.keepIn(join(env.GATEWAY_STATE_DIR, "clock.json"));
  const identity = await Identity.open(env.GATEWAY_STATE_DIR);
  const metrics = createMetrics();
  let notReady = () => ["it is not enrolled yet"];
  if (env.GATEWAY_METRICS_PORT && !isStopping)
    await startOperations({
      host: env.GATEWAY_METRICS_HOST,
      port: env.GATEWAY_METRICS_PORT,
      metrics,
      notReady: () => notReady(),
      log,
    });
  const enrolled = identity.enrolled ?? (isStopping ? null : await enrol(env, identity, log));
  if (!enrolled) return log.info("not enrolled: there is nothing to stop");
  notReady = () => ["it is starting"];
  const agent = await startAgent({
    stateDir: env.GATEWAY_STATE_DIR,
    openvpnBin: env.OPENVPN_BIN,
    identity,
    kernel: createKernel(env.GATEWAY_API_HOST),
    uplinkPorts: env.GATEWAY_UPLINK_PORTS,
    startSupervisor,
    metrics,
    log,
  });
  if (isStopping) {
    await agent.stop();
    log.info("stopped; tunnels and rules are down");
    process.exit(0);
  }
  const server = await startServer({
    host: env.GATEWAY_API_HOST,
    port: env.GATEWAY_API_PORT,
    certificate: enrolled.certificate,
    key: identity.key,
    gatewayCa: enrolled.gatewayCa,
    routes: createRoutes(agent),
    hearTime: agent.hearTime,
    log,
  });
  agent.onRenewal((renewed) => server.useCertificate(renewed));
  log.info({ host: env.GATEWAY_API_HOST, port: server.port, gatewayId: enrolled.gatewayId }, "API open");
  notReady = agent.notReady;
  endOnSignals(agent, server, log);
}

/** Serves enrolment until it has happened. */
async function enrol(env: Env, identity: Identity, log: Logger): Promise<Enrolled> {
  if (!env.GATEWAY_TOKEN)
    throw new Error("this gateway is not enrolled: set GATEWAY_TOKEN to the token that its page in the console shows");
  const token = parseToken(env.GATEWAY_TOKEN);
  if (isExpired(token, new Date()))
    throw new Error("GATEWAY_TOKEN has expired: issue a new one on the gateway's page in the console");
  const certificate = identity.selfSign(token);
  let done = () => {};
  const enrolled = new Promise<void>((resolve) => {
    done = resolve;
  });
  const server = await startServer({
    host: env.GATEWAY_API_HOST,
    port: env.GATEWAY_API_PORT,
    certificate,
    key: identity.key,
    gatewayCa: null,
    routes: createEnrolmentRoutes(identity, token, certificate, log, done),
    log,
  });
  log.info({ host: env.GATEWAY_API_HOST, port: server.port, gatewayId: token.gatewayId }, "waiting to be enrolled");
  await enrolled;
  await server.close();
  return identity.enrolled!;
}

function endOnSignals(agent: Agent, server: ApiServer, log: Logger): void {
  let isEnding = false;
  const end = async (work: () => Promise<void>, message: string) => {
    if (isEnding) return;
    isEnding = true;
    try {
      await server.close();
      await work();
      log.info(message);
      process.exit(0);
    } catch (error) {
      log.error({ err: error }, "ending failed");
      process.exit(1);
    }
  };
  const leave = () => void end(() => agent.close(), "ended; tunnels and rules stay");
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
  process.on("SIGUSR2", () => void end(() => agent.stop(), "stopped; tunnels and rules are down"));
}
