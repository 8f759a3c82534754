/**
 * One connection to an openvpn's management socket. openvpn answers in the order in which it was asked, so commands do not
 * wait for each other, and those of one turn of the event loop are one write; a reply that is late drops the connection,
 * because what comes after could no longer be told from the answer to the next command.
 */
import { connect, type Socket } from "node:net";
import { CodecError, type Command, Decoder, type Message, ReplyReader } from "./codec";

export type Notification = Exclude<Message, { type: "reply" }>;

export interface ManagementSocket {
  /** The lines of the reply. @throws CommandError when openvpn answers ERROR, ConnectionLostError when no answer can come. */
  run(command: Command): Promise<string[]>;
  close(): void;
  /** Settles, never rejects, when the connection is over for whatever reason. */
  readonly closed: Promise<Error | null>;
}

export class CommandError extends Error {
  override name = "CommandError";

  constructor(
    command: Command,
    /** What stands behind openvpn's ERROR. */
    readonly said: string,
  ) {
    super(`${command.name}: ${said}`);
  }
}

export class ConnectionLostError extends Error {
  override name = "ConnectionLostError";
}

export interface SocketOptions {
  path: string;
  /** Called in the order of arrival, before any later reply settles. */
  onNotification(notification: Notification): void;
  /** A second client of the socket connects and is never greeted. */
  greetingTimeoutMs?: number;
  replyTimeoutMs?: number;
}

/** @throws ConnectionLostError where nobody listens or nobody greets. */
export async function connectManagement(options: SocketOptions): Promise<ManagementSocket> {
  const connection = new Connection(options);
  await connection.greeted;
  return connection;
}

interface Waiting {
  command: Command;
  reader: ReplyReader;
  resolve(lines: string[]): void;
  reject(error: Error): void;
}

class Connection implements ManagementSocket {
  readonly closed: Promise<Error | null>;
  readonly greeted: Promise<void>;
  #socket: Socket;
  #decoder = new Decoder();
  /** What openvpn has not answered yet, in the order in which it will. */
  #unanswered: Waiting[] = [];
  #unwritten: Buffer[] = [];
  #timer: NodeJS.Timeout;
  #isGreeted = false;
  #isOver = false;
  #replyTimeoutMs: number;
  #onNotification: SocketOptions["onNotification"];
  #settleGreeting!: (error: Error | null) => void;
  #settleClosed!: (error: Error | null) => void;

  constructor(options: SocketOptions) {
    // One buffer for all that is read: openvpn says what it has to say a kilobyte at a time.
    const buffer = Buffer.alloc(64 * 1024);
    const receive = (length: number) => {
      this.#receive(buffer.subarray(0, length));
      return true;
    };
    this.#socket = connect({ path: options.path, onread: { buffer, callback: receive } });
    this.#onNotification = options.onNotification;
    this.#replyTimeoutMs = options.replyTimeoutMs ?? 5_000;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.greeted = new Promise((resolve, reject) => {
      this.#settleGreeting = (error) => (error ? reject(error) : resolve());
    });
    this.#timer = setTimeout(
      () => this.#end(new ConnectionLostError("no greeting: another client holds the management socket")),
      options.greetingTimeoutMs ?? 3_000,
    );
    this.#socket.on("error", (cause) => this.#end(new ConnectionLostError(cause.message, { cause })));
    this.#socket.on("close", () => this.#end(new ConnectionLostError("openvpn closed the management socket")));
  }

  run(command: Command): Promise<string[]> {
    if (this.#isOver) return Promise.reject(new ConnectionLostError("the management socket is closed"));
    return new Promise((resolve, reject) => {
      this.#unanswered.push({ command, reader: new ReplyReader(command.reply), resolve, reject });
      if (this.#unanswered.length === 1) this.#awaitReply();
      if (this.#unwritten.push(command.bytes) === 1) setImmediate(() => this.#flush());
    });
  }

  close(): void {
    this.#end(null);
  }

  #flush(): void {
    const commands = Buffer.concat(this.#unwritten.splice(0));
    if (!this.#isOver) this.#socket.write(commands);
  }

  #awaitReply(): void {
    this.#timer = setTimeout(() => {
      const { name } = this.#unanswered[0]!.command;
      this.#end(new ConnectionLostError(`no reply to ${name} in ${this.#replyTimeoutMs} ms`));
    }, this.#replyTimeoutMs);
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      for (const message of this.#decoder.push(chunk)) {
        if (this.#isOver) return;
        if (message.type === "reply") this.#reply(message.line);
        else if (message.type === "notice" && message.name === "INFO" && !this.#isGreeted) this.#greet();
        else this.#onNotification(message);
      }
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #greet(): void {
    this.#isGreeted = true;
    clearTimeout(this.#timer);
    this.#settleGreeting(null);
  }

  #reply(line: string): void {
    const [current] = this.#unanswered;
    if (!current) throw new CodecError("a reply that nobody asked for");
    const reply = current.reader.push(line);
    if (!reply) return;
    this.#unanswered.shift();
    if (this.#unanswered.length > 0) this.#timer.refresh();
    else clearTimeout(this.#timer);
    if (reply.ok) current.resolve(reply.lines);
    else current.reject(new CommandError(current.command, reply.message));
  }

  #end(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    const lost = error ?? new ConnectionLostError("the management socket was closed");
    this.#settleGreeting(lost);
    for (const waiting of this.#unanswered.splice(0)) waiting.reject(lost);
    this.#settleClosed(error);
  }
}
