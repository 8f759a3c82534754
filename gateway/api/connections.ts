import type { Server } from "node:https";
import type { Socket } from "node:net";

/**
 * Follows a server's connections from here on, also those that have not shaken hands: a TLS server does not count them among
 * its own, and waits for them when it closes.
 * @returns what ends them all at once
 */
export function followConnections(server: Server): () => void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}
