/**
 * An openvpn's management socket without the openvpn, for tests: greets, answers as 2.6.14 does, and keeps a list of
 * clients that a test puts in. Its words are recorded ones (see transcript).
 */
import { createServer, type Server, type Socket } from "node:net";
import {
  clientBlock,
  connectEnvironment,
  establishedEnvironment,
  fingerprintColons,
  goodbye,
  goodbyeLine,
  greeting,
  statusHead,
  statusTail,
} from "./transcript";

export interface FakeClient {
  clientId: number;
  realAddress: string;
  vpnAddress: string | null;
  commonName: string;
  environment: string[];
  /** Sends nothing after its handshake, so that openvpn lets it in only when it is hurried. */
  isSlow?: boolean;
  received?: number;
  sent?: number;
}

export class FakeOpenvpn {
  /** Every command, without its line break; a client-auth block with its lines. */
  readonly commands: string[] = [];
  readonly clients = new Map<number, FakeClient>();
  /** Stuck at a command that begins so, it answers neither that nor what comes after. */
  silent: string | null = null;
  #isStuck = false;
  greets = true;
  state = "1795325241,CONNECTED,SUCCESS,100.64.0.1,,,,";
  /** Whether `client-kill` takes the client away at once, as one that leaves in time would be. */
  leavesWhenTold = true;
  /** Why it does not take a command, if it does not. */
  refuses: (command: string) => string | null = () => null;
  /** What becomes of the lines with which it answers `status`. */
  distort: (lines: string[]) => string[] = (lines) => lines;
  /** What it answers when it is asked for its log. */
  readonly log: string[] = [];
  /** Keeps back that clients are in, until `establishHeld`. */
  holdsEstablished = false;
  #held: FakeClient[] = [];
  #server: Server;
  #socket: Socket | null = null;
  #block: string[] | null = null;
  #onCommand: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => this.#accept(socket));
  }

  static async listen(path: string): Promise<FakeOpenvpn> {
    const server = createServer();
    const fake = new FakeOpenvpn(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return fake;
  }

  say(...lines: string[]): void {
    this.#socket?.write(lines.map((line) => `${line}\r\n`).join(""));
  }

  /** A client that shakes hands now. */
  connect(clientId: number, change: Partial<FakeClient> = {}, keyId = 1): FakeClient {
    const client: FakeClient = {
      clientId,
      realAddress: `192.0.2.2:${50_000 + clientId}`,
      vpnAddress: null,
      commonName: "acc-ana",
      environment: connectEnvironment,
      ...change,
    };
    this.clients.set(clientId, client);
    this.say(...clientBlock(`CONNECT,${clientId},${keyId}`, this.#environment(client)));
    return client;
  }

  renegotiate(clientId: number, keyId: number, environment?: string[]): void {
    const client = this.clients.get(clientId)!;
    client.environment = environment ?? client.environment;
    this.say(...clientBlock(`REAUTH,${clientId},${keyId}`, this.#environment(client)));
  }

  disconnect(clientId: number): void {
    const client = this.clients.get(clientId);
    if (!client) return;
    this.clients.delete(clientId);
    // One that was never in has no environment.
    const { received = 1905, sent = 2115 } = client;
    const totals = ["time_duration=4", `bytes_sent=${sent}`, `bytes_received=${received}`];
    const environment = client.vpnAddress ? [...totals, ...establishedEnvironment] : [];
    this.say(...clientBlock(`DISCONNECT,${clientId}`, environment));
  }

  /** The client leaves by itself; openvpn keeps it for a while. */
  sayGoodbye(clientId: number, at = Math.floor(Date.now() / 1000)): void {
    const { commonName, realAddress } = this.clients.get(clientId)!;
    this.log.push(goodbyeLine(commonName, realAddress, at));
    this.say(goodbye);
  }

  establishHeld(): void {
    this.holdsEstablished = false;
    for (const client of this.#held.splice(0)) this.#establish(client);
  }

  /** Resolves with the first command, from now or before, that begins so. */
  async told(prefix: string): Promise<string> {
    for (;;) {
      const found = this.commands.find((command) => command.startsWith(prefix));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#onCommand.push(resolve));
    }
  }

  /** Drops whoever is connected, in the middle of a line where one is given. */
  drop(halfLine?: string): void {
    if (halfLine) this.#socket?.write(halfLine);
    this.#socket?.destroySoon();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    if (this.#socket && !this.#socket.destroyed) {
      // A second one is connected, and never greeted.
      socket.on("error", () => {});
      this.#onSecond.push(socket);
      return;
    }
    this.#socket = socket;
    this.#block = null;
    socket.on("error", () => {});
    let rest = "";
    socket.on("data", (chunk) => {
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#line(line);
    });
    if (this.greets) this.say(greeting);
  }

  #onSecond: Socket[] = [];

  #line(line: string): void {
    if (this.#block) {
      this.#block.push(line);
      if (line !== "END") return;
      const block = this.#block;
      this.#block = null;
      this.#command(block.join("\n"));
    } else if (line.startsWith("client-auth ")) {
      this.#block = [line];
    } else {
      this.#command(line);
    }
  }

  #command(command: string): void {
    // Asked behind each status, and of no interest.
    if (command !== "pid") this.commands.push(command);
    this.#isStuck = this.silent !== null && (this.#isStuck || command.startsWith(this.silent));
    if (!this.#isStuck) this.#answer(command);
    for (const onCommand of this.#onCommand.splice(0)) onCommand();
  }

  #answer(command: string): void {
    const refusal = this.refuses(command);
    if (refusal) {
      this.say(`ERROR: ${refusal}`);
      return;
    }
    const tooLong = parametersOf(command).find((parameter) => Buffer.byteLength(parameter) > 256);
    if (tooLong) {
      this.say(`ERROR: Options error: Parameter at TCP:0 is too long (256 chars max): ${tooLong.slice(0, 255)}`);
      return;
    }
    const [name, argument] = command.split(/[ \n]/);
    const client = this.clients.get(Number(argument));
    const outcome = (isDone: boolean) =>
      this.say(`${isDone ? "SUCCESS" : "ERROR"}: ${name} command ${isDone ? "succeeded" : "failed"}`);
    switch (name) {
      case "state":
        if (argument === "on") this.say("SUCCESS: real-time state notification set to ON");
        else this.say(this.state, "END");
        return;
      case "env-filter":
        this.say(`SUCCESS: env-filter set to ${argument}`);
        return;
      case "client-pending-auth":
        outcome(client !== undefined);
        if (client?.isSlow) this.#establish(client);
        return;
      case "log":
        this.say(...this.log, "END");
        return;
      case "pid":
        this.say("SUCCESS: pid=5821");
        return;
      case "status": {
        const lines = [...statusHead, ...Array.from(this.clients.values(), statusRow), ...statusTail];
        const broken = lines.findIndex((line) => Buffer.byteLength(line) >= 512);
        this.say(...this.distort(broken === -1 ? lines : lines.slice(0, broken)));
        return;
      }
      case "client-auth": {
        outcome(client !== undefined);
        const address = /^ifconfig-push (\S+) /m.exec(command)?.[1] ?? null;
        if (!client) return;
        client.vpnAddress = address;
        if (this.holdsEstablished) this.#held.push(client);
        else if (!client.isSlow) this.#establish(client);
        return;
      }
      case "client-deny":
        outcome(client !== undefined);
        if (client) this.disconnect(client.clientId);
        return;
      case "client-kill":
        outcome(client !== undefined);
        if (client && this.leavesWhenTold) this.disconnect(client.clientId);
        return;
      case "kill": {
        const found = [...this.clients.values()].find(({ realAddress }) => realAddress === argument);
        if (found) {
          this.disconnect(found.clientId);
          this.say(`SUCCESS: 1 client(s) at address ${argument} killed`);
        } else {
          this.say(`ERROR: client at address ${argument} not found`);
        }
        return;
      }
      default:
        outcome(name === "client-auth-nt" && client !== undefined);
    }
  }

  #establish({ clientId, vpnAddress }: FakeClient): void {
    const environment = establishedEnvironment.map((line) => line.replace("100.64.3.7", vpnAddress ?? ""));
    const block = clientBlock(`ESTABLISHED,${clientId}`, environment);
    this.say(...block);
  }

  #environment({ environment, realAddress }: FakeClient): string[] {
    const [address] = realAddress.split(":");
    return environment.map((line) => line.replace(/^(untrusted_ip)=.*/, `$1=${address}`));
  }
}

export const recordedFingerprint = fingerprintColons.replaceAll(":", "").toLowerCase();

function statusRow({
  commonName,
  realAddress,
  vpnAddress,
  clientId,
  environment,
  received = 1905,
  sent = 2115,
}: FakeClient): string {
  const since = "2026-11-22 05:28:46\t1795325326";
  const username = environment.find((line) => line.startsWith("username="))?.slice(9) || "UNDEF";
  const cipher = vpnAddress ? "AES-256-GCM" : "BF-CBC";
  return `CLIENT_LIST\t${commonName}\t${realAddress}\t${vpnAddress ?? ""}\t\t${received}\t${sent}\t${since}\t${username}\t${clientId}\t0\t${cipher}`;
}

/** As openvpn counts their length: without the quotes, and what was escaped as one. */
const parametersOf = (command: string) =>
  (command.split("\n", 1)[0]!.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []).map((parameter) =>
    parameter.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1"),
  );
