/**
 * Calls to a gateway's API over mutual TLS: we are `control-plane`, it must be `gateway.<its id>`, both signed by the
 * gateway CA. Connections are kept. Every call may be made again: none does more when it arrives twice.
 */

import { isAscii } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { checkServerIdentity, type PeerCertificate, type SecureContextOptions, type TLSSocket } from "node:tls";
import type { z } from "zod";
import type {
  DigestReply,
  DisconnectRequest,
  EventsReply,
  GatewayConfig,
  GatewayStateReply,
  Locations,
  PushReply,
  RenewalGrant,
  SessionReply,
} from "@/gateway/protocol/api";
import { timeHeader } from "@/gateway/protocol/api";
import { gatewayTrust } from "../certificates/certificates";
import { database } from "../core/db";
import { AppError } from "../core/errors";
import {
  digestReply,
  mostEventsBytes,
  mostReplyBytes,
  pushConflict,
  pushReply,
  renewalReply,
  sessionReply,
  stateReply,
} from "./replies";

export interface GatewayAddress {
  id: string;
  name: string;
  apiHost: string;
  apiPort: number;
  /** SHA-256 of its certificate, and of one that it is being granted: no other is believed. */
  fingerprint: string | null;
  nextFingerprint: string | null;
}

/** unreachable: nothing answers. untrusted: what answers is not that gateway. refused: it answered, and said no. broken: it answered nonsense. */
export type GatewayErrorKind = "unreachable" | "untrusted" | "refused" | "broken";

export class GatewayError extends AppError {
  override name = "GatewayError";
  readonly kind: GatewayErrorKind;
  readonly status: number | undefined;

  constructor(kind: GatewayErrorKind, message: string, options: { status?: number; cause?: unknown } = {}) {
    super("unavailable", message, { cause: options.cause });
    this.kind = kind;
    this.status = options.status;
  }
}

export async function getState(gateway: GatewayAddress, timeoutMs = 5_000): Promise<GatewayStateReply> {
  const { body } = await call(gateway, { method: "GET", path: "/v1/state", timeoutMs });
  return checked(gateway, stateReply, body);
}

export async function putConfig(gateway: GatewayAddress, config: GatewayConfig): Promise<GatewayStateReply> {
  const reply = await call(gateway, { method: "PUT", path: "/v1/config", body: config, timeoutMs: 20_000 });
  return checked(gateway, stateReply, reply.body);
}

/** A push as it crosses the wire: `Push` of the protocol, its entries already as JSON text, as the database gave them. */
export interface EncodedPush {
  from: number | null;
  to: number;
  entries: string[];
}

/** @returns what it enforced, or where it stands when that is not where the push starts from */
export async function putTenant(
  gateway: GatewayAddress,
  tenantId: string,
  push: EncodedPush,
  signal?: AbortSignal,
): Promise<{ outcome: "enforced"; reply: PushReply } | { outcome: "conflict"; revision: number }> {
  const { status, body } = await call(gateway, {
    method: "PUT",
    path: `/v1/tenants/${tenantId}`,
    text: `{"from":${push.from},"to":${push.to},"entries":[${push.entries.join(",")}]}`,
    // A whole document of a large tenant takes its time.
    timeoutMs: 15_000 + push.entries.length,
    allow: [409],
    signal,
  });
  if (status === 200) return { outcome: "enforced", reply: checked(gateway, pushReply, body) };
  // There are other conflicts than that of revisions.
  const conflict = pushConflict.safeParse(body);
  if (!conflict.success) throw refused(gateway, status, body);
  return { outcome: "conflict", revision: conflict.data.revision };
}

/** What is older than what it has changes nothing. */
export async function putLocations(gateway: GatewayAddress, locations: Locations): Promise<void> {
  await call(gateway, { method: "PUT", path: "/v1/locations", body: locations, timeoutMs: 20_000 });
}

export async function getDigest(gateway: GatewayAddress, tenantId: string): Promise<DigestReply> {
  const reply = await call(gateway, { method: "GET", path: `/v1/tenants/${tenantId}/digest`, timeoutMs: 5_000 });
  return checked(gateway, digestReply, reply.body);
}

/** Events after `after`, waiting for the first up to `waitMs`. Says too that all up to `committed` are committed here. */
export async function getEvents(
  gateway: GatewayAddress,
  { epoch, ...numbers }: { epoch: string; after: number; committed: number; limit: number; waitMs: number },
  signal?: AbortSignal,
): Promise<EventsReply> {
  const query = new URLSearchParams({ epoch });
  for (const [name, value] of Object.entries(numbers)) query.set(name, String(value));
  const timeoutMs = numbers.waitMs + 5_000;
  const path = `/v1/events?${query}`;
  const reply = await call(gateway, { method: "GET", path, timeoutMs, signal, mostBytes: mostEventsBytes });
  const body = reply.body as EventsReply;
  if (typeof body?.epoch !== "string" || body.epoch.length > 100 || !Array.isArray(body.events))
    throw new GatewayError("broken", `${gateway.name} answered something that is not a list of events.`);
  if (body.events.length > numbers.limit)
    throw new GatewayError(
      "broken",
      `${gateway.name} answered more than the ${numbers.limit} events it was asked for.`,
    );
  return body;
}

