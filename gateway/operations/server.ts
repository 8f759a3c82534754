/**
 * For those who keep this gateway running, over plain HTTP on an address of their own: the API is the workers' alone.
 *
 *   GET /metrics   Prometheus' text format
 *   GET /healthz   200 while this process answers at all
 *   GET /readyz    200 when clients can come in and be held to the rules; else 503 and why not
 *
 * Nothing here changes anything, and nothing names a tenant or an account.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "../log";
import type { Metrics } from "./metrics";

export interface OperationsServer {
  port: number;
  close(): Promise<void>;
}

export interface OperationsOptions {
  host: string;
  port: number;
  metrics: Metrics;
  /** What keeps it from being ready, for a person; empty when it is. */
  notReady: () => string[];
  log: Logger;
}

/** @throws where it cannot listen there */
export async function startOperations(options: OperationsOptions): Promise<OperationsServer> {
  const { host, log } = options;
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(options, request.method ?? "", request.url ?? "/", response).catch((error) => {
      log.error({ err: error, url: request.url }, "operations: a request failed");
      send(response, 500, "text/plain", "it failed; the log says why\n");
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  log.info({ host, port }, "metrics and health open");
  return { port, close: () => close(server) };
}

async function answer(
  { metrics, notReady }: OperationsOptions,
  method: string,
  url: string,
  response: ServerResponse,
): Promise<void> {
  if (method !== "GET" && method !== "HEAD") return send(response, 405, "text/plain", "only GET\n");
  const [path] = url.split("?");
  if (path === "/metrics") return send(response, 200, metrics.contentType, await metrics.text());
  if (path === "/healthz") return sendJson(response, 200, { status: "ok" });
  if (path !== "/readyz") return send(response, 404, "text/plain", "there are /metrics, /healthz and /readyz\n");
  const reasons = notReady();
  return reasons.length === 0
    ? sendJson(response, 200, { status: "ready" })
    : sendJson(response, 503, { status: "not ready", reasons });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, "application/json", `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
