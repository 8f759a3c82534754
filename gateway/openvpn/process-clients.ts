/**
 * The clients of one openvpn, heard over one connection to its management socket: decides who is let in, and keeps the
 * ledger true to what openvpn says. A new connection means a new one of these; what must outlive it is in the ledger.
 */
import type { Logger } from "pino";
import type { Admission, AdmissionDesk } from "../auth/admission";
import { AttemptLimiter } from "../auth/attempt-limiter";
import { type Claim, readClaim } from "../auth/claim";
import { clean } from "../auth/clean";
import type { HolderMatch } from "../auth/decide-connection";
import type { ClientRoutes } from "../auth/routes-of";
import { clock } from "../clock";
import { holderKey, type LiveSession, type SessionLedger } from "../ledger/sessions";
import type { Spool } from "../ledger/spool";
import type { DisconnectCode, Holder, RefusalCode } from "../protocol/events";
import type { Objection } from "../state/standing";
import {
  type ClientMessage,
  type Command,
  commands,
  isOfNobody,
  parseLeaving,
  parseStatus,
  type Status,
  type StatusClient,
} from "./codec";
import { heardWithinMs, keepalive } from "./config";
import type { ProcessRecord } from "./process";
import { parseNewcomer, parseRejection, Rejections } from "./rejections";
import { CommandError, type ManagementSocket } from "./socket";
import { addressOptions, doRoute } from "./tunnel-place";
import { within } from "./waiting";

export interface ClientDependencies {
  ledger: SessionLedger;
  desk: AdmissionDesk;
  findByFingerprint(fingerprint: string): HolderMatch | undefined;
  /** Why a session that is in may no longer be. */
  findObjection(session: LiveSession): Objection | null;
  /** What a client is to send into its tunnel, as things stand. */
  routesOf(match: HolderMatch): ClientRoutes;
  spool: Spool;
  log: Logger;
}

/** Where devices' names are answered, and their zone. */
export interface Resolver {
  address: string;
  zone: string;
}

export interface ClientContext {
  socket: ManagementSocket;
  /** Its boot changes when openvpn is reloaded. */
  record: ProcessRecord;
  processName: string;
  /** The gateways' own in the platform's range. */
  gatewayAddress: string;
  resolver(): Resolver | null;
  /** Settles when the host is ready for packets of the process. */
  tunReady(): Promise<void>;
  /** Then nobody new is let in. */
  isDraining(): boolean;
}

/** openvpn sends the word within a few milliseconds, and a packet under way needs no server any more. */
const toldMs = 50;
const lookAfterMs = 500;
/** With the client's key in it. */
const maxFirstPacketBytes = 1_200;
/** openvpn lets go of whoever was told to go five seconds later, by itself. */
const lettingGoMs = 6_000;
/** Who knocks without end fills no disk: refusals recorded per address and minute. */
const maxRefusals = 30;
/** Longer than any client that is there stays silent, shorter than openvpn's own patience. */
const silentMs = keepalive.gatewayPatienceSeconds * 1000 * 0.6;

export class ProcessClients {
  /** Key id by client id of the decisions on their way. */
  #deciding = new Map<number, number>();
  /** Clients that were seen stranded at the last look. */
  #stranded = new Set<number>();
  /** What each client was told to send into its tunnel, by client id. */
  #routes = new Map<number, ClientRoutes>();
  #isOver = false;
  #isListWhole = true;
  #look: NodeJS.Timeout | null = null;
  /** Goodbyes that were said and not looked at yet. */
  #goodbyes = 0;
  #refusals = new AttemptLimiter(maxRefusals, 60_000);
  /** How often somebody asked for a new connection, by the address and port of one that stands, since the last look. */
  #newcomers = new Map<string, number>();
  #rejections = new Rejections((realAddress, reason) => this.#recordRejection(realAddress, reason));

  constructor(
    readonly deps: ClientDependencies,
    readonly context: ClientContext,
  ) {}

