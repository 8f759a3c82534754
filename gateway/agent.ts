/**
 * The enrolled gateway: documents, firewall, openvpn processes and ledger, put together. Started, it holds the kernel at
 * the documents on its disk and adopts what runs, before anybody may call.
 */
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { createIpPipe, createIpRunner, type Runner } from "./firewall/command-pipe";
import { createFirewall } from "./firewall/firewall";
import { createNft, type Nft } from "./firewall/nft";
import { createRouter } from "./firewall/router";
import { Routes, type RoutingState, readRouting } from "./firewall/routes";
import type { Sessions } from "./ledger/sessions";
import { openSpool, type Spool } from "./ledger/spool";
import type { Logger } from "./log";
import { planSpread } from "./openvpn/plan";
import type { Supervisor, SupervisorDependencies } from "./openvpn/supervisor";
import type { GatewayConfig, GatewayStateReply, GatewayWarning } from "./protocol/api";
import { createConfigFile } from "./state/config-file";
import { FileDocumentStore } from "./state/document-store";
import { DocumentBook } from "./state/documents";
import type { Enrolled } from "./state/identity";
import { createEnforcer, type Enforcer } from "./state/push";
import { agentVersion } from "./version";

export interface Agent {
  documents: DocumentBook;
  spool: Spool;
  enforcer: Enforcer;
  sessions(): Sessions;
  configVersion(): number;
  configure(config: GatewayConfig): Promise<void>;
  state(): GatewayStateReply;
  /** Lets go of everything; tunnels and rules stay for the next agent. */
  close(): Promise<void>;
  /** Takes everything down: processes, rules, routes. */
  stop(): Promise<void>;
}

/** What the agent does to the host. */
export interface Kernel {
  nft: Nft;
  ip: Runner;
  ipPipe: Runner;
  readRouting(): Promise<RoutingState>;
}

export function createKernel(): Kernel {
  return { nft: createNft(), ip: createIpRunner(), ipPipe: createIpPipe(), readRouting: () => readRouting() };
}

export interface AgentDependencies {
  stateDir: string;
  openvpnBin: string;
  identity: Enrolled & { key: string };
  kernel: Kernel;
  startSupervisor: (dependencies: SupervisorDependencies) => Promise<Supervisor>;
  log: Logger;
}

/** Rules can be flushed and routes vanish with a device; nobody tells, and nobody else mends it. */
const verifyEveryMs = 5_000;

export async function startAgent({
  stateDir,
  openvpnBin,
  identity,
  kernel,
  startSupervisor,
  log,
}: AgentDependencies): Promise<Agent> {
  const { gatewayId } = identity;
  const startedAt = new Date();
  const store = new FileDocumentStore(join(stateDir, "tenants"), (message) => log.warn(message));
  const documents = await DocumentBook.open(store);
  const loadedMs = Date.now() - startedAt.getTime();
  const configFile = createConfigFile(stateDir);
  let config = await configFile.read();
  /** What is in force; the file may be ahead of it. */
  let version = 0;

  const { nft, ip, ipPipe } = kernel;
  const routes = new Routes(gatewayId, ip, kernel.readRouting);
  const firewall = createFirewall({ gatewayId, nft, routes, documents: () => documents.all() });
  const spool = openSpool(join(stateDir, "spool"));
  // Rules before processes: nobody is let in while the kernel lets everything through.
  if (config) {
    await firewall.spread(planSpread(config, null));
    await firewall.load(config.range);
  }
  const spread = async () => {
    if (!config) return;
    await firewall
      .spread(planSpread(config, supervisor.processes()))
      .catch((error) => log.error({ err: error }, "new connections could not be spread anew"));
  };
  const supervisor = await startSupervisor({
    stateDir,
    gatewayId,
    documents,
    spool,
    router: createRouter({ ip, ipPipe, rangeAddress: () => config!.rangeAddress }),
    log,
    openvpnBin,
    onProcesses: () => void spread(),
  });
  const sessions = () => supervisor.sessions;
  const enforcer = createEnforcer(documents, firewall, sessions);
  const keys = { certificate: identity.certificate, key: identity.key };
  let failure: string | null = null;
  const configureProcesses = async (wanted: GatewayConfig) => {
    try {
      await supervisor.configure(wanted, keys);
      version = wanted.version;
      failure = null;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
  };
  const verify = async () => {
    try {
      if (await firewall.verify()) log.warn("the rules were gone from the kernel and are back");
      const ended = await enforcer.recheck();
      if (ended.length > 0) log.warn({ ended: ended.length }, "ended sessions that may no longer be in");
    } catch (error) {
      log.error({ err: error }, "the kernel and the sessions could not be verified");
    }
  };
  if (config) {
    // Where the processes cannot be configured the API opens all the same: permissions can still be taken away.
    await configureProcesses(config).catch((error) =>
      log.error({ err: error }, "the processes could not be configured"),
    );
    await verify();
  }
  const verifying = setInterval(verify, verifyEveryMs);
  log.info({ loadedMs, readyMs: Date.now() - startedAt.getTime(), tenants: [...documents.all()].length }, "ready");

  let configuring: Promise<void> = Promise.resolve();
  const configure = async (wanted: GatewayConfig) => {
    await configFile.write(wanted);
    config = wanted;
    if (firewall.range() !== wanted.range) await firewall.load(wanted.range);
    // Before a process is stopped, nothing is led to it any more.
    await spread();
    await configureProcesses(wanted);
    await spread();
    log.info({ version: wanted.version, processes: supervisor.processes().length }, "configured");
  };

  const letGo = async () => {
    clearInterval(verifying);
    await supervisor.close();
    await spool.close();
    nft.close();
    ipPipe.close();
  };

  return {
    documents,
    spool,
    enforcer,
    sessions,
    configVersion: () => version,
    configure(wanted) {
      configuring = configuring.catch(() => {}).then(() => configure(wanted));
      return configuring;
    },
    state: () => ({
      gatewayId,
      epoch: spool.epoch,
      agentVersion,
      openvpnVersion: supervisor.openvpnVersion,
      startedAt: startedAt.toISOString(),
      now: new Date().toISOString(),
      configVersion: version,
      revisions: Object.fromEntries([...documents.all()].map(({ tenantId, revision }) => [tenantId, revision])),
      processes: supervisor.processes(),
      isInMaintenance: config?.isInMaintenance ?? false,
      sessions: supervisor.sessions.all().length,
      lastSequence: spool.lastSequence,
      spooled: spool.depth,
      certificateNotAfter: new Date(new X509Certificate(identity.certificate).validTo).toISOString(),
      memoryBytes: process.memoryUsage.rss(),
      warnings: [...supervisor.warnings(), ...warningsOf(routes, failure)],
    }),
    close: letGo,
    async stop() {
      await supervisor.stopProcesses();
      await firewall.clear();
      await letGo();
    },
  };
}

function warningsOf(routes: Routes, failure: string | null): GatewayWarning[] {
  const warnings = routes.complaints().map((message) => ({ code: "route_refused", message }));
  if (failure !== null) warnings.push({ code: "configuration_failed", message: failure });
  return warnings;
}
