/**
 * One gateway's life as a list of steps: people come and go, and everything that can happen to openvpn, to the agent, to
 * the socket between them, to the clock and to the way to the control plane happens to it. The ledger, the spool, the
 * socket and what hears it are the real ones, on disk; openvpn is the fake. Whom the fake has in is the truth.
 */
import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { pino } from "pino";
import { AdmissionDesk } from "../auth/admission";
import type { AccountMatch } from "../auth/decide-connection";
import { type LiveSession, SessionLedger } from "../ledger/sessions";
import { openSpool, type Spool } from "../ledger/spool";
import { type ClientMessage, commands } from "../openvpn/codec";
import { FakeOpenvpn } from "../openvpn/fake-openvpn";
import type { ProcessRecord } from "../openvpn/process";
import { ProcessClients } from "../openvpn/process-clients";
import { connectManagement, type ManagementSocket, type Notification } from "../openvpn/socket";
import { connectEnvironment } from "../openvpn/transcript";
import type { EventsReply } from "../protocol/api";
import { emptyDocument, type SecondSession, type TenantDocument } from "../protocol/document";
import type { GatewayEvent } from "../protocol/events";
import { findObjection } from "../state/standing";
import { scanRoutes } from "./scan-routes";
import { plainAccount, plainTenant } from "./values";

export type Step =
  | { do: "connect"; account: number }
  | { do: "leave" | "move" | "talk"; client: number }
  /** The management socket breaks, perhaps in the middle of a line. */
  | { do: "drop"; line: string }
  | { do: "attach" | "look" | "flush" | "confirm" }
  /** SIGKILL; another comes. */
  | { do: "killAgent" }
  | { do: "killProcess" }
  /** SIGHUP: clients are gone without a word, and their numbers are given out again. */
  | { do: "reload" }
  | { do: "setClock"; aheadMs: number }
  | { do: "collect"; most: number; isRepeated: boolean }
  /** An answer from before comes (again) late. */
  | { do: "collectOld" };

const index = fc.nat({ max: 5 });
const hour = 3_600_000;

export const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("connect" as const), account: fc.nat({ max: 2 }) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("leave" as const), client: index }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("move" as const, "talk" as const), client: index }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("drop" as const),
        line: fc.constantFrom("", ">CLIENT:DISCONN", ">CLIENT:CONNECT,7,1\r\n>CLIENT:ENV,n_cli"),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constantFrom("attach", "look", "flush", "confirm") }) as fc.Arbitrary<Step>,
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom("killAgent", "killProcess", "reload") }) as fc.Arbitrary<Step>,
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("setClock" as const), aheadMs: fc.constantFrom(0, hour, -hour) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("collect" as const),
        most: fc.integer({ min: 1, max: 9 }),
        isRepeated: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("collectOld" as const) }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 40, size: "max" },
);

/** The other end: commits a reply, and says up to where it has. */
export type Commit = (reply: EventsReply) => Promise<{ epoch: string; cursor: number }>;

export interface HistoryOptions {
  /** A folder that it makes its own in; on a disk in memory it is quick. */
  parent: string;
  tenantId: string;
  accountIds: string[];
  secondSession: SecondSession;
  commit: Commit;
}

export class GatewayHistory {
  /** Everything that was collected, without what was repeated. */
  readonly collected: GatewayEvent[] = [];
  #folder: string;
  #fake!: FakeOpenvpn;
  #document: TenantDocument;
  #record: ProcessRecord = newRecord();
  #upSince = 1_795_325_241;
  #nextClient = 0;
  #aheadMs = 0;
  #spool!: Spool;
  #ledger!: SessionLedger;
  #socket: ManagementSocket | null = null;
  #clients: ProcessClients | null = null;
  #cursor = { epoch: "", cursor: 0 };
  #old: EventsReply[] = [];
  #log = pino({ level: "silent" });