  /** The connection is over: decisions that are on their way have nobody to tell. */
  detach(): void {
    this.#isOver = true;
    clearTimeout(this.#look ?? undefined);
  }

  hear(message: ClientMessage): void {
    const { ledger } = this.deps;
    const { boot } = this.context.record;
    const { clientId, environment } = message;
    switch (message.event) {
      case "CONNECT":
      case "REAUTH":
        this.#run(this.#decide(message));
        return;
      case "ESTABLISHED":
        this.#deciding.delete(clientId);
        this.#establish(boot, clientId, environment.get("ifconfig_pool_remote_ip") ?? null);
        return;
      case "DISCONNECT": {
        this.#deciding.delete(clientId);
        this.#routes.delete(clientId);
        const session = ledger.find(boot, clientId);
        if (session) this.#rejections.notePeer(session.realAddress);
        const hasTimedOut = session !== undefined && ledger.silentMs(session.sessionId)! > silentMs;
        ledger.close(boot, clientId, {
          code: hasTimedOut ? "timed_out" : "left",
          reason: null,
          ...totals(environment),
        });
        return;
      }
      case "CR_RESPONSE":
        // A challenge's answer; none is ever asked.
        return;
      default:
        message.event satisfies never;
    }
  }

  /** Lines of openvpn's log since the last look. */
  hearLog(lines: string[]): void {
    for (const line of lines) {
      const rejection = parseRejection(line);
      if (rejection) this.#rejections.add(rejection);
      const newcomer = rejection ? null : parseNewcomer(line);
      if (newcomer) this.#newcomers.set(newcomer, (this.#newcomers.get(newcomer) ?? 0) + 1);
    }
    this.#rejections.flush();
  }

  /**
   * Somebody asks for a new connection from the address and the port of one that stands: its client has started anew, or
   * another behind the same NAT was given its port. Where it is not heard any more it makes room; anybody can send such a
   * packet, so one that is heard stays.
   */
  #makeRoom(): void {
    const { ledger } = this.deps;
    for (const { sessionId, realAddress } of ledger.ofBoot(this.context.record.boot)) {
      if (!this.#newcomers.has(realAddress) || ledger.silentMs(sessionId)! < heardWithinMs) continue;
      ledger.expectEnd(sessionId, "timed_out", "silent, and a new connection came from its address and port");
      this.#run(this.#tell(commands.kill(realAddress)));
    }
    this.#newcomers.clear();
  }

  /** Somebody leaves. openvpn would keep them for five seconds more, in case the packet that says so comes again. */
  hearGoodbye(): void {
    this.#goodbyes += 1;
    // Many at once are one look, or two.
    if (this.#goodbyes === 1) this.#run(this.#dropLeaving());
  }

  /**
   * Compares the ledger with openvpn's own list, both ways. At the first look nobody was listening before: `announced`
   * are the clients whose CONNECT came since.
   */
  async reconcile(announced: Set<number> | null = null): Promise<void> {
    const { ledger } = this.deps;
    const { record } = this.context;
    const { boot } = record;
    // Taken before the question is put: what is in it and not in the answer is certainly gone.
    const known = [...ledger.ofBoot(boot), ...(announced ? ledger.acceptedOf(boot) : [])];
    const { clients: rows, isWhole } = await this.#list();
    if (boot !== record.boot) return;
    // Told by an agent before this one, by the documents that it left, or by an older one, which told whole networks.
    if (announced)
      for (const { clientId, fingerprint } of known) this.#routes.set(clientId, this.#routesOf(fingerprint));
    const present = new Set(rows.map(({ clientId }) => clientId));
    for (const { clientId } of known) {
      if (isWhole && !present.has(clientId))
        ledger.close(boot, clientId, { code: "unknown", reason: "openvpn lists it no more" });
    }
    for (const row of rows) if (row.vpnAddress !== null) this.#reconcileSession(boot, row);
    // What was begun before the agent was killed, or when openvpn could not be told.
    for (const session of ledger.ofBoot(boot)) {
      if (ledger.isEnding(session.sessionId)) this.#run(ledger.end(session.sessionId, "unknown", "ended before"));
      else this.#keepOne(session);
    }
    this.#makeRoom();
    const stranded = rows.filter((row) => row.vpnAddress === null && this.#isStranded(row, boot, announced));
    for (const { clientId } of stranded) {
      if (announced === null && !this.#stranded.has(clientId)) continue;
      // Nobody heard its CONNECT, and openvpn says it once only: sent back, it says it again.
      this.#run(this.#tell(commands.clientKill(clientId)));
    }
    this.#stranded = new Set(stranded.map(({ clientId }) => clientId));
  }

  /** Cuts one session; resolves when openvpn has said that it is gone. */
  async cut(session: LiveSession, code: DisconnectCode, reason: string): Promise<void> {
    const { ledger } = this.deps;
    const { record } = this.context;
    const close = () => void ledger.close(session.processBoot, session.clientId, { code, reason });
    if (session.processBoot !== record.boot) return close();

    const gone = ledger.whenGone(session.sessionId);
    // `unknown` is our trouble and not the person's, and before a device there is none: those come back by themselves.
    const word = code === "unknown" || session.deviceId ? "RESTART" : "HALT";
    const message = commands.clientKill(session.clientId, `${word},${clean(reason, 200)}`);
    if (!(await this.#tell(message, commands.clientKill(session.clientId, word)))) return close();
    if (await within(gone, toldMs)) return;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (!hasPort(session.realAddress) || !(await this.#tell(commands.kill(session.realAddress)))) {
        const { clients, isWhole } = await this.#list();
        const row = clients.find(({ clientId }) => clientId === session.clientId);
        if (row) ledger.move(session.sessionId, row.realAddress);
        else if (isWhole) return close();
        else if (await within(gone, lettingGoMs)) return;
      } else if (await within(gone, 1_000)) return;
    }
    throw new Error(`${this.context.processName} does not let go of a session`);
  }

  /**
   * Tells a client to connect again, on this gateway or on the next one. Its password is not forgotten over it, and its
   * packets pass until it has gone.
   */
  async sendAway(session: LiveSession, isToNextGateway: boolean, reason = "asked to connect elsewhere"): Promise<void> {
    this.deps.ledger.expectEnd(session.sessionId, "drained", reason);
    await this.#tell(commands.clientKill(session.clientId, isToNextGateway ? "RESTART,[PN]" : "RESTART,[P]"));
  }

  /**
   * Whether something that the session's holder may reach now is not led into its tunnel: openvpn tells routes when a
   * client connects and never again. Less to be reached is the kernel's matter alone.
   */
  lacksRoutes({ clientId, fingerprint, vpnAddress }: LiveSession): boolean {
    const told = this.#routes.get(clientId);
    return told !== undefined && !doRoute(vpnAddress, told, this.#routesOf(fingerprint));
  }

  #routesOf(fingerprint: string): ClientRoutes {
    const match = this.deps.findByFingerprint(fingerprint);
    return match ? this.deps.routesOf(match) : { cidrs: [], areWhole: false };
  }

  async #decide(message: ClientMessage): Promise<void> {
    const { ledger, desk } = this.deps;
    const { record, tunReady } = this.context;
    const { boot } = record;
    const { clientId } = message;
    const keyId = message.keyId!;
    this.#deciding.set(clientId, keyId);
    const claim = readClaim(message);
    const isRenewal = message.event === "REAUTH";
    const admission = !isRenewal && this.context.isDraining() ? goElsewhere : await desk.admit(claim, isRenewal);
    await tunReady();
    // It may be gone, or openvpn may be another by now.
    if (this.#isOver || boot !== record.boot || this.#deciding.get(clientId) !== keyId) return;
    this.#deciding.delete(clientId);

    const session = ledger.find(boot, clientId);
    if (session && admission.accepted) await this.#renew(session, keyId, admission);
    else if (session) {
      this.#recordRefusal(claim, admission as Refused);
      await this.#endRefused(session, admission as Refused);
    } else {
      const outcome = this.#refuseSecond(claim, admission);
      if (outcome.accepted) return this.#letIn(clientId, keyId, claim, outcome);
      this.#recordRefusal(claim, outcome);
      await this.#deny(clientId, keyId, claim, outcome);
    }
  }

  /** Only after everything else: whoever cannot sign in is not told who is connected. */
  #refuseSecond(claim: Claim, admission: Admission): Admission {
    if (!admission.accepted) return admission;
    const { tenantId, accountId, deviceId } = admission;
    const staying = this.#findStaying(admission, claim.fingerprint!, this.deps.ledger.byHolder(admission));
    if (!staying) return admission;
    const reason = connectedAlready(staying);
    return { accepted: false, tenantId, accountId, deviceId, code: "already_connected", reason };
  }

  /** The session that stays, where the tenant has the older one stay. One that went silent keeps nobody out. */
  #findStaying({ deviceId }: Holder, fingerprint: string, older: LiveSession[]): LiveSession | undefined {
    const { ledger, findByFingerprint } = this.deps;
    // Two routers with one profile would take it from each other without end: the first keeps it for as long as it is heard.
    if (!deviceId && findByFingerprint(fingerprint)?.document.tenant?.secondSession !== "refuse") return undefined;
    return older.find(
      ({ sessionId }) => !ledger.isLeaving(sessionId) && (ledger.silentMs(sessionId) ?? heardWithinMs) < heardWithinMs,
    );
  }

  /** Denying a renegotiation would leave the old key alive: it is cut instead. */
  #endRefused(session: LiveSession, { code, reason }: Refused): Promise<void> {
    return this.deps.ledger.end(session.sessionId, endingOf(code), reason);
  }

  async #deny(clientId: number, keyId: number, claim: Claim, { code, reason, deviceId }: Refused): Promise<void> {
    const isDevice = claim.isDevice || Boolean(deviceId);
    const known = hints[code] ?? (isDevice ? deviceHint : undefined);
    if (!claim.canBeToldToWait && (isDevice || code === "going_elsewhere")) {
      // It would take a denial for a wrong password, and give up.
      const flags = code === "going_elsewhere" ? "[PN]" : "[P]";
      await this.#tell(commands.clientKill(clientId, `RESTART,${flags}${isDevice ? reason : ""}`));
      return;
    }
    const hint = claim.canBeToldToWait && known ? `TEMP[${known}]` : undefined;
    const plain = commands.clientDeny(clientId, keyId, code, hint);
    await this.#tell(commands.clientDeny(clientId, keyId, code, hint ? `${hint}:${reason}` : reason), plain);
  }

  async #renew(session: LiveSession, keyId: number, admission: Accepted): Promise<void> {
    const { ledger } = this.deps;
    if (holderKey(session) !== holderKey(admission))
      await ledger.end(session.sessionId, "unknown", "another client came from its address and port");
    else if (session.vpnAddress !== admission.address)
      await ledger.end(session.sessionId, "kicked", "the address has changed; connect again");
    else await this.#tell(commands.clientAuthAgain(session.clientId, keyId));
  }

  async #letIn(clientId: number, keyId: number, claim: Claim, admission: Accepted) {
    const { tenantId, accountId, deviceId, passwordMark, address, token } = admission;
    const { ledger, log } = this.deps;
    const { record, processName } = this.context;
    const { realAddress, clientVersion, platform, cipher } = claim;
    let command: Command;
    let routes: ClientRoutes;
    try {
      routes = this.#routesOf(claim.fingerprint!);
      command = commands.clientAuth(clientId, keyId, [
        ...addressOptions(address, routes, this.context.gatewayAddress),
        ...(token === null ? [] : [`push "auth-token ${token}"`]),
        ...nameOptions(this.context.resolver(), admission.domain, platform),
      ]);
    } catch (error) {
      log.error({ err: error, tenantId, accountId, deviceId }, "a client's options cannot be said");
      const refusal: Refused = { accepted: false, tenantId, accountId, deviceId, code: "not_ready", reason: unsayable };
      this.#recordRefusal(claim, refusal);
      return this.#deny(clientId, keyId, claim, refusal);
    }
    this.#routes.set(clientId, routes);
    ledger.accept({
      tenantId,
      accountId,
      deviceId,
      processBoot: record.boot,
      clientId,
      process: processName,
      realAddress,
      vpnAddress: address,
      passwordMark,
      fingerprint: claim.fingerprint!,
      clientVersion,
      platform,
      cipher,
    });
    const { isByToken } = admission;
    log.info({ tenantId, accountId, deviceId, realAddress, clientId, isByToken }, "a connection was let in");
    const told = this.#tell(command);
    // With the same write: of sixty clients that came at once, forty-five sent no packet of their own within a tenth of a second.
    if (claim.canBeHurried) this.#run(this.#tell(commands.hurry(clientId, keyId)));
    if (!(await told)) ledger.close(record.boot, clientId, { code: "unknown", reason: null });
  }

