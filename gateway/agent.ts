/**
 * The enrolled gateway: documents, firewall, openvpn processes and ledger, put together. Started, it holds the kernel at
 * the documents on its disk and adopts what runs, before anybody may call.
 */
import { join } from "node:path";
import { routesOf } from "./auth/routes-of";
import { clock } from "./clock";
import { Directory } from "./dns/directory";
import { createDnsServer } from "./dns/server";
import type { UplinkPort } from "./firewall/base";
import { createIpPipe, createIpRunner, type Runner } from "./firewall/command-pipe";
import { createForgetting, readConnectionTable, tuneKernelTables } from "./firewall/connection-table";
import { startCounting } from "./firewall/counts";
import { findOwnInterfaces } from "./firewall/device";
import { createFirewall } from "./firewall/firewall";
import { createGuard, type Guard } from "./firewall/guard";
import { createNft, type Nft } from "./firewall/nft";
import { createRouter } from "./firewall/router";
import { type ReadRouting, Routes, readRouting } from "./firewall/routes";
import { createTampering } from "./firewall/tampering";
import type { Sessions } from "./ledger/sessions";
import { openSpool, type Spool } from "./ledger/spool";
import { linkDevice } from "./links/config";
import { LinkRoutes } from "./links/link-routes";
import { Links } from "./links/links";
import type { Logger } from "./log";
import { readCertificate } from "./openvpn/certificate-pace";
import { planSpread } from "./openvpn/plan";
import type { Supervisor, SupervisorDependencies } from "./openvpn/supervisor";
import { readHost } from "./operations/host";
import { createMetrics, type Metrics } from "./operations/metrics";
import type { GatewayConfig, GatewayStateReply, GatewayWarning, Locations } from "./protocol/api";
import { createConfigFile } from "./state/config-file";
import { FileDocumentStore } from "./state/document-store";
import { DocumentBook } from "./state/documents";
import type { Credentials, Identity } from "./state/identity";
import { createEnforcer, type Enforcer } from "./state/push";
import { agentVersion } from "./version";

export interface Agent {
  documents: DocumentBook;
  spool: Spool;
  enforcer: Enforcer;
  sessions(): Sessions;
  configVersion(): number;
  /** The platform's range, by the newest configuration; null while there is none. */
  range(): string | null;
  configure(config: GatewayConfig): Promise<void>;
  /** A signing request for the key of its next certificate. */
  requestRenewal(): Promise<string>;
  /** Takes it, durable when it resolves. @throws EnrolmentError */
  renew(certificate: string): Promise<void>;
  /** Called with each renewed certificate, before the caller is answered. */
  onRenewal(listener: (identity: Credentials) => void): void;
  /** Which devices are at which other gateway. */
  setLocations(locations: Locations): Promise<void>;
  /** What time the control plane says it is. Where we were wrong, what ends by itself is written into the kernel anew. */
  hearTime(at: Date): void;
  state(): GatewayStateReply;
  /** Why clients cannot come in, or not be held to the rules; empty when it is ready. */
  notReady(): string[];
  /** Lets go of everything; tunnels and rules stay for the next agent. */
  close(): Promise<void>;
  /** Takes everything down: processes, rules, routes. */
  stop(): Promise<void>;
}

/** What the agent does to the host. */
export interface Kernel {
  nft: Nft;
  guard: Guard;
  ip: Runner;
  ipPipe: Runner;
  readRouting(): Promise<ReadRouting>;
  /** As FirewallDeps has it. */
  ownInterfaces(): Promise<string[]>;
}

export function createKernel(apiHost: string): Kernel {
  return {
    ...{ nft: createNft(), guard: createGuard(), ip: createIpRunner(), ipPipe: createIpPipe() },
    readRouting: () => readRouting(),
    ownInterfaces: () => findOwnInterfaces(apiHost),
  };
}

export interface AgentDependencies {
  stateDir: string;
  openvpnBin: string;
  /** Enrolled. */
  identity: Identity;
  kernel: Kernel;
  uplinkPorts?: readonly UplinkPort[];
  startSupervisor: (dependencies: SupervisorDependencies) => Promise<Supervisor>;
  metrics?: Metrics;
  log: Logger;
}

/** Rules can be flushed and routes vanish with a device; nobody tells, and nobody else mends it. */
const verifyEveryMs = 5_000;
/** What is in sets is changed by hand more rarely than rules are, and takes longer to read. */
const verifyElementsEveryMs = 60_000;
const countEveryMs = 30_000;

