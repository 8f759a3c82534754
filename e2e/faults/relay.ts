/** A way to a gateway's API that can be cut, be slow, or break off in the middle of what is said. */

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

export class Relay {
  /** Each way. */
  delayMs = 0;
  #isCut = false;
  #breakAfter: number | null = null;
  #held: (() => void)[] = [];
  #sockets = new Set<Socket>();

  private constructor(
    readonly server: Server,
    readonly target: { host: string; port: number },
  ) {}

  static async to(host: string, port: number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server, { host, port });
    server.on("connection", (socket) => relay.#pass(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Nothing arrives, and nobody is told; what was sent meanwhile arrives afterwards. */
  cut(): void {
    this.#isCut = true;
  }

  heal(): void {
    this.#isCut = false;
    for (const pass of this.#held.splice(0)) pass();
  }

  /** Breaks the next connection on which more than so many bytes are sent to the gateway. */
  breakAfter(bytes: number): void {
    this.#breakAfter = bytes;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
  }

  #pass(near: Socket): void {
    const far = connect(this.target);
    let sent = 0;
    const ends = [near, far] as const;
    for (const socket of ends) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        for (const other of ends) other.destroy();
      });
    }
    near.on("data", (chunk) => {
      sent += chunk.length;
      if (this.#breakAfter !== null && sent > this.#breakAfter) {
        this.#breakAfter = null;
        this.#later(() => {
          far.write(chunk.subarray(0, chunk.length / 2));
          near.destroy();
        });
        return;
      }
      this.#later(() => far.write(chunk));
    });
    far.on("data", (chunk) => this.#later(() => near.write(chunk)));
  }

  #later(pass: () => void): void {
    const now = () => (this.#isCut ? void this.#held.push(pass) : pass());
    if (this.delayMs > 0) setTimeout(now, this.delayMs);
    else now();
  }
}
