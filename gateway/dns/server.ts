/**
 * Serves `answer` on one address, over UDP and TCP. It is bound to the gateways' own address in the range, which is there
 * once a tunnel is: until then, and after every failure, it tries again.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "pino";
import { answer, type Names } from "./answer";

export interface DnsServer {
  /** Idempotent. Null stops answering. */
  configure(wanted: { address: string; zone: string } | null): Promise<void>;
  /** Why nothing is answered, where something should be. */
  failure(): string | null;
  close(): Promise<void>;
}

const retryMs = 1_000;
const maxConnections = 200;
const idleMs = 5_000;

export function createDnsServer(names: Names, log: Logger, port = 53): DnsServer {
  let wanted: { address: string; zone: string } | null = null;
  let bound: string | null = null;
  let udp: UdpSocket | null = null;
  let tcp: Server | null = null;
  const connections = new Set<Socket>();
  let retry: NodeJS.Timeout | undefined;
  let failure: string | null = null;
  let work: Promise<void> = Promise.resolve();

  const say = (from: string, message: Buffer) => {
    try {
      return wanted ? answer(names, wanted.zone, from, message) : undefined;
    } catch (error) {
      log.error({ err: error }, "a name could not be looked up");
      return undefined;
    }
  };

  const serve = async (address: string) => {
    udp = createSocket("udp4");
    udp.on("message", (message, { address: from, port: back }) => {
      const said = say(from, message);
      if (said) udp?.send(said, back, from, () => {});
    });
    await new Promise<void>((resolve, reject) => udp!.once("error", reject).bind(port, address, resolve));
    udp.on("error", (error) => fail(error));
    tcp = createServer((socket) => {
      connections.add(socket);
      converse(socket, say);
      socket.on("close", () => connections.delete(socket));
    });
    tcp.maxConnections = maxConnections;
    await new Promise<void>((resolve, reject) => tcp!.once("error", reject).listen(port, address, resolve));
    tcp.on("error", (error) => fail(error));
    bound = address;
    failure = null;
  };

  const stop = async () => {
    clearTimeout(retry);
    bound = null;
    for (const socket of connections) socket.destroy();
    await Promise.all([
      new Promise<void>((resolve) => (udp ? close(udp, resolve) : resolve())),
      new Promise<void>((resolve) => (tcp?.listening ? tcp.close(() => resolve()) : resolve())),
    ]);
    udp = null;
    tcp = null;
  };

  const settle = async () => {
    if (bound === (wanted?.address ?? null)) return;
    await stop();
    failure = null;
    if (!wanted) return;
    await serve(wanted.address).catch(fail);
  };
  const inTurn = () => {
    work = work.then(settle);
    return work;
  };
  const fail = (error: Error) => {
    failure = error.message;
    bound = null;
    clearTimeout(retry);
    retry = setTimeout(() => void stop().then(inTurn), retryMs);
  };

  return {
    configure(next) {
      wanted = next;
      return inTurn();
    },
    failure: () => failure,
    async close() {
      wanted = null;
      await inTurn();
      await stop();
    },
  };
}

function close(socket: UdpSocket, done: () => void): void {
  try {
    socket.close(done);
  } catch {
    // It was never bound.
    done();
  }
}

/** Messages with their length before them (RFC 1035, 4.2.2). */
function converse(socket: Socket, say: (from: string, message: Buffer) => Buffer | undefined): void {
  let heard = Buffer.alloc(0);
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    heard = Buffer.concat([heard, chunk]);
    while (heard.length >= 2) {
      const length = heard.readUInt16BE(0);
      if (length > 512) return void socket.destroy();
      if (heard.length < 2 + length) return;
      const said = say(socket.remoteAddress ?? "", heard.subarray(2, 2 + length));
      heard = heard.subarray(2 + length);
      if (!said) return void socket.destroy();
      const head = Buffer.alloc(2);
      head.writeUInt16BE(said.length);
      // Who asks and does not read is read no more, until they do or have idled for too long.
      if (!socket.write(Buffer.concat([head, said]))) socket.pause();
    }
  });
  socket.on("drain", () => socket.resume());
}