/** @returns undefined when the gateway has no such session, or is too old to be asked */
export async function getSession(gateway: GatewayAddress, sessionId: string): Promise<SessionReply | undefined> {
  const path = `/v1/sessions/${sessionId}`;
  const { status, body } = await call(gateway, { method: "GET", path, timeoutMs: 1_000, allow: [404] });
  return status === 404 ? undefined : checked(gateway, sessionReply, body);
}

/** @returns false when the gateway has no such session */
export async function disconnect(
  gateway: GatewayAddress,
  sessionId: string,
  body: DisconnectRequest,
): Promise<boolean> {
  const { status } = await call(gateway, {
    method: "POST",
    path: `/v1/sessions/${sessionId}/disconnect`,
    body,
    timeoutMs: 15_000,
    allow: [404],
  });
  return status !== 404;
}

/** A signing request for the key of its next certificate; the same until that was put. */
export async function requestRenewal(gateway: GatewayAddress): Promise<string> {
  const reply = await call(gateway, { method: "POST", path: "/v1/certificate/request", body: {}, timeoutMs: 5_000 });
  return checked(gateway, renewalReply, reply.body).csr;
}

/** It shows it from the next connection on. */
export async function putCertificate(gateway: GatewayAddress, certificate: string): Promise<void> {
  const body: RenewalGrant = { certificate };
  await call(gateway, { method: "PUT", path: "/v1/certificate", body, timeoutMs: 10_000 });
}

/** What it shows to a connection of its own: SHA-256 of the certificate, and when that ends. */
export async function findShown(
  gateway: GatewayAddress,
  timeoutMs = 5_000,
): Promise<{ fingerprint: string; notAfter: Date }> {
  const agent = new Agent({ ...(await trusted()).tls, keepAlive: false, maxCachedSessions: 0 });
  try {
    const { peer } = await exchange(gateway, agent, { method: "GET", path: "/v1/state", timeoutMs });
    return { fingerprint: fingerprintOf(peer), notAfter: new Date(peer.valid_to) };
  } catch (error) {
    throw explained(gateway, error);
  }
}

/** Drops kept connections and what is known of our own certificate. */
export function closeGatewayConnections(): void {
  trust?.then(({ agent }) => agent.destroy()).catch(() => {});
  trust = undefined;
}

interface Call {
  method: "GET" | "PUT" | "POST";
  path: string;
  body?: unknown;
  /** The body as JSON text already. */
  text?: string;
  timeoutMs: number;
  /** Of the reply's body. */
  mostBytes?: number;
  /** Statuses beyond 2xx that are an answer and no error. */
  allow?: number[];
  signal?: AbortSignal;
}

interface Reply {
  status: number;
  body: unknown;
}

async function call(gateway: GatewayAddress, options: Call, isRetry = false): Promise<Reply> {
  const { agent } = await trusted();
  let reply: Exchanged;
  try {
    reply = await exchange(gateway, agent, options);
  } catch (error) {
    // The gateway may close a kept connection just as it is used again.
    const isStale = (error as { isReused?: boolean }).isReused && !options.signal?.aborted;
    if (isStale && !isRetry) return call(gateway, options, true);
    throw explained(gateway, error);
  }
  const { status, text } = reply;
  let body: unknown;
  try {
    body = text === "" ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new GatewayError("broken", `${gateway.name} answered something that is not JSON.`, { status, cause });
  }
  if ((status >= 200 && status < 300) || options.allow?.includes(status)) return { status, body };
  throw refused(gateway, status, body);
}

interface Exchanged {
  status: number;
  text: string;
  /** Whom the connection was made with. */
  peer: PeerCertificate;
}