  /** Ports of new clients, told by nothing but the status; many clients at once are one look. */
  #lookSoon(): void {
    if (this.#look) return;
    this.#look = setTimeout(() => {
      this.#look = null;
      this.#run(this.reconcile());
    }, lookAfterMs);
  }

  #recordRefusal(claim: Claim, { tenantId, accountId, deviceId, code, reason }: Refused): void {
    const { spool, log } = this.deps;
    const realAddress = clean(claim.realAddress, 64);
    // Neither the disk of the spool nor that of the log.
    if (this.#refusals.take(realAddress) > 0) return;
    log.info({ code, tenantId, accountId, deviceId, realAddress }, "a connection was refused");
    spool.append({
      type: "refused",
      tenantId,
      accountId,
      deviceId,
      code,
      reason,
      realAddress,
      process: this.context.processName,
    });
  }

  #recordRejection(realAddress: string, reason: string): void {
    const { spool } = this.deps;
    const process = this.context.processName;
    const nobody = { tenantId: null, accountId: null, deviceId: null };
    spool.append({ type: "refused", ...nobody, code: "not_admitted", reason, realAddress, process });
  }

  #establish(boot: string, clientId: number, vpnAddress: string | null): void {
    const { ledger, log } = this.deps;
    const session = ledger.establish(boot, clientId);
    if (!session) {
      log.warn({ clientId, vpnAddress }, "a client is in that nobody let in; sending it back");
      this.#run(this.#tell(commands.clientKill(clientId)));
      return;
    }
    const { sessionId, tenantId, accountId, deviceId, realAddress } = session;
    log.info(
      { tenantId, accountId, deviceId, sessionId, realAddress, vpnAddress, clientId },
      "a session is established",
    );
    if (!this.#check(session, vpnAddress)) return;
    if (!hasPort(session.realAddress)) this.#lookSoon();
    this.#keepOne(session);
  }

  /** Ends the sessions that were there before, or this one where the tenant has the older stay. */
  #keepOne(session: LiveSession): void {
    const { ledger } = this.deps;
    const older = ledger.byHolder(session).filter((other) => other.sessionId < session.sessionId);
    const staying = this.#findStaying(session, session.fingerprint, older);
    if (staying) {
      this.#run(ledger.end(session.sessionId, "refused", connectedAlready(staying)));
      return;
    }
    const who = session.deviceId ? "device" : "account";
    const reason = `this ${who} connected again, from ${session.realAddress}`;
    for (const { sessionId } of older) this.#run(ledger.end(sessionId, "replaced", reason));
  }

  #reconcileSession(boot: string, row: StatusClient): void {
    const { ledger } = this.deps;
    const session = ledger.find(boot, row.clientId);
    if (session) this.#check(session, row.vpnAddress);
    else this.#establish(boot, row.clientId, row.vpnAddress);
    const others = (this.#newcomers.get(row.realAddress) ?? 0) * maxFirstPacketBytes;
    ledger.count(boot, row.clientId, row.received, row.sent, others);
    const live = ledger.find(boot, row.clientId);
    if (live) ledger.move(live.sessionId, row.realAddress);
  }

  /** Ends a session whose holder may no longer be in, or whose address is not the one it was given. */
  #check(session: LiveSession, vpnAddress: string | null): boolean {
    const objection = this.deps.findObjection(session);
    if (objection) {
      this.#run(this.deps.ledger.end(session.sessionId, objection.code, objection.reason));
      return false;
    }
    if (vpnAddress !== null && vpnAddress !== session.vpnAddress) {
      // A malformed address is silently none, or another's: never leave it standing.
      this.#run(this.deps.ledger.end(session.sessionId, "unknown", "the address was not the one given"));
      return false;
    }
    return true;
  }

  #isStranded(row: StatusClient, boot: string, announced: Set<number> | null): boolean {
    // UNDEF is still shaking hands; its CONNECT is to come.
    if (row.commonName === "UNDEF" || this.#deciding.has(row.clientId)) return false;
    return announced ? !announced.has(row.clientId) : !this.deps.ledger.hasAccepted(boot, row.clientId);
  }

  /** Who is not found, for openvpn writes it otherwise or the port is not known yet, goes when openvpn lets go of them. */
  async #dropLeaving(): Promise<void> {
    const { ledger } = this.deps;
    const { socket, record } = this.context;
    try {
      while (this.#goodbyes > 0 && !this.#isOver) {
        this.#goodbyes = 1;
        const leaving = new Map(
          parseLeaving(await socket.run(commands.recentLog())).map((one) => [one.realAddress, one.at]),
        );
        const gone = ledger.ofBoot(record.boot).filter(({ realAddress, connectedAt }) => {
          // Not who came since to the same port.
          const at = leaving.get(realAddress);
          return at !== undefined && clock.ofHost(at) >= Math.floor(Date.parse(connectedAt) / 1000);
        });
        for (const { realAddress } of gone) await this.#tell(commands.kill(realAddress));
        this.#goodbyes -= 1;
      }
    } finally {
      this.#goodbyes = 0;
    }
  }

  async #list(): Promise<Status> {
    const status = parseStatus(await this.context.socket.run(commands.status()));
    if (status.isWhole !== this.#isListWhole) {
      this.#isListWhole = status.isWhole;
      if (status.isWhole) this.deps.log.info("openvpn's list of its clients is whole again");
      else this.deps.log.warn({ read: status.clients.length }, "openvpn's list of its clients breaks off");
    }
    return status;
  }

  /**
   * False where openvpn does not know the client (any more).
   * @param plain what to say where openvpn does not take the command: the same, without words that the command puts in
   * @throws CommandError where it takes neither
   */
  async #tell(command: Command, plain?: Command): Promise<boolean> {
    try {
      await this.context.socket.run(command);
      return true;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (isOfNobody(error.said)) return false;
      if (!plain) throw error;
      this.deps.log.error({ err: error }, "openvpn does not take a command; it is told without a reason");
      return this.#tell(plain);
    }
  }

  /** For work that nobody waits for. */
  #run(work: Promise<unknown>): void {
    work.catch((error) => {
      if (!this.#isOver) this.deps.log.warn({ err: error }, "openvpn could not be told");
    });
  }
}

