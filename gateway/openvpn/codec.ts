/**
 * The OpenVPN management interface as a pure function of bytes: `Decoder` turns what openvpn says into messages, and
 * `commands` turns what we want into bytes. Nothing here reads, writes or waits.
 *
 * Guarantees: reads may be split anywhere; a notification between two lines of a reply is told apart from it; a command
 * that could be read as something else (control characters, over-long lines) throws and is never sent half.
 */

export class CodecError extends Error {
  override name = "CodecError";
}

export type ClientEvent = "CONNECT" | "REAUTH" | "ESTABLISHED" | "DISCONNECT" | "CR_RESPONSE";

export interface ClientMessage {
  type: "client";
  event: ClientEvent;
  clientId: number;
  /** Null for the events that have none (ESTABLISHED, DISCONNECT). */
  keyId: number | null;
  /** Values as the client may have chosen them: hostile until checked. The last of two equal names wins. */
  environment: Map<string, string>;
  /** Names that came more than once. openvpn sends each once, so one of these is somebody's forgery. */
  repeated: Set<string>;
}

export type Message =
  | ClientMessage
  | { type: "state"; at: number; state: string; detail: string }
  | { type: "notice"; name: string; text: string }
  | { type: "reply"; line: string };

/** A line longer than this is no openvpn talking; its own buffers end at 10 kB. */
const maxLineBytes = 256 * 1024;
const maxEnvironmentLines = 4096;

export class Decoder {
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #open: ClientMessage | null = null;

  /** @throws CodecError when the stream cannot be openvpn's; the connection is then of no more use. */
  push(chunk: Buffer): Message[] {
    const messages: Message[] = [];
    const end = chunk.lastIndexOf(10);
    if (end !== -1) {
      const text = Buffer.concat([...this.#partial.splice(0), chunk.subarray(0, end)]).toString();
      this.#partialBytes = 0;
      for (const line of text.split("\n")) {
        const message = this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
        if (message) messages.push(message);
      }
    }
    if (end + 1 < chunk.length) {
      this.#partial.push(Buffer.from(chunk.subarray(end + 1)));
      this.#partialBytes += chunk.length - end - 1;
      if (this.#partialBytes > maxLineBytes) throw new CodecError("a line without an end");
    }
    return messages;
  }

  #line(line: string): Message | null {
    if (!line.startsWith(">")) return { type: "reply", line };
    if (line.startsWith(">CLIENT:ENV,")) return this.#environment(line.slice(12));
    const colon = line.indexOf(":");
    if (colon === -1) return { type: "notice", name: line.slice(1), text: "" };
    const name = line.slice(1, colon);
    const text = line.slice(colon + 1);
    if (name === "CLIENT") return this.#client(text);
    if (name === "STATE") return { type: "state", ...parseState(text) };
    return { type: "notice", name, text };
  }

  #client(text: string): Message | null {
    const [event, clientId, keyId] = text.split(",");
    switch (event) {
      case "CONNECT":
      case "REAUTH":
      case "CR_RESPONSE":
        this.#begin(event, whole(Number(clientId)), whole(Number(keyId)));
        return null;
      case "ESTABLISHED":
      case "DISCONNECT":
        this.#begin(event, whole(Number(clientId)), null);
        return null;
      default:
        return { type: "notice", name: "CLIENT", text };
    }
  }

  #begin(event: ClientEvent, clientId: number, keyId: number | null): void {
    if (this.#open) throw new CodecError(`a client's block inside another's: ${event}`);
    this.#open = { type: "client", event, clientId, keyId, environment: new Map(), repeated: new Set() };
  }

  #environment(text: string): Message | null {
    const open = this.#open;
    if (!open) throw new CodecError("an environment line outside a client's block");
    if (text === "END") {
      this.#open = null;
      return open;
    }
    const equals = text.indexOf("=");
    const name = equals === -1 ? text : text.slice(0, equals);
    if (open.environment.has(name)) open.repeated.add(name);
    open.environment.set(name, equals === -1 ? "" : text.slice(equals + 1));
    if (open.environment.size > maxEnvironmentLines) throw new CodecError("an environment without an end");
    return null;
  }
}

export type ReplyShape = "line" | "block" | "fenced";

export interface Command {
  name: string;
  bytes: Buffer;
  /**
   * `line`: one SUCCESS or ERROR. `block`: lines up to END, or one ERROR. `fenced`: a block that may stop without its END;
   * `pid` is asked right behind it, and where that is answered nothing more of the block can come.
   */
  reply: ReplyShape;
}

export type Reply = { ok: true; lines: string[] } | { ok: false; message: string };

/** Puts the lines of one reply together. */
export class ReplyReader {
  #lines: string[] = [];
  constructor(readonly shape: ReplyShape) {}

