/**
 * Keeps one configured openvpn running and its management socket attached: adopts it where it runs already, and starts it
 * again when it dies. Who its clients are is decided in process-clients.
 */
import { randomUUID } from "node:crypto";
import { clean } from "../auth/clean";
import type { LiveSession } from "../ledger/sessions";
import type { ProcessConfig, ProcessState } from "../protocol/api";
import type { DisconnectCode } from "../protocol/events";
import type { CertificateUse, ShownCertificate } from "./certificate-pace";
import { type ClientMessage, commands, isGoodbye, parseState } from "./codec";
import { type ProcessFiles, tunDevice } from "./config";
import { Drain } from "./drain";
import { LogTail } from "./log-tail";
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
import { type ClientDependencies, ProcessClients, type Resolver } from "./process-clients";
import type { SessionRoutes } from "./session-routes";
import { connectManagement, type ManagementSocket, type Notification } from "./socket";
import { pause, within } from "./waiting";

export interface KeeperDependencies extends ClientDependencies {
  files: ProcessFiles;
  openvpnBin: string;
  routes: SessionRoutes;
  /** Called when `state().status` may have changed. */
  onStatus(): void;
  /** What openvpn reads at a start. */
  certificate(): ShownCertificate;
}

export interface ProcessSetup {
  process: ProcessConfig;
  /** The gateways' own address in the platform's range. */
  gatewayAddress: string;
  resolver: Resolver | null;
  /** Digest of what openvpn reads at its start but the gateway's certificate; another one means to start it again. */
  digest: string;
}

/** Why a process takes no new clients and sends its own away. */
export interface DrainOrder {
  perSecond: number;
  /** To the next gateway; else to another process of this one. */
  isInMaintenance: boolean;
}

/** Its socket tells of its end at once; this is for whatever does not. */
const alivePollMs = 2_000;
const reachMs = 5_000;
const reconnectMs = 50;
const firstRetryMs = 250;
const maxRetryMs = 10_000;

export class ProcessKeeper {
  #running: RunningProcess | null = null;
  /** There while the management socket is attached. */
  #clients: ProcessClients | null = null;
  #restarts = 0;
  #failure: string | null = null;
  #stop = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #onAttach: (() => void)[] = [];
  #tunReady: Promise<void> = Promise.resolve();
  #log: LogTail;
  #order: DrainOrder | null = null;
  #drain: Drain | null = null;

  constructor(
    readonly deps: KeeperDependencies,
    readonly setup: ProcessSetup,
  ) {
    this.#log = new LogTail(deps.files.log);
  }

  start(): void {
    this.#work = this.#keep(this.#stop.signal);
  }

  get boot(): string | null {
    return this.#running?.record.boot ?? null;
  }

  get failure(): string | null {
    return this.#failure;
  }

