/**
 * Runs the configured openvpn processes and everything about their clients: who is let in, what is live, what is told to
 * the control plane. Closing it leaves the processes running; the next one goes on with them and with their sessions.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import { type Admission, AdmissionDesk } from "../auth/admission";
import { AuthTokens } from "../auth/auth-token";
import type { HolderMatch } from "../auth/decide-connection";
import { startPasswordChecker } from "../auth/password";
import { whoseReachGrows } from "../auth/reach-change";
import type { ClientRoutes } from "../auth/routes-of";
import { clock } from "../clock";
import { type LiveSession, SessionLedger, type Sessions } from "../ledger/sessions";
import type { Spool } from "../ledger/spool";
import type { GatewayConfig, GatewayWarning, ProcessState } from "../protocol/api";
import type { DisconnectCode } from "../protocol/events";
import type { TenantId } from "../protocol/ids";
import type { Documents } from "../state/documents";
import type { EntryChange } from "../state/entry-change";
import type { Credentials } from "../state/identity";
import { writePrivate } from "../state/private-file";
import { findObjection } from "../state/standing";
import { findDue, readCertificate, type ShownCertificate } from "./certificate-pace";
import { type KeyFiles, maxClientsOf, type ProcessFiles, processFiles, renderConfig } from "./config";
import { planProcesses } from "./plan";
import { findRunning, readRecord, stopProcess } from "./process";
import { ProcessKeeper } from "./process-keeper";
import { type SessionRouter, SessionRoutes } from "./session-routes";
import { findVersionFault, readVersion } from "./version";

export interface SupervisorDependencies {
  stateDir: string;
  gatewayId: string;
  documents: Documents;
  /** What a client of theirs is to send into its tunnel. */
  routesOf(match: HolderMatch): ClientRoutes;
  spool: Spool;
  router: SessionRouter;
  log: Logger;
  openvpnBin: string;
  /** Called when a process came up, went down, or begins or ends to drain. */
  onProcesses?(): void;
  /** Hears what is counted. */
  watch?: SupervisorWatch;
}

export interface SupervisorWatch {
  admitted(admission: Admission, tookMs: number): void;
  sessionEnded(code: DisconnectCode): void;
}

export interface Supervisor {
  /** Writes what openvpn reads; starts, restarts and stops the processes whose part of it changed, and no others. */
  configure(config: GatewayConfig, identity: Credentials): Promise<void>;
  /** Writes the gateway's renewed certificate; each process takes it up when that cuts off the fewest. */
  renew(identity: Credentials): Promise<void>;
  /** Call after a change of a document: who is to send more into the tunnel by it connects again. */
  follow(tenantId: TenantId, change: EntryChange): void;
  sessions: Sessions;
  /** Puts back what the kernel lost of the sessions' routes. @returns their addresses */
  verifyRoutes(): Promise<string[]>;
  processes(): ProcessState[];
  openvpnVersion: string;
  warnings(): GatewayWarning[];
  /** Leaves the openvpn processes running: the next agent adopts them. */
  close(): Promise<void>;
  stopProcesses(): Promise<void>;
}

/** The same look tells the bytes: openvpn's own reports of them are a line and a system call each. */
const reconcileMs = 2_000;
const attachMs = 5_000;
/** The gateways that take them in decide some hundreds a second a core; a person notices nothing of a slower pace. */
const defaultDrainPerSecond = 5;
/** A few people are told at once; of a whole tenant so many, that letting them in again leaves room for others. */
const renewalsPerSecond = 50;

export async function startSupervisor(deps: SupervisorDependencies): Promise<Supervisor> {
  const openvpnVersion = await readVersion(deps.openvpnBin);
  return new OpenvpnSupervisor(deps, openvpnVersion);
}