  private constructor(readonly options: HistoryOptions) {
    this.#folder = mkdtempSync(join(options.parent, "history-"));
    this.#document = emptyDocument(options.tenantId);
    this.#document.tenant = { ...plainTenant, secondSession: options.secondSession };
    for (const [n, id] of options.accountIds.entries())
      this.#document.accounts.set(id, {
        ...plainAccount,
        ...{ address: `100.64.16.${n + 1}`, passwordHash: "hash", fingerprints: [fingerprintOf(n)] },
      });
  }

  static async begin(options: HistoryOptions): Promise<GatewayHistory> {
    const history = new GatewayHistory(options);
    history.#fake = await FakeOpenvpn.listen(join(history.#folder, "m.sock"));
    history.#startAgent();
    await history.#attach();
    return history;
  }

  get ledger(): SessionLedger {
    return this.#ledger;
  }

  /** Whom openvpn has in: `boot client account`. */
  truth(): string[] {
    return [...this.#fake.clients.values()]
      .filter(({ vpnAddress }) => vpnAddress !== null)
      .map(({ clientId, commonName }) => `${this.#record.boot} ${clientId} ${commonName}`)
      .sort();
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case "connect": {
        const environment = environmentOf(step.account);
        const commonName = this.options.accountIds[step.account]!;
        this.#fake.connect(this.#nextClient++, { commonName, environment, received: 10, sent: 10 });
        break;
      }
      case "leave":
        this.#with(step.client, ({ clientId }) => this.#fake.disconnect(clientId));
        break;
      case "move":
        this.#with(step.client, (client) => {
          client.realAddress = `192.0.2.3:${40_000 + client.clientId}`;
        });
        break;
      case "talk":
        this.#with(step.client, (client) => {
          client.received = (client.received ?? 0) + 100;
          client.sent = (client.sent ?? 0) + 50;
        });
        break;
      case "drop":
        this.#fake.drop(step.line);
        await this.#socket?.closed;
        this.#detach();
        break;
      case "attach":
        await this.#attach();
        break;
      case "look":
        await this.#clients?.reconcile().catch(() => {});
        break;
      case "flush":
        this.#ledger.flushBytes();
        break;
      case "confirm":
        this.#ledger.confirm();
        break;
      case "killAgent":
        await this.#killAgent();
        break;
      case "killProcess":
        this.#fake.clients.clear();
        this.#fake.drop();
        await this.#socket?.closed;
        this.#detach();
        this.#begin();
        this.#ledger.closeBoot(this.#record.boot, { code: "process_ended", reason: "openvpn ended" });
        this.#record = newRecord();
        break;
      case "reload":
        this.#fake.clients.clear();
        this.#begin();
        this.#fake.say(`>STATE:${this.#upSince},RECONNECTING,SIGHUP,,,,,`, `>STATE:${this.#fake.state}`);
        break;
      case "setClock":
        this.#aheadMs = step.aheadMs;
        break;
      case "collect":
        await this.#collect(step.most, step.isRepeated);
        break;
      case "collectOld":
        if (this.#old.length > 0) await this.options.commit(this.#old[0]!);
        break;
      default:
        step satisfies never;
    }
    await this.#settle();
  }

  /** As it is after some quiet seconds: attached, looked at, confirmed and collected. */
  async comeToRest(): Promise<void> {
    await this.#attach();
    for (let look = 0; look < 3; look++) {
      await this.#clients!.reconcile();
      await this.#settle();
    }
    this.#ledger.flushBytes();
    this.#ledger.confirm();
    while (this.#cursor.cursor < this.#spool.lastSequence || this.#cursor.epoch !== this.#spool.epoch)
      await this.#collect(50, false);
  }

  async close(): Promise<void> {
    this.#detach();
    await this.#fake.close();
    await this.#spool.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #startAgent(): void {
    this.#spool = openSpool(join(this.#folder, "spool"), { segmentBytes: 2_000 });
    this.#ledger = new SessionLedger({
      path: join(this.#folder, "ledger", "sessions.ndjson"),
      spool: this.#spool,
      cut: async (session, code, reason) => {
        if (!this.#clients) throw new Error("not attached");
        await this.#clients.cut(session, code, reason);
      },
      now: () => new Date(Date.now() + this.#aheadMs),
    });
  }

  /** The files as SIGKILL leaves them; openvpn runs on. */
  async #killAgent(): Promise<void> {
    const copy = mkdtempSync(join(this.options.parent, "history-"));
    for (const name of ["spool", "ledger"])
      cpSync(join(this.#folder, name), join(copy, name), { recursive: true, force: true });
    this.#detach();
    await this.#spool.close();
    for (const name of ["spool", "ledger"]) {
      rmSync(join(this.#folder, name), { recursive: true, force: true });
      cpSync(join(copy, name), join(this.#folder, name), { recursive: true });
    }
    rmSync(copy, { recursive: true, force: true });
    this.#startAgent();
  }

  #begin(): void {
    this.#nextClient = 0;
    this.#upSince += 1;
    this.#fake.state = `${this.#upSince},CONNECTED,SUCCESS,100.64.0.1,,,,`;
  }

  /** What the keeper does at an attachment. */
  async #attach(): Promise<void> {
    if (this.#clients) return;
    const held: Notification[] = [];
    let hear = (notification: Notification): void => void held.push(notification);
    const socket = await connectManagement({
      path: join(this.#folder, "m.sock"),
      onNotification: (notification) => hear(notification),
    });
    const { boot, upSince } = this.#record;
    if (upSince !== null && upSince !== this.#upSince) {
      this.#ledger.closeBoot(boot, { code: "process_ended", reason: "openvpn was reloaded" });
      this.#record.boot = randomUUID();
    }
    this.#record.upSince = this.#upSince;
    const findByFingerprint = (fingerprint: string) => this.#find(fingerprint);
    const clients = new ProcessClients(
      {
        ...{ ledger: this.#ledger, spool: this.#spool, findByFingerprint, routesOf: scanRoutes, log: this.#log },
        findObjection: (session) => findObjection({ get: () => this.#document, findByFingerprint }, session),
        desk: new AdmissionDesk({
          ...{ findByFingerprint, log: this.#log },
          passwords: { check: async () => true, close: async () => {} },
        }),
      },
      {
        ...{ socket, record: this.#record, processName: "udp", gatewayAddress: "100.64.0.1" },
        ...{ tunReady: async () => {}, isDraining: () => false, resolver: () => null },
      },
    );
    this.#socket = socket;
    const announced = held.filter((message) => message.type === "client" && message.event === "CONNECT");
    await clients.reconcile(new Set(announced.map((message) => (message as ClientMessage).clientId)));
    this.#clients = clients;
    hear = (notification) => this.#hear(clients, notification);
    for (const notification of held.splice(0)) hear(notification);
    await this.#settle();
  }

  #hear(clients: ProcessClients, notification: Notification): void {
    const { boot } = this.#record;
    if (notification.type === "client") clients.hear(notification);
    else if (notification.type === "state" && notification.state === "RECONNECTING") {
      this.#ledger.closeBoot(boot, { code: "process_ended", reason: "openvpn was reloaded" });
      this.#record.boot = randomUUID();
      this.#record.upSince = this.#upSince;
    }
  }

  #detach(): void {
    this.#clients?.detach();
    this.#clients = null;
    this.#socket?.close();
    this.#socket = null;
  }

  /** Until neither side has anything more to say. */
  async #settle(): Promise<void> {
    for (let before = -1; this.#socket && before !== this.#fake.commands.length; ) {
      before = this.#fake.commands.length + 1;
      await this.#socket.run(commands.state()).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #collect(most: number, isRepeated: boolean): Promise<void> {
    const isNewEpoch = this.#cursor.epoch !== this.#spool.epoch;
    const after = isNewEpoch ? 0 : this.#cursor.cursor;
    let events: GatewayEvent[] = [];
    // What is appended can be read once it is on the disk.
    while (events.length === 0 && after < this.#spool.lastSequence) {
      events = await this.#spool.read(after, most);
      if (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const reply: EventsReply = { epoch: this.#spool.epoch, events, isNewEpoch };
    this.#old.push(reply);
    this.collected.push(...events);
    this.#cursor = await this.options.commit(reply);
    if (isRepeated) await this.options.commit({ ...reply, isNewEpoch: false });
    this.#spool.acknowledge(this.#cursor.cursor);
  }

  #find(fingerprint: string): AccountMatch | undefined {
    for (const [accountId, account] of this.#document.accounts)
      if (account.fingerprints.includes(fingerprint)) return { document: this.#document, accountId, account };
    return undefined;
  }

  #with(pick: number, act: (client: NonNullable<ReturnType<FakeOpenvpn["clients"]["get"]>>) => void): void {
    const all = [...this.#fake.clients.values()];
    if (all.length > 0) act(all[pick % all.length]!);
  }
}

export const keyOf = ({ processBoot, clientId, accountId }: LiveSession): string =>
  `${processBoot} ${clientId} ${accountId}`;

const newRecord = (): ProcessRecord => ({ boot: randomUUID(), configDigest: "", startedAt: "", upSince: null });
const fingerprintOf = (account: number) => String(account).repeat(64);

function environmentOf(account: number): string[] {
  const digest = (fingerprintOf(account).match(/../g) ?? []).join(":");
  return connectEnvironment.map((line) => line.replace(/^(tls_digest_sha256_0)=.*/, `$1=${digest}`));
}