  /** Null calls it off. The same order again changes nothing. */
  drain(order: DrainOrder | null): void {
    if (JSON.stringify(order) === JSON.stringify(this.#order)) return;
    this.#order = order;
    this.#drain?.stop();
    this.#drain =
      order &&
      new Drain({
        perSecond: order.perSecond,
        sessions: () => this.deps.ledger.ofBoot(this.boot ?? ""),
        sendAway: async (session) => this.#clients?.sendAway(session, order.isInMaintenance),
      });
    this.deps.log.info({ order, sessions: this.#drain?.state.from }, order ? "draining" : "no longer draining");
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
      status: this.#clients ? "running" : this.#running ? "starting" : "stopped",
      startedAt: this.#running?.record.startedAt ?? null,
      sessions: this.deps.ledger.ofBoot(boot).length,
      restarts: this.#restarts,
      drain: this.#drain?.state ?? null,
      certificateNotAfter: this.#running?.record.certificate?.notAfter ?? null,
    };
  }

  certificateUse(): CertificateUse {
    const boot = this.boot ?? "";
    const { ledger } = this.deps;
    return {
      name: this.setup.process.name,
      certificate: this.#running?.record.certificate,
      isRunning: this.#clients !== null,
      isDraining: this.#drain !== null,
      clients: ledger.ofBoot(boot).length + ledger.acceptedOf(boot).length,
    };
  }

  /** Resolves when its clients are being heard, or after that time. */
  async attached(timeoutMs: number): Promise<boolean> {
    if (this.#clients) return true;
    return within(new Promise<void>((resolve) => this.#onAttach.push(resolve)), timeoutMs);
  }

  /** Lets go of the process, which runs on. */
  async release(): Promise<void> {
    this.#drain?.stop();
    this.#stop.abort();
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

  /** Has a client connect again, should it not send all into its tunnel that it may reach. @returns whether it was told to */
  async renewRoutes(session: LiveSession): Promise<boolean> {
    const clients = this.#clients;
    if (session.processBoot !== this.boot || !clients?.lacksRoutes(session)) return false;
    await clients.sendAway(session, false, "may reach more: asked to connect again for the routes");
    return true;
  }

  /** Compares the ledger with openvpn's own list, both ways. */
  async reconcile(): Promise<void> {
    this.#clients?.hearLog(this.#log.read());
    await this.#clients?.reconcile();
    await trimLog(this.deps.files);
  }

  /** Cuts one session; resolves when openvpn has said that it is gone. */
  async cut(session: LiveSession, code: DisconnectCode, reason: string): Promise<void> {
    const isAttached = await this.attached(reachMs);
    if (!isAttached || !this.#clients) throw new Error(`${this.setup.process.name} cannot be reached to end a session`);
    await this.#clients.cut(session, code, reason);
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
      const begun = performance.now();
      await this.#watch(running, stop);
      if (stop.aborted) return;
      this.#running = null;
      this.#endBoot(running, "openvpn ended");
      this.#failure = `openvpn ended: ${clean(logTail(files), 500)}`;
      log.error({ pid: running.pid, tail: logTail(files) }, "openvpn ended; starting it again");
      this.#restarts += 1;
      // One that ran well is back at once; one that dies at its start is not asked a hundred times a second.
      if (performance.now() - begun > maxRetryMs) retryMs = firstRetryMs;
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
    const started = await startProcess(openvpnBin, files, this.setup.digest, this.deps.certificate());
    log.info({ pid: started.pid }, "openvpn started");
    return started;
  }

  #endBoot(running: RunningProcess, reason: string): void {
    this.deps.ledger.closeBoot(running.record.boot, { code: "process_ended", reason });
  }

  /** Holds a connection to the socket for as long as the process lives. */
  async #watch(running: RunningProcess, stop: AbortSignal): Promise<void> {
    const isOver = () => stop.aborted || !isAlive(running.pid, this.deps.files);
    while (!isOver()) {
      await this.#hold(running, stop, isOver);
      await pause(reconnectMs, stop);
    }
  }

  async #hold(running: RunningProcess, stop: AbortSignal, isOver: () => boolean): Promise<void> {
    const { files, log } = this.deps;
    const held: Notification[] = [];
    let hear = (notification: Notification): void => void held.push(notification);
    let socket: ManagementSocket;
    try {
      socket = await connectManagement({ path: files.socket, onNotification: (notification) => hear(notification) });
    } catch (error) {
      if (!isOver()) log.debug({ err: error }, "the management socket does not answer yet");
      return;
    }
    const onAbort = () => socket.close();
    stop.addEventListener("abort", onAbort);
    const clients = new ProcessClients(this.deps, {
      socket,
      record: running.record,
      processName: this.setup.process.name,
      gatewayAddress: this.setup.gatewayAddress,
      resolver: () => this.setup.resolver,
      tunReady: () => this.#tunReady,
      isDraining: () => this.#order !== null,
    });
    try {
      await this.#attach(socket, running, clients, held);
      this.#clients = clients;
      hear = (notification) => this.#hear(clients, running, notification);
      for (const notification of held.splice(0)) hear(notification);
      this.#failure = null;
      this.deps.onStatus();
      for (const onAttach of this.#onAttach.splice(0)) onAttach();
      const error = await untilOver(socket, isOver);
      if (error && !isOver()) log.warn({ err: error }, "the management socket closed");
    } catch (error) {
      if (!isOver()) log.warn({ err: error }, "the management socket could not be attached");
    } finally {
      stop.removeEventListener("abort", onAbort);
      clients.detach();
      this.#clients = null;
      if (!stop.aborted) this.deps.onStatus();
      socket.close();
    }
  }

  /** Brings the ledger up to date before any client is heard. */
  async #attach(
    socket: ManagementSocket,
    running: RunningProcess,
    clients: ProcessClients,
    held: Notification[],
  ): Promise<void> {
    await socket.run(commands.filterEnvironment());
    await socket.run(commands.reportStates());
    const upSince = await this.#untilUp(socket, held);
    const { record } = running;
    if (record.upSince !== null && record.upSince !== upSince) this.#beginBoot(running);
    this.#noteUp(running, upSince);
    await this.#tunReady;
    for (const session of this.deps.ledger.ofBoot(record.boot)) void this.deps.routes.sync(session);
    const announced = held.filter((notification) => notification.type === "client" && notification.event === "CONNECT");
    await clients.reconcile(new Set(announced.map((message) => (message as ClientMessage).clientId)));
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
    running.record.upSince = null;
    running.record.certificate = this.deps.certificate();
    writeRecord(this.deps.files, running.record);
  }

  #noteUp(running: RunningProcess, upSince: number): void {
    if (running.record.upSince !== upSince) {
      running.record.upSince = upSince;
      writeRecord(this.deps.files, running.record);
    }
    this.#tunReady = this.deps.routes.prepareTun(tunDevice(this.setup.process.name));
    this.#tunReady.catch((error) => this.deps.log.error({ err: error }, "the tun could not be set up"));
  }

  #hear(clients: ProcessClients, running: RunningProcess, notification: Notification): void {
    const { log } = this.deps;
    try {
      if (notification.type === "client") {
        clients.hear(notification);
      } else if (isGoodbye(notification)) {
        clients.hearGoodbye();
      } else if (notification.type === "state") {
        // A SIGHUP drops every client and counts them from 0 again, on the same socket, with another tun.
        if (notification.state === "RECONNECTING") this.#beginBoot(running);
        else if (notification.state === "CONNECTED") this.#noteUp(running, notification.at);
      }
    } catch (error) {
      log.error({ err: error }, "a notification of openvpn could not be handled");
    }
  }
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