class OpenvpnSupervisor implements Supervisor {
  readonly sessions: Sessions;
  #folder: string;
  #ledger: SessionLedger;
  #routes: SessionRoutes;
  #desk: AdmissionDesk;
  #passwords = startPasswordChecker();
  #tokens: AuthTokens | null = null;
  #keepers = new Map<string, ProcessKeeper>();
  #timer: NodeJS.Timeout;
  #work: Promise<void> = Promise.resolve();
  #reconciling: Promise<void> | null = null;
  /** What openvpn reads at a start; null before the first configuration. */
  #certificate: ShownCertificate | null = null;
  #lastCutAt = 0;
  /** By tenant, who may reach more than they did. */
  #grown = new Map<TenantId, Set<string>>();
  #renewing: Promise<void> | null = null;
  #isClosed = false;

  constructor(
    readonly deps: SupervisorDependencies,
    readonly openvpnVersion: string,
  ) {
    const { documents, spool, router, log, stateDir } = deps;
    this.#folder = join(stateDir, "openvpn");
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#ledger = new SessionLedger({
      path: join(stateDir, "ledger", "sessions.ndjson"),
      spool,
      cut: async (session, code, reason) => {
        const keeper = this.#keepers.get(session.process);
        if (!keeper) throw new Error(`no process ${session.process} to end a session of`);
        await keeper.cut(session, code, reason);
        await this.#routes.sync(session);
      },
      onChange: (session) => void this.#routes.sync(session),
      onEnd: (event, session) => {
        const { code, reason, sessionId, tenantId, received, sent } = event;
        const { accountId, deviceId, process } = session;
        log.info(
          { tenantId, accountId, deviceId, sessionId, process, code, reason, received, sent },
          "a session ended",
        );
        deps.watch?.sessionEnded(code);
      },
    });
    this.sessions = this.#ledger;
    this.#routes = new SessionRoutes(router, (holder) => this.#ledger.byHolder(holder), log);
    this.#desk = new AdmissionDesk({
      findByFingerprint: (fingerprint) => documents.findByFingerprint(fingerprint),
      passwords: this.#passwords,
      tokens: () => this.#tokens,
      log,
      onAdmission: deps.watch?.admitted,
    });
    this.#timer = setInterval(() => this.#reconcile(), reconcileMs);
  }

  configure(config: GatewayConfig, identity: Credentials): Promise<void> {
    return this.#inTurn(() => this.#configure(config, identity));
  }

  renew(identity: Credentials): Promise<void> {
    return this.#inTurn(async () => {
      // Before the first configuration there is nothing that would read it.
      if (this.#certificate) this.#writeIdentity(identity);
    });
  }

  follow(tenantId: TenantId, change: EntryChange): void {
    const who = whoseReachGrows(change);
    if (who === "nobody") return;
    const of = this.#grown.get(tenantId) ?? new Set();
    this.#grown.set(tenantId, of.add(who));
    this.#renewing ??= this.#renewRoutes()
      .catch((error) => this.deps.log.error({ err: error }, "clients could not be told their routes"))
      .finally(() => {
        this.#renewing = null;
      });
  }

  verifyRoutes(): Promise<string[]> {
    return this.#routes.verify();
  }

  processes(): ProcessState[] {
    return Array.from(this.#keepers.values(), (keeper) => keeper.state());
  }

  warnings(): GatewayWarning[] {
    const warnings = Array.from(this.#keepers, ([name, keeper]): GatewayWarning | null =>
      keeper.failure === null ? null : { code: "process_failed", message: `${name}: ${keeper.failure}` },
    ).filter((warning) => warning !== null);
    const age = findVersionFault(this.openvpnVersion);
    if (age !== null) warnings.push({ code: "openvpn_old", message: age });
    const { failure } = this.#ledger;
    if (failure !== null)
      warnings.push({ code: "sessions_not_stored", message: `sessions cannot be stored: ${failure}` });
    return warnings;
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isClosed = true;
      clearInterval(this.#timer);
      await this.#reconciling;
      await Promise.all(Array.from(this.#keepers.values(), (keeper) => keeper.release()));
      this.#ledger.dispose();
      await this.#passwords.close();
    });
  }

  stopProcesses(): Promise<void> {
    return this.#inTurn(async () => {
      await Promise.all(Array.from(this.#keepers.values(), (keeper) => keeper.end()));
      this.#keepers.clear();
    });
  }

  async #configure(config: GatewayConfig, identity: Credentials): Promise<void> {
    this.#tokens = config.authTokenSecret === undefined ? null : new AuthTokens(config.authTokenSecret);
    const processes = planProcesses(config);
    const names = processes.map(({ name }) => name);
    if (new Set(names).size !== names.length) throw new RangeError("two processes of one name");
    const keys = this.#writeKeys(config, identity);
    // Of the keys that a process has: another's change is no reason to start it again.
    const keyDigest = (isForOldClients = false) =>
      digest([config.clientCa, isForOldClients ? config.oldClients!.tlsCryptKey : config.tlsCryptV2Key]);
    const resolver = config.zone === undefined ? null : { address: config.rangeAddress, zone: config.zone };
    const plans = processes.map((process) => {
      const files = this.#files(process.name);
      const text = renderConfig(process, config, files, keys, maxClientsOf(processes.length));
      return {
        files,
        text,
        setup: {
          process,
          gatewayAddress: config.rangeAddress,
          resolver,
          digest: digest([text, keyDigest(process.isForOldClients)]),
        },
      };
    });

    for (const [name, keeper] of this.#keepers) {
      if (names.includes(name)) continue;
      await keeper.end();
      this.#keepers.delete(name);
    }
    await this.#stopForgotten(names);
    // One after the other: a change of all of them leaves the clients of each a process to go to.
    for (const { files, text, setup } of plans) {
      const { name } = setup.process;
      const current = this.#keepers.get(name);
      if (current?.setup.digest === setup.digest) {
        // Said to each client as it comes: no process has to start again for it.
        current.setup.resolver = resolver;
        continue;
      }
      await current?.end();
      mkdirSync(files.folder, { recursive: true, mode: 0o700 });
      writePrivate(files.config, text);
      const keeper = new ProcessKeeper(
        {
          files,
          openvpnBin: this.deps.openvpnBin,
          ledger: this.#ledger,
          desk: this.#desk,
          findByFingerprint: (fingerprint) => this.deps.documents.findByFingerprint(fingerprint),
          findObjection: (session) => findObjection(this.deps.documents, session),
          routesOf: (match) => this.deps.routesOf(match),
          routes: this.#routes,
          spool: this.deps.spool,
          certificate: () => this.#certificate!,
          log: this.deps.log.child({ process: name }),
          onStatus: () => this.deps.onProcesses?.(),
        },
        setup,
      );
      this.#keepers.set(name, keeper);
      keeper.start();
      await keeper.attached(attachMs);
    }
    this.#drain(config);
    this.#closeUnknownBoots();
  }

  async #renewRoutes(): Promise<void> {
    // A push is many changes, made one after the other.
    await setImmediate();
    for (const [tenantId, who] of this.#grown) {
      // It comes up once more where it changes again meanwhile.
      this.#grown.delete(tenantId);
      const isOneOfThem = (session: LiveSession) =>
        session.tenantId === tenantId && (who.has("everybody") || who.has(session.accountId ?? ""));
      for (const session of this.#ledger.all().filter(isOneOfThem)) {
        if (this.#isClosed) return;
        const isTold = await this.#keepers.get(session.process)?.renewRoutes(session);
        // Others are heard in between, however many these are.
        await (isTold ? setTimeout(1_000 / renewalsPerSecond) : setImmediate());
      }
    }
  }

  #drain({ draining = [], isInMaintenance = false, drainPerSecond = defaultDrainPerSecond }: GatewayConfig): void {
    for (const [name, keeper] of this.#keepers)
      keeper.drain(isInMaintenance || draining.includes(name) ? { perSecond: drainPerSecond, isInMaintenance } : null);
  }

  /** Processes that a configuration had while no agent was there to see it go. */
  async #stopForgotten(names: string[]): Promise<void> {
    const folders = readdirSync(this.#folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) {
      if (names.includes(name)) continue;
      const files = this.#files(name);
      const running = findRunning(files);
      if (running) await stopProcess(running.pid, files);
      const record = readRecord(files);
      if (record)
        this.#ledger.closeBoot(record.boot, { code: "process_ended", reason: "the gateway stopped this process" });
    }
  }

  /** Sessions of processes of which nothing is left, not even their record. */
  #closeUnknownBoots(): void {
    const boots = new Set(Array.from(this.#keepers.values(), (keeper) => keeper.boot));
    for (const boot of this.#ledger.boots())
      if (!boots.has(boot)) this.#ledger.closeBoot(boot, { code: "process_ended", reason: "openvpn ended" });
  }

  #reconcile(): void {
    this.#reconciling ??= this.#look()
      .catch((error) => this.deps.log.error({ err: error }, "sessions could not be compared"))
      .finally(() => {
        this.#reconciling = null;
      });
    // Not awaited by the look, which a change of the whole may be waiting for.
    this.#inTurn(() => this.#takeUpCertificate()).catch((error) =>
      this.deps.log.error({ err: error }, "the renewed certificate could not be taken up"),
    );
  }

  async #look(): Promise<void> {
    const looks = Array.from(this.#keepers.values(), (keeper) =>
      keeper.reconcile().catch((error) => this.deps.log.warn({ err: error }, "openvpn's list could not be read")),
    );
    await Promise.all(looks);
    await this.#routes.retry();
    this.#ledger.flushBytes();
    this.#ledger.confirm();
  }

  /** Starts at most one process again. */
  async #takeUpCertificate(): Promise<void> {
    if (!this.#certificate || this.#isClosed) return;
    const uses = Array.from(this.#keepers.values(), (keeper) => keeper.certificateUse());
    const name = findDue(uses, this.#certificate, this.#lastCutAt, clock.ms());
    if (name === undefined) return;
    const current = this.#keepers.get(name)!;
    const { clients } = current.certificateUse();
    if (clients > 0) this.#lastCutAt = clock.ms();
    this.deps.log.info(
      { process: name, clients, notAfter: this.#certificate.notAfter },
      "takes up the renewed certificate",
    );
    await current.end();
    const keeper = new ProcessKeeper(current.deps, current.setup);
    this.#keepers.set(name, keeper);
    keeper.start();
    await keeper.attached(attachMs);
  }

  #files(name: string): ProcessFiles {
    return processFiles(join(this.#folder, name));
  }

  #writeKeys(config: GatewayConfig, identity: Credentials): KeyFiles {
    const keys: KeyFiles = {
      certificate: this.#writeIdentity(identity),
      key: this.#identityPath,
      clientCa: join(this.#folder, "client-ca.pem"),
      tlsCryptV2Key: join(this.#folder, "tls-crypt-v2.pem"),
      tlsCryptKey: join(this.#folder, "tls-crypt.pem"),
    };
    writePrivate(keys.clientCa, config.clientCa);
    writePrivate(keys.tlsCryptV2Key, config.tlsCryptV2Key);
    if (config.oldClients) writePrivate(keys.tlsCryptKey, config.oldClients.tlsCryptKey);
    return keys;
  }

  get #identityPath(): string {
    return join(this.#folder, "identity.pem");
  }

  /** Both in one file: openvpn may start by itself at any time, and a certificate with another's key is none. */
  #writeIdentity({ certificate, key }: Credentials): string {
    writePrivate(this.#identityPath, `${certificate.trimEnd()}\n${key}`);
    this.#certificate = readCertificate(certificate);
    return this.#identityPath;
  }

  /** One change of the whole at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }
}

function digest(parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