export async function startAgent({
  stateDir,
  openvpnBin,
  identity,
  kernel,
  uplinkPorts,
  startSupervisor,
  metrics = createMetrics(),
  log,
}: AgentDependencies): Promise<Agent> {
  const { gatewayId } = identity.enrolled!;
  const startedAt = clock.now();
  const store = new FileDocumentStore(join(stateDir, "tenants"), (message) => log.warn(message));
  const documents = await DocumentBook.open(store);
  const loadedMs = clock.ms() - startedAt.getTime();
  const configFile = createConfigFile(stateDir);
  let config = await configFile.read();
  /** What is in force; the file may be ahead of it. */
  let version = 0;

  const directory = new Directory((tenantId) => documents.get(tenantId));
  for (const document of documents.all()) directory.add(document);
  documents.onChange = (tenantId, change) => directory.follow(tenantId, change);
  const dns = createDnsServer(directory, log);

  const { ip, ipPipe } = kernel;
  const nft = metrics.timeNft(kernel.nft);
  const routes = new Routes(gatewayId, ip, kernel.readRouting);
  const linkDevices = () => (config?.links ?? []).map(linkDevice);
  const firewall = createFirewall({
    ...{ gatewayId, nft, routes, documents: () => documents.all(), links: linkDevices },
    ...{ ownInterfaces: kernel.ownInterfaces, uplinkPorts },
  });
  const linkRoutes = new LinkRoutes(ip);
  const links = await Links.open({ stateDir, gatewayId, openvpnBin, routes: linkRoutes, log });
  const spool = openSpool(join(stateDir, "spool"));
  const counting = startCounting({
    ...{ firewall, documents: () => documents.all(), addressBook: directory },
    ...{ spool, log, everyMs: countEveryMs },
  });
  const standGuard = () =>
    kernel.guard
      .stand()
      .catch((err) => log.warn({ err }, "a packet that is under way while somebody flushes the rules may pass"));
  await standGuard();
  // Rules before processes: nobody is let in while the kernel lets everything through. Rules that the agent before left
  // keep out what they do not allow, so they are written anew only when clients are heard again.
  const isStanding = config !== null && (await firewall.isStanding());
  if (config) {
    await firewall.spread(planSpread(config, null));
    if (!isStanding) {
      await firewall.load(config.range);
      await tuneKernelTables(log);
    }
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
    routesOf: (match) => routesOf(match, (group) => directory.devicesIn(match.document, group)),
    spool,
    router: createRouter({
      ...{ ip, ipPipe, rangeAddress: () => config!.rangeAddress },
      readRouting: kernel.readRouting,
    }),
    log,
    openvpnBin,
    onProcesses: () => void spread(),
    watch: metrics,
  });
  documents.onChange = (tenantId, change) => {
    directory.follow(tenantId, change);
    supervisor.follow(tenantId, change);
  };
  const sessions = () => supervisor.sessions;
  const forgetting = createForgetting(log);
  const enforcer = metrics.timeEnforcer(createEnforcer(documents, firewall, sessions, forgetting.forget));
  const linkKeys = () => ({ ...identity.credentials, gatewayCa: identity.enrolled!.gatewayCa });
  let renewing: Promise<void> = Promise.resolve();
  const renewalListeners: ((renewed: Credentials) => void)[] = [];
  const renew = async (certificate: string) => {
    if (!(await identity.renew(certificate))) return;
    for (const listener of renewalListeners) listener(identity.credentials);
    await supervisor.renew(identity.credentials);
    if (config) await links.configure(config, linkKeys());
    log.info({ notAfter: readCertificate(certificate).notAfter }, "the certificate is renewed");
  };
  let failure: string | null = null;
  const configureProcesses = async (wanted: GatewayConfig) => {
    try {
      await supervisor.configure(wanted, identity.credentials);
      await dns.configure(wanted.zone === undefined ? null : { address: wanted.rangeAddress, zone: wanted.zone });
      await links.configure(wanted, linkKeys());
      version = wanted.version;
      failure = null;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
  };
  const rewrite = async (range: string) => {
    // A table that is replaced begins to count anew.
    await counting.tell();
    await firewall.load(range);
    await tuneKernelTables(log);
  };
  const tampering = createTampering();
  let connections: Awaited<ReturnType<typeof readConnectionTable>> = null;
  let elementsVerifiedAt = performance.now();
  const verifyElements = async () => {
    if (performance.now() - elementsVerifiedAt < verifyElementsEveryMs) return [];
    elementsVerifiedAt = performance.now();
    return firewall.verifyElements();
  };
  let isVerifying = false;
  const verify = async () => {
    if (isVerifying) return;
    isVerifying = true;
    try {
      connections = await readConnectionTable();
      await standGuard();
      const changed = [
        ...(await firewall.verify()),
        ...(await verifyElements()),
        ...(await supervisor.verifyRoutes()).map((address) => `the route to ${address}`),
        ...(await links.verify()),
      ];
      if (changed.length > 0) {
        tampering.note(changed);
        log.warn({ changed: changed.slice(0, 20) }, "the kernel was not as it was written, and is again");
      }
      const ended = await enforcer.recheck();
      if (ended.length > 0) log.warn({ ended: ended.length }, "ended sessions that may no longer be in");
    } catch (error) {
      log.error({ err: error }, "the kernel and the sessions could not be verified");
    } finally {
      isVerifying = false;
    }
  };
  if (config) {
    // Where the processes cannot be configured the API opens all the same: permissions can still be taken away.
    await configureProcesses(config).catch((error) =>
      log.error({ err: error }, "the processes could not be configured"),
    );
    log.info(
      { heardMs: clock.ms() - startedAt.getTime(), memoryBytes: process.memoryUsage.rss() },
      "clients are heard",
    );
    if (isStanding) await rewrite(config.range);
    await verify();
  }
  const verifying = setInterval(verify, verifyEveryMs);
  log.info({ loadedMs, readyMs: clock.ms() - startedAt.getTime(), tenants: [...documents.all()].length }, "ready");

  let configuring: Promise<void> = Promise.resolve();
  const configure = async (wanted: GatewayConfig) => {
    await configFile.write(wanted);
    const linksBefore = linkDevices().join();
    config = wanted;
    // Before a process is stopped, nothing is led to it any more.
    await spread();
    if (firewall.range() !== wanted.range || linkDevices().join() !== linksBefore) await rewrite(wanted.range);
    await configureProcesses(wanted);
    await spread();
    log.info({ version: wanted.version, processes: supervisor.processes().length }, "configured");
  };

  const letGo = async () => {
    clearInterval(verifying);
    counting.close();
    forgetting.close();
    await dns.close();
    await links.close();
    await supervisor.close();
    await spool.close();
    nft.close();
    kernel.guard.close();
    ipPipe.close();
  };

  const state = (): GatewayStateReply => {
    const shown = readCertificate(identity.credentials.certificate);
    return {
      gatewayId,
      epoch: spool.epoch,
      agentVersion,
      openvpnVersion: supervisor.openvpnVersion,
      startedAt: startedAt.toISOString(),
      now: clock.now().toISOString(),
      configVersion: version,
      revisions: Object.fromEntries([...documents.all()].map(({ tenantId, revision }) => [tenantId, revision])),
      processes: supervisor.processes(),
      isInMaintenance: config?.isInMaintenance ?? false,
      sessions: supervisor.sessions.all().length,
      lastSequence: spool.lastSequence,
      spooled: spool.depth,
      certificateNotBefore: shown.notBefore,
      certificateNotAfter: shown.notAfter,
      locations: links.locationsDigest,
      links: links.states(),
      memoryBytes: process.memoryUsage.rss(),
      host: readHost(),
      ...(connections && { connections }),
      warnings: [
        ...supervisor.warnings(),
        ...links.warnings(),
        ...warningsOf(routes, failure, dns.failure()),
        ...(spool.isRestored ? [restored] : []),
        ...tampering.warnings(),
      ],
    };
  };
  metrics.follow(state);

  return {
    documents,
    spool,
    enforcer,
    sessions,
    configVersion: () => version,
    range: () => config?.range ?? null,
    configure(wanted) {
      configuring = configuring.catch(() => {}).then(() => configure(wanted));
      return configuring;
    },
    hearTime(at) {
      const offMs = clock.hear(at);
      if (offMs === 0) return;
      log.warn({ offMs }, "the clock was off by that, and goes by the control plane's from now on");
      const range = firewall.range();
      if (range !== null) void rewrite(range).catch((err) => log.error({ err }, "the rules could not be written anew"));
    },
    setLocations: (locations) => links.setLocations(locations),
    requestRenewal: () => identity.requestRenewal(),
    renew(certificate) {
      renewing = renewing.catch(() => {}).then(() => renew(certificate));
      return renewing;
    },
    onRenewal: (listener) => void renewalListeners.push(listener),
    state,
    notReady() {
      if (!config) return ["it has no configuration yet: the workers send it"];
      const reasons: string[] = [];
      if (failure !== null) reasons.push(`the processes could not be configured: ${failure}`);
      if (firewall.range() === null) reasons.push("the rules are not in the kernel");
      for (const { name, status } of supervisor.processes())
        if (status !== "running") reasons.push(`${name} is ${status}`);
      if (spool.failure !== null) reasons.push(`events cannot be stored: ${spool.failure}`);
      return [...reasons, ...supervisor.warnings().map(({ message }) => message)];
    },
    close: letGo,
    async stop() {
      await supervisor.stopProcesses();
      await links.stop();
      await counting.tell();
      await firewall.clear();
      await letGo();
    },
  };
}

const restored: GatewayWarning = {
  code: "state_restored",
  message:
    "the gateway's state folder was put back from an older copy; what it tells is collected anew since then, and what it told before is kept",
};

function warningsOf(routes: Routes, failure: string | null, dnsFailure: string | null): GatewayWarning[] {
  const warnings = routes.complaints().map((message) => ({ code: "route_refused", message }));
  if (failure !== null) warnings.push({ code: "configuration_failed", message: failure });
  if (dnsFailure !== null)
    warnings.push({ code: "names_not_answered", message: `devices' names are not answered: ${dnsFailure}` });
  return warnings;
}
