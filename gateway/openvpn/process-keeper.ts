/**
 * Keeps one configured openvpn running and hears its management socket: adopts it where it runs already, starts it again
 * when it dies, decides its clients, and keeps the ledger true to what it says.
 */

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Admission, AdmissionDesk } from "../auth/admission";
import { type Claim, readClaim } from "../auth/claim";
import { clean } from "../auth/clean";
import { type AccountMatch, decideSession } from "../auth/decide-connection";
import type { LiveSession, SessionLedger } from "../ledger/sessions";
import type { Spool } from "../ledger/spool";
import { formatAddress, parseCidr } from "../protocol/addresses";
import type { ProcessConfig, ProcessState } from "../protocol/api";
import type { DisconnectCode } from "../protocol/events";
import { type ClientMessage, commands, parseState, parseStatus, type StatusClient } from "./codec";
import { keepalive, netmask, type ProcessFiles, tunDevice } from "./config";
import {
  findRunning,
  isAlive,
  logTail,
  type RunningProcess,
  readRecord,
  startProcess,
  stopProcess,
  trimLog,
  writeRecord,
} from "./process";
import type { SessionRoutes } from "./session-routes";
import { CommandError, connectManagement, type ManagementSocket, type Notification } from "./socket";

export interface KeeperDependencies {
  files: ProcessFiles;
  openvpnBin: string;
  ledger: SessionLedger;
  desk: AdmissionDesk;
  findByFingerprint(fingerprint: string): AccountMatch | undefined;
  routes: SessionRoutes;
  spool: Spool;
  log: Logger;
}

export interface ProcessSetup {
  process: ProcessConfig;
  range: string;
  /** Digest of everything that openvpn reads at its start; another one means to start it again. */
  digest: string;
}

const alivePollMs = 200;
const firstRetryMs = 250;
const maxRetryMs = 10_000;
/** The client is told within a round trip; the packet needs nothing more of the server than to be sent. */
const toldMs = 100;
const bytesIntervalSeconds = 2;
/** Longer than any client that is there stays silent, shorter than openvpn's own patience. */
const silentMs = keepalive.timeoutSeconds * 2 * 1000 * 0.6;

export class ProcessKeeper {
  #running: RunningProcess | null = null;
  #socket: ManagementSocket | null = null;
  #restarts = 0;
  #failure: string | null = null;
  #stop = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #onAttach: (() => void)[] = [];
  /** Key id by client id of the decisions on their way. */
  #deciding = new Map<number, number>();
  /** Clients that were seen undecided at the last look. */
  #undecided = new Set<number>();
  #tunReady: Promise<void> = Promise.resolve();

  constructor(
    readonly deps: KeeperDependencies,
    readonly setup: ProcessSetup,
  ) {}

  start(): void {
    this.#work = this.#keep(this.#stop.signal);
  }

  get boot(): string | null {
    return this.#running?.record.boot ?? null;
  }

  get failure(): string | null {
    return this.#failure;
  }

  state(): ProcessState {
    const { name, protocol, port } = this.setup.process;
    const boot = this.boot ?? "";
    return {
      name,
      protocol,
      port,
      pid: this.#running?.pid ?? null,
      boot,
      status: this.#socket ? "running" : this.#running ? "starting" : "stopped",
      startedAt: this.#running?.record.startedAt ?? null,
      sessions: this.deps.ledger.ofBoot(boot).length,
      restarts: this.#restarts,
    };
  }