const connectedAlready = ({ deviceId, realAddress }: LiveSession) =>
  `this ${deviceId ? "device" : "account"} is connected already, from ${realAddress}; end that connection first`;
const unsayable = "the gateway cannot set up this connection; tell your administrator";

/**
 * The resolver, for the tenant's domain alone. Clients from 2.6 take the first three and leave the others. Android's have
 * one resolver for everything, and ours resolves nothing else: they go without.
 */
function nameOptions(resolver: Resolver | null, label: string | null, platform: string | null): string[] {
  if (!resolver || label === null || platform === "android") return [];
  const domain = `${label}.${resolver.zone}`;
  return [
    `push "dns server 0 address ${resolver.address}"`,
    `push "dns server 0 resolve-domains ${domain}"`,
    `push "dns search-domains ${domain}"`,
    `push "dhcp-option DNS ${resolver.address}"`,
    `push "dhcp-option DOMAIN ${domain}"`,
    `push "dhcp-option DOMAIN-SEARCH ${domain}"`,
  ];
}

const hasPort = (realAddress: string) => /:\d+$/.test(realAddress);

/** How a client that understands it goes on by itself. */
const hints: Partial<Record<RefusalCode, string>> = {
  not_ready: "backoff 5",
  already_connected: "backoff 5",
  going_elsewhere: "backoff 1,advance remote",
};

/** A device goes on trying whatever it is refused for: what was taken from it may be given back, and a lorry is far away. */
const deviceHint = "backoff 20";

/** Whoever it is: nothing about them is looked up. */
const goElsewhere: Refused = {
  accepted: false,
  tenantId: null,
  accountId: null,
  deviceId: null,
  code: "going_elsewhere",
  reason: "this gateway takes no new connections just now; your client goes on to the next one",
};

type Accepted = Extract<Admission, { accepted: true }>;
type Refused = Extract<Admission, { accepted: false }>;

function endingOf(refusal: RefusalCode): DisconnectCode {
  if (refusal === "not_ready") return "unknown";
  return refusal === "held" ? "kicked" : "revoked";
}

function totals(environment: Map<string, string>): { received?: number; sent?: number } {
  const received = Number(environment.get("bytes_received") ?? Number.NaN);
  const sent = Number(environment.get("bytes_sent") ?? Number.NaN);
  return Number.isSafeInteger(received) && Number.isSafeInteger(sent) ? { received, sent } : {};
}
