/**
 * What holds for every request, whichever route it is for: it is marked with its connection's address, and its body is
 * bounded. Next tells a route nothing of the connection but what headers say, which are the client's to choose, and
 * leaves it to each route how much of a body it reads; so both are seen to before Next has the request.
 */
import { type IncomingMessage, Server, type ServerResponse } from "node:http";
import superjson from "superjson";

/** Set for every request, over whatever the client may have sent. */
export const peerHeader = "x-drawbridge-peer";

export const maxBodyBytes = 1024 * 1024;

/** Called once, as the app's process starts. */
export function guardRequests(): void {
  const emit = Server.prototype.emit as (this: Server, event: string | symbol, ...rest: unknown[]) => boolean;
  Server.prototype.emit = function (this: Server, event: string | symbol, ...rest: unknown[]) {
    if (event !== "request") return emit.call(this, event, ...rest);
    const [request, response] = rest as [IncomingMessage, ServerResponse];
    request.headers[peerHeader] = request.socket.remoteAddress ?? "";
    return boundBody(request, response) && emit.call(this, event, ...rest);
  };
}

/** @returns false where the request is answered already: it says itself that it is too large */
function boundBody(request: IncomingMessage, response: ServerResponse): boolean {
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) {
    refuse(response);
    return false;
  }
  // Node reads no more than a length that is given. Of a body in chunks nobody knows it before the end.
  if (request.headers["transfer-encoding"] === undefined) return true;
  let size = 0;
  const push = request.push.bind(request);
  request.push = (chunk: unknown, encoding?: BufferEncoding) => {
    size += (chunk as Buffer | null)?.length ?? 0;
    if (size <= maxBodyBytes) return push(chunk, encoding);
    if (!response.headersSent) refuse(response);
    request.destroy();
    return false;
  };
  return true;
}

/** In the form in which tRPC refuses, which its link shows to the person. Node drops the rest of the body as it comes. */
function refuse(response: ServerResponse): void {
  const error = superjson.serialize({
    message: `This is too large: at most ${maxBodyBytes / 1024 / 1024} MiB can be sent at once.`,
    code: -32013,
    data: { code: "PAYLOAD_TOO_LARGE", httpStatus: 413 },
  });
  response.writeHead(413, { "content-type": "application/json" }).end(JSON.stringify({ error }));
}