  /** Resolves when its clients are being heard, or after that time. */
  async attached(timeoutMs: number): Promise<boolean> {
    if (this.#socket) return true;
    return within(new Promise<void>((resolve) => this.#onAttach.push(resolve)), timeoutMs);
  }

  /** Lets go of the process, which runs on. */
  async release(): Promise<void> {
    this.#stop.abort();
    this.#socket?.close();
    await this.#work;
  }

  /** Ends the process and its sessions. */
  async end(): Promise<void> {
    await this.release();
    const running = this.#running;
    if (!running) return;
    await stopProcess(running.pid, this.deps.files);
    this.#endBoot(running, "the gateway stopped this process");
    this.#running = null;
  }

  /** Compares the ledger with openvpn's own list, both ways. */
  async reconcile(): Promise<void> {
    const socket = this.#socket;
    if (socket) await this.#reconcile(socket, false);
    await trimLog(this.deps.files);
  }

  /** Cuts one session; resolves when openvpn has said that it is gone. */
  async cut(session: LiveSession, code: DisconnectCode, reason: string): Promise<void> {
    const { ledger } = this.deps;
    if (!(await this.attached(5_000))) throw new Error(`${this.setup.process.name} cannot be reached to end a session`);
    const socket = this.#socket!;
    const close = () => ledger.close(session.processBoot, session.clientId, { code, reason });
    if (session.processBoot !== this.boot) return void close();

    const gone = ledger.whenGone(session.sessionId);
    // `unknown` is our trouble and not the person's: that client is to come back by itself.
    const message = code === "unknown" ? undefined : `HALT,${clean(reason, 200)}`;
    if (!(await this.#tell(socket, commands.clientKill(session.clientId, message)))) return void close();
    if (await within(gone, toldMs)) return;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (!(await this.#tell(socket, commands.kill(session.realAddress)))) {
        const rows = parseStatus(await socket.run(commands.status()));
        const row = rows.find(({ clientId }) => clientId === session.clientId);
        if (!row) return void close();
        ledger.move(session.sessionId, row.realAddress);
      }
      if (await within(gone, 1_000)) return;
    }
    throw new Error(`${this.setup.process.name} does not let go of a session`);
  }

  /** False where openvpn answers with an error: it does not know the client (any more). */
  async #tell(socket: ManagementSocket, command: Parameters<ManagementSocket["run"]>[0]): Promise<boolean> {
    try {
      await socket.run(command);
      return true;
    } catch (error) {
      if (error instanceof CommandError) return false;
      throw error;
    }
  }

  async #keep(stop: AbortSignal): Promise<void> {
    const { files, log } = this.deps;
    let retryMs = firstRetryMs;
    while (!stop.aborted) {
      try {
        this.#running = await this.#adoptOrStart();
      } catch (error) {
        this.#failure = error instanceof Error ? error.message : String(error);
        log.error({ err: error }, "openvpn cannot be started");
        await pause(retryMs, stop);
        retryMs = Math.min(retryMs * 2, maxRetryMs);
        continue;
      }
      const running = this.#running;
      const begun = Date.now();
      await this.#watch(running, stop);
      if (stop.aborted) return;
      this.#running = null;
      this.#endBoot(running, "openvpn ended");
      this.#failure = `openvpn ended: ${clean(logTail(files), 500)}`;
      log.error({ pid: running.pid, tail: logTail(files) }, "openvpn ended; starting it again");
      this.#restarts += 1;
      // One that ran well is back at once; one that dies at its start is not asked a hundred times a second.
      if (Date.now() - begun > maxRetryMs) retryMs = firstRetryMs;
      else await pause(retryMs, stop);
      retryMs = Math.min(retryMs * 2, maxRetryMs);
    }
  }

  async #adoptOrStart(): Promise<RunningProcess> {
    const { files, openvpnBin, log } = this.deps;
    const running = findRunning(files);
    if (running?.record.configDigest === this.setup.digest) {
      log.info({ pid: running.pid }, "openvpn runs already; going on with it");
      return running;
    }
    if (running) await stopProcess(running.pid, files);
    const last = running?.record ?? readRecord(files);
    if (last) this.deps.ledger.closeBoot(last.boot, { code: "process_ended", reason: "openvpn ended" });
    const started = await startProcess(openvpnBin, files, this.setup.digest);
    log.info({ pid: started.pid }, "openvpn started");
    return started;
  }

  #endBoot(running: RunningProcess, reason: string): void {
    this.#deciding.clear();
    this.#undecided.clear();
    this.deps.ledger.closeBoot(running.record.boot, { code: "process_ended", reason });
  }

  /** Holds a connection to the socket for as long as the process lives. */
  async #watch(running: RunningProcess, stop: AbortSignal): Promise<void> {
    const { files, log } = this.deps;
    const isOver = () => stop.aborted || !isAlive(running.pid, files);
    while (!isOver()) {
      let socket: ManagementSocket | null = null;
      const held: Notification[] = [];
      let hear = (notification: Notification): void => void held.push(notification);
      const onAbort = () => socket?.close();
      stop.addEventListener("abort", onAbort);
      try {
        socket = await connectManagement({ path: files.socket, onNotification: (n) => hear(n) });
        const connected = socket;
        await this.#attach(connected, running, held);
        this.#socket = connected;
        for (const notification of held.splice(0)) this.#hear(connected, running, notification);
        hear = (notification) => this.#hear(connected, running, notification);
        this.#failure = null;
        for (const onAttach of this.#onAttach.splice(0)) onAttach();
        const error = await untilOver(connected, isOver);
        if (error) log.warn({ err: error }, "the management socket closed");
      } catch (error) {
        if (!isOver() && socket) log.warn({ err: error }, "the management socket could not be attached");
      } finally {
        stop.removeEventListener("abort", onAbort);
        this.#socket = null;
        this.#deciding.clear();
        socket?.close();
      }
      if (!isOver()) await pause(50, stop);
    }
  }

  /** Brings the ledger up to date before any client is heard. */
  async #attach(socket: ManagementSocket, running: RunningProcess, held: Notification[]): Promise<void> {
    await socket.run(commands.reportStates());
    const upSince = await this.#untilUp(socket, held);
    const { record } = running;
    if (record.upSince !== null && record.upSince !== upSince) this.#beginBoot(running);
    if (record.upSince !== upSince) {
      record.upSince = upSince;
      writeRecord(this.deps.files, record);
    }
    this.#tunReady = this.deps.routes.prepareTun(this.#tun());
    await this.#tunReady;
    await socket.run(commands.reportBytes(bytesIntervalSeconds));
    for (const session of this.deps.ledger.ofBoot(record.boot)) void this.deps.routes.sync(session);
    const announced = new Set(held.flatMap((n) => (n.type === "client" && n.event === "CONNECT" ? [n.clientId] : [])));
    await this.#reconcile(socket, true, announced);
  }

