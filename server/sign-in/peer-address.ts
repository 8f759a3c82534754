import { type IncomingMessage, Server } from "node:http";
import { peerHeader } from "./caller-address";

/**
 * Next tells a route nothing of the connection but what headers say, and headers are the client's to choose. So each
 * request is marked with its connection's address before Next sees it. Called once, as the app's process starts.
 */
export function markPeerAddress(): void {
  const emit = Server.prototype.emit as (this: Server, event: string | symbol, ...rest: unknown[]) => boolean;
  Server.prototype.emit = function (this: Server, event: string | symbol, ...rest: unknown[]) {
    if (event === "request") {
      const request = rest[0] as IncomingMessage;
      request.headers[peerHeader] = request.socket.remoteAddress ?? "";
    }
    return emit.call(this, event, ...rest);
  };
}
