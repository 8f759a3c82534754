/**
 * HTTPS around a list of routes. Before enrolment anybody may call, and only enrolment is there; after it, only who holds
 * a certificate of the gateway CA for `control-plane`: TLS refuses every other CA's and none, and a gateway's own
 * certificate, from the same CA, is refused here.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { finished } from "node:stream/promises";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import type { Logger } from "../log";
import { maxBodyBytes, timeHeader } from "../protocol/api";
import { followConnections } from "./connections";
import { ApiError } from "./errors";

export interface Route {
  method: "GET" | "PUT" | "POST";
  /** Segments; one that begins with a colon is a parameter. */
  path: string;
  handle(request: ApiRequest): Promise<ApiReply>;
}

export interface ApiRequest {
  params: Record<string, string>;
  query: URLSearchParams;
  /** Parsed JSON; undefined for GET. */
  body: unknown;
  /** Fires when the caller hangs up. */
  signal: AbortSignal;
  receivedAt: number;
}

export interface ApiReply {
  status: number;
  body?: unknown;
  /** In place of `body`: JSON already. */
  json?: string | Buffer;
}

export interface ServerOptions {
  host: string;
  port: number;
  certificate: string;
  key: string;
  /** Null: no client certificate is asked for. */
  gatewayCa: string | null;
  routes: readonly Route[];
  log: Logger;
  /** What the caller's clock says, with each call of the control plane's. */
  hearTime?(at: Date): void;
  bodyLimit?: number;
}

export interface ApiServer {
  port: number;
  /** Shows it from the next connection on; those that stand go on. */
  useCertificate(identity: { certificate: string; key: string }): void;
  /** Lets what is asked be answered, for a second at most. */
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<ApiServer> {
  const { host, gatewayCa, log } = options;
  const context = ({ certificate, key }: { certificate: string; key: string }): SecureContextOptions => ({
    cert: certificate,
    key,
    minVersion: "TLSv1.3",
    ...(gatewayCa ? { ca: gatewayCa } : {}),
  });
  const server = createServer({
    ...context(options),
    requestTimeout: 120_000,
    keepAliveTimeout: 65_000,
    noDelay: true,
    ...(gatewayCa ? { requestCert: true, rejectUnauthorized: true } : {}),
  });
  server.on("tlsClientError", (error, socket) => {
    log.warn({ from: socket.remoteAddress, cause: error.message }, "API: a connection was refused by TLS");
  });
  server.on("request", (request, response) => void serve(options, request, response));
  const endConnections = followConnections(server);
  await listen(server, options.port, host);
  return {
    port: (server.address() as AddressInfo).port,
    useCertificate: (identity) => server.setSecureContext(context(identity)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(endConnections, 1_000).unref();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      const isElsewhere = cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND";
      const mend = "name the one of its own at which the workers' calls arrive";
      reject(isElsewhere ? new Error(`GATEWAY_API_HOST: this host has no address ${host}; ${mend}`, { cause }) : cause);
    };
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

async function serve(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { log } = options;
  const receivedAt = performance.now();
  try {
    if (options.gatewayCa) mustBeControlPlane(request.socket as TLSSocket);
    const time = request.headers[timeHeader];
    if (options.gatewayCa && typeof time === "string") options.hearTime?.(new Date(time));
    const url = new URL(request.url ?? "/", "https://gateway");
    const { route, params } = findRoute(options.routes, request.method ?? "", url.pathname);
    const hangUp = new AbortController();
    response.on("close", () => hangUp.abort());
    const body = route.method === "GET" ? undefined : await readJson(request, options.bodyLimit ?? maxBodyBytes);
    const reply = await route.handle({ params, query: url.searchParams, body, signal: hangUp.signal, receivedAt });
    send(response, reply);
  } catch (error) {
    const known = error instanceof ApiError ? error : null;
    if (!known) log.error({ err: error, method: request.method, url: request.url }, "API: a request failed");
    else log.warn({ code: known.code, method: request.method, url: request.url }, `API: ${known.message}`);
    if (!request.complete) {
      response.setHeader("connection", "close");
      await passOver(request);
    }
    const { status, code, message } = known ?? { status: 500, code: "internal", message: messageOf(error) };
    send(response, { status, body: { error: { code, message } } });
  }
}

/** TLS vouched for the chain; who it is, and that it is meant for clients, is checked here. */
function mustBeControlPlane(socket: TLSSocket): void {
  const peer = socket.getPeerCertificate();
  if (!socket.authorized || peer.subject?.CN !== "control-plane")
    throw new ApiError(403, "not_control_plane", "only the control plane's certificate opens this API");
  if (!peer.ext_key_usage?.includes(clientAuth))
    throw new ApiError(403, "not_control_plane", "the certificate is not for clients (extended key usage)");
}

const clientAuth = "1.3.6.1.5.5.7.3.2";

function findRoute(routes: readonly Route[], method: string, pathname: string) {
  const given = pathname.split("/");
  const matches = routes.flatMap((route) => {
    const wanted = route.path.split("/");
    const params: Record<string, string> = {};
    const isMatch =
      wanted.length === given.length &&
      wanted.every((part, i) => {
        if (!part.startsWith(":")) return part === given[i];
        params[part.slice(1)] = given[i]!;
        return given[i] !== "";
      });
    return isMatch ? [{ route, params }] : [];
  });
  if (matches.length === 0) throw new ApiError(404, "unknown_route", `there is nothing at ${pathname}`);
  const found = matches.find(({ route }) => route.method === method);
  if (!found)
    throw new ApiError(405, "wrong_method", `${pathname} takes ${matches.map(({ route }) => route.method).join(", ")}`);
  return found;
}

async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const tooLarge = () => new ApiError(413, "too_large", `the body is over the limit of ${limit} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new ApiError(400, "malformed", `the body is not JSON: ${messageOf(error)}`);
  }
}

/** For a caller that still writes: cut off in the middle of it, it would not get to read the answer. */
const passOverMs = 5_000;

/** Reads what is left of the body and keeps nothing of it; what takes too long is left, and ends with the connection. */
async function passOver(request: IncomingMessage): Promise<void> {
  request.resume();
  await finished(request, { signal: AbortSignal.timeout(passOverMs) }).catch(() => {});
}

function send(response: ServerResponse, { status, body, json }: ApiReply): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(json ?? (body === undefined ? "" : JSON.stringify(body)));
  response.writeHead(status, {
    ...(bytes.length === 0 ? {} : { "content-type": "application/json" }),
    "content-length": bytes.length,
  });
  response.end(bytes);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