  /** The reply once it is whole. @throws CodecError on a line that cannot belong to it. */
  push(line: string): Reply | null {
    if (this.shape === "fenced") {
      if (line.startsWith("SUCCESS: pid=")) return { ok: true, lines: this.#lines };
      if (this.#lines.push(line) > maxBlockLines) throw new CodecError("a reply without an end");
      return null;
    }
    if (line.startsWith("ERROR:") && this.#lines.length === 0) return { ok: false, message: line.slice(6).trim() };
    if (this.shape === "line") {
      if (!line.startsWith("SUCCESS:")) throw new CodecError(`neither success nor error: ${JSON.stringify(line)}`);
      return { ok: true, lines: [line.slice(8).trim()] };
    }
    if (line === "END") return { ok: true, lines: this.#lines };
    this.#lines.push(line);
    return null;
  }
}

/** Three for each client, and openvpn is given room for some thousands. */
const maxBlockLines = 500_000;
/** openvpn reads commands into 1,024 bytes and cuts what is over. */
const maxCommandBytes = 1000;
/** openvpn reads each parameter of a command into 256 bytes, and obeys nothing of a command with a longer one. */
const maxParameterBytes = 255;
/** A longer line of a client-auth block is split, and its rest read as an option of its own. */
const maxOptionBytes = 254;

export const commands = {
  pid: (): Command => single("pid"),
  state: (): Command => block("state"),
  /**
   * Leaves out of a client's environment what nobody here reads: openvpn spends more on saying it than on letting the
   * client in. What stays: user name, password, `X509_*`, the address (no port), the session token's state, and what
   * the client says of itself, whatever names it gives that.
   */
  filterEnvironment: (): Command => single("env-filter 1"),
  reportStates: (): Command => single("state on"),
  /**
   * Its clients. openvpn writes each into 512 bytes, and where one does not fit (a client may call itself what it likes)
   * it falls silent, without END.
   */
  status: (): Command => ({ name: "status", bytes: Buffer.from("status 3\npid\n"), reply: "fenced" }),
  /** The last lines of its log, which it keeps in memory. */
  recentLog: (): Command => block("log 100"),

  clientAuth(clientId: number, keyId: number, options: string[]): Command {
    for (const option of options) {
      checkText(option);
      if (option === "END") throw new CodecError("an option that would end the block");
      if (Buffer.byteLength(option) > maxOptionBytes)
        throw new CodecError(`an option of over ${maxOptionBytes} bytes would be split and its rest obeyed`);
    }
    const lines = [`client-auth ${whole(clientId)} ${whole(keyId)}`, ...options, "END", ""];
    return { name: "client-auth", bytes: Buffer.from(lines.join("\n")), reply: "line" };
  },

  /**
   * Has openvpn act now on what `clientAuth` said. By itself it looks at a client that waits when a packet of its comes,
   * else once a second. The client is told that it is being let in: a line in its log, where it knows the message
   * (see Claim.canBeHurried).
   */
  hurry: (clientId: number, keyId: number): Command =>
    single(`client-pending-auth ${whole(clientId)} ${whole(keyId)} accepted 30`),

  /** Lets a renegotiation pass; what the client was given stays. */
  clientAuthAgain: (clientId: number, keyId: number): Command =>
    single(`client-auth-nt ${whole(clientId)} ${whole(keyId)}`),

  /** As much of the reasons as fits. Without one for the client it is told that it is refused, and no more. */
  clientDeny: (clientId: number, keyId: number, logReason: string, clientReason?: string): Command =>
    single(["client-deny", whole(clientId), whole(keyId), ...parameters(logReason, clientReason)].join(" ")),

  /**
   * Without a message the client is told RESTART and comes back. With `HALT,reason` it says as much of the reason as fits,
   * and exits.
   */
  clientKill: (clientId: number, message?: string): Command =>
    single(["client-kill", whole(clientId), ...parameters(message)].join(" ")),

  /** Drops the client at once and tells it nothing. */
  kill(realAddress: string): Command {
    if (!/^[0-9a-fA-F.:[\]]+:\d{1,5}$/.test(realAddress)) throw new CodecError("not an address and a port");
    return single(`kill ${realAddress}`);
  },
};

/** Whether an ERROR says that openvpn has no such client (any more), and not that it did not take the command. */
export function isOfNobody(message: string): boolean {
  return /^client-(auth|auth-nt|deny|kill|pending-auth) command failed$|^client at address \S+ not found$/.test(
    message,
  );
}

/** As much of a text, cut behind a character, as openvpn reads of one parameter. */
export function shorten(text: string, most = maxParameterBytes): string {
  const bytes = (part: string) => Buffer.byteLength(escaped(part));
  if (bytes(text) <= most) return text;
  let room = most - bytes(ellipsis);
  let kept = "";
  for (const character of text) {
    room -= bytes(character);
    if (room < 0) break;
    kept += character;
  }
  return `${kept}${ellipsis}`;
}

const ellipsis = "…";
const escaped = (text: string) => text.replace(/["\\]/g, "\\$&");
const parameters = (...texts: (string | undefined)[]) =>
  texts.filter((text) => text !== undefined).map((text) => quote(shorten(text)));

/** One argument as openvpn's own parser reads it back. @throws CodecError on control characters. */
export function quote(text: string): string {
  checkText(text);
  return `"${escaped(text)}"`;
}

function single(line: string): Command {
  return command(line, "line");
}

function block(line: string): Command {
  return command(line, "block");
}

function command(line: string, reply: ReplyShape): Command {
  const bytes = Buffer.from(`${line}\n`);
  if (bytes.length > maxCommandBytes) throw new CodecError(`a command of over ${maxCommandBytes} bytes would be cut`);
  return { name: line.split(" ", 1)[0]!, bytes, reply };
}

function checkText(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not pass
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new CodecError("a control character would end or split the command");
}

function whole(value: number | undefined): number {
  if (!isWhole(value)) throw new CodecError("not a whole number");
  return value;
}

const isWhole = (value: number | undefined): value is number => Number.isSafeInteger(value) && value! >= 0;

export interface StatusClient {
  clientId: number;
  commonName: string;
  realAddress: string;
  /** Null until the client was let in. */
  vpnAddress: string | null;
  received: number;
  sent: number;
  cipher: string | null;
}

export interface Status {
  clients: StatusClient[];
  /** False where it broke off, or a row of it could not be read: then who is not in it may be there all the same. */
  isWhole: boolean;
}

/** Reads the reply to `status 3`. A row that cannot be read is left out: guessing could cut the wrong client. */
export function parseStatus(lines: string[]): Status {
  const rows = lines.filter((line) => line.startsWith("CLIENT_LIST")).map(parseClient);
  const clients = rows.filter((row) => row !== null);
  return { clients, isWhole: lines.at(-1) === "END" && clients.length === rows.length };
}

function parseClient(line: string): StatusClient | null {
  const fields = line.split("\t");
  // Only the user name, ninth from the left and fourth from the right, is the client's to choose: count from both ends.
  if (fields.length < 13) return null;
  const [, commonName, realAddress, vpnAddress, , ...counts] = fields as [string, ...string[]];
  const [received, sent, clientId] = [counts[0], counts[1], fields.at(-3)].map((field) => (field ? Number(field) : -1));
  if (!isWhole(received) || !isWhole(sent) || !isWhole(clientId)) return null;
  return {
    clientId,
    commonName: commonName!,
    realAddress: normalizeRealAddress(realAddress!),
    vpnAddress: vpnAddress || null,
    received,
    sent,
    cipher: fields.at(-1) || null,
  };
}

/** Reads the reply to `status 3` of a tunnel with one other end: bytes of packets since that is heard. */
export function parseLinkStatus(lines: string[]): { received: number; sent: number } {
  const bytes = (name: string) => {
    const line = lines.find((one) => one.startsWith(`${name},`));
    if (line === undefined) throw new CodecError(`a status without ${name}`);
    return whole(Number(line.slice(name.length + 1)));
  };
  // As openvpn sees its tun: what it writes into it came from the other end.
  return { received: bytes("TUN/TAP write bytes"), sent: bytes("TUN/TAP read bytes") };
}

export interface Leaving {
  /** openvpn's own time, in seconds. */
  at: number;
  realAddress: string;
}

/** Whether somebody has just said goodbye. openvpn says it of no one in particular. */
export function isGoodbye(message: Message): boolean {
  return message.type === "notice" && message.name === "NOTIFY" && message.text === "info,remote-exit,EXIT";
}

/**
 * Who says goodbye in the reply to `log`. Lines are begun by openvpn with the certificate's name and the address, neither
 * with a space in it: what a client chooses of a line stands behind one.
 */
export function parseLeaving(lines: string[]): Leaving[] {
  return lines.flatMap((line) => {
    const found = /^(\d+),\w*,[^\s/]+\/([^\s/]+) CC-EEN exit message received by peer$/.exec(line);
    return found ? [{ at: whole(Number(found[1])), realAddress: normalizeRealAddress(found[2]!) }] : [];
  });
}

/** Reads a line of the reply to `state`, or the text of a `>STATE` notification. */
export function parseState(line: string): { at: number; state: string; detail: string } {
  const [at, state, detail] = line.split(",");
  return { at: whole(Number(at)), state: state ?? "", detail: detail ?? "" };
}

/** `udp4:192.0.2.1:1194`, `tcp4-server:[AF_INET]192.0.2.1:1194` → `192.0.2.1:1194`. */
export function normalizeRealAddress(text: string): string {
  return text.replace(/^(udp|tcp)[46]?(-server|-client)?:/, "").replace(/^\[AF_INET6?\]/, "");
}