  async #untilUp(socket: ManagementSocket, held: Notification[]): Promise<number> {
    for (let attempt = 0; attempt < 200; attempt++) {
      const [line] = await socket.run(commands.state());
      const state = parseState(line ?? "0,");
      if (state.state === "CONNECTED") return state.at;
      // What was said of states before is in the answer above.
      held.splice(0, held.length, ...held.filter((notification) => notification.type !== "state"));
      await pause(50, this.#stop.signal);
    }
    throw new Error("openvpn does not come up");
  }

  #beginBoot(running: RunningProcess): void {
    this.#endBoot(running, "openvpn was reloaded");
    running.record.boot = randomUUID();
    writeRecord(this.deps.files, running.record);
  }

  #hear(socket: ManagementSocket, running: RunningProcess, notification: Notification): void {
    const { ledger, log } = this.deps;
    try {
      if (notification.type === "bytes") {
        ledger.count(running.record.boot, notification.clientId, notification.received, notification.sent);
      } else if (notification.type === "client") {
        this.#hearClient(socket, running, notification);
      } else if (notification.type === "state") {
        this.#hearState(running, notification);
      }
    } catch (error) {
      log.error({ err: error }, "a notification of openvpn could not be handled");
    }
  }

  /** A SIGHUP drops every client and counts them from 0 again, on the same socket. */
  #hearState(running: RunningProcess, { state, at }: { state: string; at: number }): void {
    if (state === "RECONNECTING") {
      this.#beginBoot(running);
    } else if (state === "CONNECTED" && running.record.upSince !== at) {
      running.record.upSince = at;
      writeRecord(this.deps.files, running.record);
      this.#tunReady = this.deps.routes.prepareTun(this.#tun());
      this.#tunReady.catch((error) => this.deps.log.error({ err: error }, "the tun could not be set up"));
    }
  }

  #hearClient(socket: ManagementSocket, running: RunningProcess, message: ClientMessage): void {
    const { ledger } = this.deps;
    const { boot } = running.record;
    const { clientId, environment } = message;
    switch (message.event) {
      case "CONNECT":
      case "REAUTH":
        this.#run(this.#decide(socket, running, message));
        return;
      case "ESTABLISHED":
        this.#deciding.delete(clientId);
        this.#establish(socket, boot, clientId, environment.get("ifconfig_pool_remote_ip") ?? null);
        return;
      case "DISCONNECT": {
        this.#deciding.delete(clientId);
        const hasTimedOut = ledger.silenceMs(boot, clientId) > silentMs;
        ledger.close(boot, clientId, {
          code: hasTimedOut ? "timed_out" : "left",
          reason: null,
          ...totals(environment),
        });
        return;
      }
      default:
        // A challenge's answer; none is ever asked.
        return;
    }
  }

  async #decide(socket: ManagementSocket, running: RunningProcess, message: ClientMessage): Promise<void> {
    const { ledger, desk } = this.deps;
    const { boot } = running.record;
    const { clientId } = message;
    const keyId = message.keyId!;
    this.#deciding.set(clientId, keyId);
    const claim = readClaim(message);
    const admission = await desk.admit(claim);
    await this.#tunReady;
    // It may be gone, or openvpn may be another by now.
    if (boot !== this.boot || socket !== this.#socket || this.#deciding.get(clientId) !== keyId) return;
    this.#deciding.delete(clientId);

    const session = ledger.find(boot, clientId);
    if (!admission.accepted) {
      this.#recordRefusal(claim, admission);
      // Denying a renegotiation would leave the old key alive: it is cut instead.
      if (session)
        return ledger.end(session.sessionId, admission.code === "not_ready" ? "unknown" : "revoked", admission.reason);
      const mayRetry = admission.code === "not_ready" && claim.canBeToldToWait;
      const told = mayRetry ? `TEMP[backoff 5]:${admission.reason}` : admission.reason;
      await this.#tell(socket, commands.clientDeny(clientId, keyId, admission.code, told));
      return;
    }
    const { tenantId, accountId, address } = admission;
    if (session) {
      if (session.tenantId !== tenantId || session.accountId !== accountId || session.vpnAddress !== address)
        return ledger.end(session.sessionId, "revoked", "the account behind this connection changed; connect again");
      await this.#tell(socket, commands.clientAuthAgain(clientId, keyId));
      return;
    }
    const options = [
      `ifconfig-push ${address} ${netmask(this.setup.range)}`,
      ...admission.networks.map((cidr) => `push "route ${network(cidr)}"`),
    ];
    const command = commands.clientAuth(clientId, keyId, options);
    const { realAddress, clientVersion, platform, cipher } = claim;
    ledger.accept({
      tenantId,
      accountId,
      processBoot: boot,
      clientId,
      process: this.setup.process.name,
      realAddress,
      vpnAddress: address,
      fingerprint: claim.fingerprint!,
      clientVersion,
      platform,
      cipher,
    });
    if (!(await this.#tell(socket, command))) ledger.close(boot, clientId, { code: "unknown", reason: null });
  }

  #recordRefusal(claim: Claim, { tenantId, accountId, code, reason }: Extract<Admission, { accepted: false }>): void {
    const { spool, log } = this.deps;
    const realAddress = clean(claim.realAddress, 64);
    spool.append({ type: "refused", tenantId, accountId, code, reason, realAddress, process: this.setup.process.name });
    log.info({ code, tenantId, accountId, realAddress }, "a connection was refused");
  }

  #establish(socket: ManagementSocket, boot: string, clientId: number, vpnAddress: string | null): void {
    const { ledger, log } = this.deps;
    const session = ledger.establish(boot, clientId);
    if (!session || (vpnAddress !== null && vpnAddress !== session.vpnAddress)) {
      log.warn({ clientId, vpnAddress }, "a client is in that was not let in so; sending it back");
      this.#run(
        session
          ? ledger.end(session.sessionId, "unknown", "the address was not the one given")
          : this.#tell(socket, commands.clientKill(clientId)),
      );
      return;
    }
    if (!this.#check(session)) return;
    for (const other of ledger.byAccount(session.tenantId, session.accountId)) {
      if (other.sessionId < session.sessionId)
        this.#run(ledger.end(other.sessionId, "replaced", `this account connected again, from ${session.realAddress}`));
    }
  }

  /** Ends a session whose account may no longer be in. */
  #check(session: LiveSession): boolean {
    const match = this.deps.findByFingerprint(session.fingerprint);
    const isSame = match?.document.tenantId === session.tenantId && match.accountId === session.accountId;
    const decision = decideSession(isSame ? match : undefined);
    if (decision.outcome !== "refuse") return true;
    this.#run(this.deps.ledger.end(session.sessionId, "revoked", decision.reason));
    return false;
  }

  async #reconcile(socket: ManagementSocket, isFirst: boolean, announced = new Set<number>()): Promise<void> {
    const { ledger } = this.deps;
    const boot = this.boot;
    if (boot === null) return;
    // Taken before the question is put: what is in it and not in the answer is certainly gone.
    const known = ledger.ofBoot(boot);
    const accepted = isFirst ? ledger.acceptedOf(boot) : [];
    const rows = parseStatus(await socket.run(commands.status()));
    if (boot !== this.boot) return;
    const present = new Set(rows.map(({ clientId }) => clientId));
    for (const { clientId } of [...known, ...accepted]) {
      if (!present.has(clientId)) ledger.close(boot, clientId, { code: "unknown", reason: "openvpn lists it no more" });
    }
    const undecided = new Set<number>();
    for (const row of rows) {
      if (row.vpnAddress !== null) this.#reconcileSession(socket, boot, row);
      else if (this.#isStranded(row, boot, isFirst, announced)) undecided.add(row.clientId);
    }
    for (const clientId of undecided) {
      if (!isFirst && !this.#undecided.has(clientId)) continue;
      // Nobody heard its CONNECT, and openvpn says it once only: sent back, it says it again.
      this.#run(this.#tell(socket, commands.clientKill(clientId)));
    }
    this.#undecided = undecided;
  }

  #reconcileSession(socket: ManagementSocket, boot: string, row: StatusClient): void {
    const { ledger } = this.deps;
    const session = ledger.find(boot, row.clientId);
    if (!session) {
      this.#establish(socket, boot, row.clientId, row.vpnAddress);
      return;
    }
    ledger.count(boot, row.clientId, row.received, row.sent);
    ledger.move(session.sessionId, row.realAddress);
    if (row.vpnAddress !== session.vpnAddress)
      this.#run(ledger.end(session.sessionId, "unknown", "the address was not the one given"));
    else this.#check(session);
  }

  #isStranded(row: StatusClient, boot: string, isFirst: boolean, announced: Set<number>): boolean {
    // UNDEF is still shaking hands; its CONNECT is to come.
    if (row.commonName === "UNDEF" || announced.has(row.clientId) || this.#deciding.has(row.clientId)) return false;
    return isFirst || !this.deps.ledger.hasAccepted(boot, row.clientId);
  }

  #tun(): string {
    return tunDevice(this.setup.process.name);
  }

  /** For work that nobody waits for. */
  #run(work: Promise<unknown>): void {
    work.catch((error) => {
      if (!this.#stop.signal.aborted) this.deps.log.warn({ err: error }, "openvpn could not be told");
    });
  }
}

function totals(environment: Map<string, string>): { received?: number; sent?: number } {
  const received = Number(environment.get("bytes_received"));
  const sent = Number(environment.get("bytes_sent"));
  return Number.isSafeInteger(received) && Number.isSafeInteger(sent) ? { received, sent } : {};
}

function network(cidr: string): string {
  return `${formatAddress(parseCidr(cidr).base)} ${netmask(cidr)}`;
}

/** Resolves with what closed the connection, or when the process is found dead. */
async function untilOver(socket: ManagementSocket, isOver: () => boolean): Promise<Error | null> {
  const wake = new AbortController();
  let error: Error | null = null;
  void socket.closed.then((reason) => {
    error = reason;
    wake.abort();
  });
  while (!wake.signal.aborted && !isOver()) await pause(alivePollMs, wake.signal);
  return error;
}

async function within(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const isInTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return isInTime;
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", done, { once: true });
  });
}
