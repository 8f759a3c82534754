/**
 * For those who keep the workers running, over plain HTTP on an address of their own:
 *
 *   GET /metrics   Prometheus' text format
 *   GET /healthz   200 while this process answers at all
 *   GET /readyz    200 while jobs are worked on and the database answers; else 503 and why not
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { collectDefaultMetrics } from "prom-client";
import type { Log } from "../server/core/log";
import { registry } from "../server/core/metrics";
import { tellOfGateways } from "../server/gateways/metrics";

export interface OperationsOptions {
  host: string;
  port: number;
  /** What keeps it from being ready, for a person; empty when it is. */
  notReady: () => Promise<string[]>;
  log: Log;
}

/** Call it once. @throws where it cannot listen there */
export async function startOperations(options: OperationsOptions): Promise<{ port: number; close(): void }> {
  const { host, log } = options;
  collectDefaultMetrics({ register: registry });
  tellOfGateways();
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
  return {
    port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(
  { notReady }: OperationsOptions,
  method: string,
  url: string,
  response: ServerResponse,
): Promise<void> {
  if (method !== "GET" && method !== "HEAD") return send(response, 405, "text/plain", "only GET\n");
  const [path] = url.split("?");
  if (path === "/metrics") return send(response, 200, registry.contentType, await registry.metrics());
  if (path === "/healthz") return sendJson(response, 200, { status: "ok" });
  if (path !== "/readyz") return send(response, 404, "text/plain", "there are /metrics, /healthz and /readyz\n");
  const reasons = await notReady();
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
