/**
 * Runs the configured openvpn processes and everything about their clients: who is let in, what is live, what is told to
 * the control plane. Closing it leaves the processes running; the next one goes on with them and with their sessions.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { AdmissionDesk } from "../auth/admission";
import { AuthTokens } from "../auth/auth-token";
import type { HolderMatch } from "../auth/decide-connection";
import { startPasswordChecker } from "../auth/password";
import { SessionLedger, type Sessions } from "../ledger/sessions";
import type { Spool } from "../ledger/spool";
import type { GatewayConfig, GatewayWarning, ProcessState } from "../protocol/api";
import { type KeyFiles, type ProcessFiles, renderConfig } from "./config";
import { planProcesses } from "./plan";
import { findRunning, readRecord, stopProcess } from "./process";
import { ProcessKeeper } from "./process-keeper";
import { type SessionRouter, SessionRoutes } from "./session-routes";

/** What the supervisor asks of the documents; they keep more. */
export interface HolderLookup {
  /** Accounts and devices of any state; the decision is made here. */
  findByFingerprint(fingerprint: string): HolderMatch | undefined;
}

export interface SupervisorDependencies {
  stateDir: string;
  gatewayId: string;
  documents: HolderLookup;
  spool: Spool;
  router: SessionRouter;
  log: Logger;
  openvpnBin: string;
  /** Called when a process came up, went down, or begins or ends to drain. */
  onProcesses?(): void;
}

export interface Supervisor {
  /** Writes what openvpn reads; starts, restarts and stops the processes whose part of it changed, and no others. */
  configure(config: GatewayConfig, identity: { certificate: string; key: string }): Promise<void>;
  sessions: Sessions;
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
    });
    this.sessions = this.#ledger;
    this.#routes = new SessionRoutes(router, (holder) => this.#ledger.byHolder(holder), log);
    this.#desk = new AdmissionDesk({
      findByFingerprint: (fingerprint) => documents.findByFingerprint(fingerprint),
      passwords: this.#passwords,
      tokens: () => this.#tokens,
      log,
    });
    this.#timer = setInterval(() => this.#reconcile(), reconcileMs);
  }

  configure(config: GatewayConfig, identity: { certificate: string; key: string }): Promise<void> {
    return this.#inTurn(() => this.#configure(config, identity));
  }

  processes(): ProcessState[] {
    return Array.from(this.#keepers.values(), (keeper) => keeper.state());
  }

  warnings(): GatewayWarning[] {
    const warnings = Array.from(this.#keepers, ([name, keeper]): GatewayWarning | null =>
      keeper.failure === null ? null : { code: "process_failed", message: `${name}: ${keeper.failure}` },
    ).filter((warning) => warning !== null);
    const { failure } = this.#ledger;
    if (failure !== null)
      warnings.push({ code: "sessions_not_stored", message: `sessions cannot be stored: ${failure}` });
    return warnings;
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
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

  async #configure(config: GatewayConfig, identity: { certificate: string; key: string }): Promise<void> {
    this.#tokens = config.authTokenSecret === undefined ? null : new AuthTokens(config.authTokenSecret);
    const processes = planProcesses(config);
    const names = processes.map(({ name }) => name);
    if (new Set(names).size !== names.length) throw new RangeError("two processes of one name");
    const keys = this.#writeKeys(config, identity);
    const keyDigest = digest([identity.certificate, identity.key, config.clientCa, config.tlsCryptV2Key]);
    const plans = processes.map((process) => {
      const files = this.#files(process.name);
      const text = renderConfig(process, config, files, keys);
      return { files, text, setup: { process, range: config.range, digest: digest([text, keyDigest]) } };
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
      if (current?.setup.digest === setup.digest) continue;
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
          routes: this.#routes,
          spool: this.deps.spool,
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

  #files(name: string): ProcessFiles {
    const folder = join(this.#folder, name);
    return {
      folder,
      config: join(folder, "openvpn.conf"),
      log: join(folder, "openvpn.log"),
      pid: join(folder, "openvpn.pid"),
      socket: join(folder, "management.sock"),
      record: join(folder, "process.json"),
    };
  }

  #writeKeys(config: GatewayConfig, identity: { certificate: string; key: string }): KeyFiles {
    const keys: KeyFiles = {
      certificate: join(this.#folder, "certificate.pem"),
      key: join(this.#folder, "key.pem"),
      clientCa: join(this.#folder, "client-ca.pem"),
      tlsCryptV2Key: join(this.#folder, "tls-crypt-v2.pem"),
    };
    writePrivate(keys.certificate, identity.certificate);
    writePrivate(keys.key, identity.key);
    writePrivate(keys.clientCa, config.clientCa);
    writePrivate(keys.tlsCryptV2Key, config.tlsCryptV2Key);
    return keys;
  }

  /** One change of the whole at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }
}

/** Never half: openvpn may start again by itself while it is written. */
function writePrivate(path: string, text: string): void {
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {
    // Not there yet.
  }
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function digest(parts: string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** `2.6.14`. @throws when the program is not there. Old ones say their version and exit with 1. */
async function readVersion(openvpnBin: string): Promise<string> {
  const output = await new Promise<string>((resolve, reject) => {
    execFile(openvpnBin, ["--version"], { timeout: 10_000 }, (error, stdout) => {
      if (stdout) resolve(stdout);
      else reject(error ?? new Error(`${openvpnBin} does not say its version`));
    });
  });
  const version = /^OpenVPN (\d+\.\d+[^\s]*)/.exec(output)?.[1];
  if (!version) throw new Error(`${openvpnBin} is not openvpn: it says ${JSON.stringify(output.slice(0, 80))}`);
  return version;
}