function exchange(gateway: GatewayAddress, agent: Agent, options: Call): Promise<Exchanged> {
  const { method, path, timeoutMs, signal, mostBytes = mostReplyBytes } = options;
  const text = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const payload = text === undefined ? undefined : Buffer.from(text);
  return new Promise((resolve, reject) => {
    const sent = request({
      host: gateway.apiHost,
      port: gateway.apiPort,
      servername: `gateway.${gateway.id}`,
      checkServerIdentity: (name, peer) => checkServerIdentity(name, peer) ?? findStranger(gateway, peer),
      agent,
      method,
      path,
      headers: {
        [timeHeader]: new Date().toISOString(),
        ...(payload ? { "content-type": "application/json", "content-length": payload.length } : {}),
      },
    });
    const giveUp = () => sent.destroy(timedOut());
    let timer = setTimeout(giveUp, timeoutMs);
    const onAbort = () => sent.destroy(new Error("aborted"));
    signal?.addEventListener("abort", onAbort);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const fail = (error: Error) => {
      settle();
      const isReset = ["ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "");
      reject(Object.assign(error, { isReused: sent.reusedSocket && isReset }));
    };
    sent.once("error", fail);
    sent.once("response", (response: IncomingMessage) => {
      // A long answer over a slow link is no silence.
      clearTimeout(timer);
      timer = setTimeout(giveUp, Math.max(timeoutMs, 15_000));
      const peer = (response.socket as TLSSocket).getPeerCertificate();
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > mostBytes) sent.destroy(new TooLong(`its answer has more than ${mostBytes} bytes`));
        else chunks.push(chunk);
      });
      response.once("error", fail);
      response.once("end", () => {
        settle();
        resolve({ status: response.statusCode ?? 0, text: textOf(Buffer.concat(chunks)), peer });
      });
    });
    if (signal?.aborted) onAbort();
    else sent.end(payload);
  });
}

class TooLong extends Error {}

/** @throws GatewayError where a reply is not what a gateway answers */
function checked<T>(gateway: GatewayAddress, schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue!.path.map(String).join(".").slice(0, 100) || "the reply";
  throw new GatewayError(
    "broken",
    `${gateway.name} answered something that makes no sense: ${field}: ${issue!.message}.`,
  );
}

/** Long replies are almost always plain ASCII, of which a copy is enough. */
const textOf = (bytes: Buffer) => (isAscii(bytes) ? bytes.toString("latin1") : bytes.toString());

const fingerprintOf = ({ fingerprint256 }: PeerCertificate) => fingerprint256.replaceAll(":", "").toLowerCase();

/** Its name and its CA are right; but an old certificate of it, whose key somebody may have found, is none of its own. */
function findStranger({ fingerprint, nextFingerprint }: GatewayAddress, peer: PeerCertificate): Error | undefined {
  if ([fingerprint, nextFingerprint].includes(fingerprintOf(peer))) return undefined;
  const error = new Error("it is not the one that was last granted to it; enrol it again if its state was put back");
  return Object.assign(error, { code: "ERR_TLS_CERT_UNKNOWN" });
}

const timedOut = () => Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });

function refused(gateway: GatewayAddress, status: number, body: unknown): GatewayError {
  const { error } = (body ?? {}) as { error?: { code?: unknown; message?: unknown } };
  const why = typeof error?.message === "string" ? error.message.slice(0, 500) : `status ${status}`;
  return new GatewayError("refused", `${gateway.name} refused: ${why}`, { status });
}

function explained(gateway: GatewayAddress, cause: unknown): GatewayError {
  const where = `${gateway.name} at ${gateway.apiHost}:${gateway.apiPort}`;
  if (cause instanceof TooLong)
    return new GatewayError("broken", `${where} was not listened to: ${cause.message}.`, { cause });
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  if (/^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_PURPOSE)/.test(code))
    return new GatewayError(
      "untrusted",
      `${where} shows a certificate that is not that gateway's (${(cause as Error).message}). Nothing was sent to it.`,
      { cause },
    );
  if (/^ERR_SSL/.test(code))
    return new GatewayError("untrusted", `${where} did not accept our certificate (${code}).`, { cause });
  const plain: Record<string, string> = {
    ECONNREFUSED: "the connection was refused (is the agent running?)",
    ETIMEDOUT: "it timed out",
    ENOTFOUND: "that host name is not known",
    EAI_AGAIN: "the host name could not be looked up",
    EHOSTUNREACH: "there is no route to that host",
    ENETUNREACH: "there is no route to that network",
    ECONNRESET: "the connection was cut",
  };
  const why = plain[code] ?? (cause as Error).message;
  return new GatewayError("unreachable", `${where} does not answer: ${why}.`, { cause });
}

interface Trust {
  agent: Agent;
  tls: SecureContextOptions;
}

let trust: Promise<Trust & { until: number }> | undefined;

/** Read again now and then, for our certificate is renewed. */
async function trusted(): Promise<Trust> {
  const present = await trust?.catch(() => undefined);
  if (present && present.until > Date.now()) return present;
  trust = (async () => {
    const { gatewayCa, identity } = await gatewayTrust({ tx: database() });
    const tls: SecureContextOptions = {
      ca: gatewayCa,
      cert: identity.certificate,
      key: identity.key,
      minVersion: "TLSv1.3",
    };
    const agent = new Agent({ keepAlive: true, maxFreeSockets: 8, ...tls });
    return { agent, tls, until: Date.now() + 10 * 60_000 };
  })();
  return trust;
}
