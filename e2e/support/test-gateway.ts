/**
 * A gateway for tests of the control plane: a real HTTPS server that speaks gateway/protocol/api.ts and keeps documents
 * by the protocol's own functions, with nothing behind it. It can be told to refuse, to be slow and to lose its state.
 */
import { createHash, randomUUID, webcrypto, X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { followConnections } from "../../gateway/api/connections";
import type {
  DisconnectRequest,
  EnrolGrant,
  GatewayConfig,
  GatewayStateReply,
  HostState,
  LinkState,
  Locations,
  Push,
  RenewalGrant,
  SessionReply,
} from "../../gateway/protocol/api";
import { emptyDigest, entryDigest, toggleDigest } from "../../gateway/protocol/digest";
import { emptyDocument, entriesOf, putEntry, type TenantDocument } from "../../gateway/protocol/document";
import { grantProof, isProof, parseToken, requestProof } from "../../gateway/protocol/enrolment";
import type { EventBody, GatewayEvent } from "../../gateway/protocol/events";

interface Reply {
  status: number;
  body?: unknown;
}

export class TestGateway {
  locations: Locations = { version: 0, peers: [] };
  readonly documents = new Map<string, TenantDocument>();
  readonly pushes: (Push & { tenantId: string })[] = [];
  readonly requests: string[] = [];
  readonly disconnects: { sessionId: string; reason: string; code?: string }[] = [];
  /** What it answers when it is asked about one of its sessions. */
  readonly heard = new Map<string, SessionReply>();
  /** How far its clock is ahead. */
  clockOffsetMs = 0;
  events: GatewayEvent[] = [];
  epoch = randomUUID();
  config: GatewayConfig | undefined;
  acknowledged = 0;
  host: HostState | undefined;
  links: LinkState[] | undefined;
  port = 0;
  /** Answers in place of the gateway, where it gives something. */
  intercept: (request: {
    method: string;
    path: string;
    body: unknown;
  }) => Reply | undefined | Promise<Reply | undefined> = () => undefined;

  /** Answers in place of what was done, where it gives something. */
  afterwards: (request: { method: string; path: string }) => Reply | undefined = () => undefined;

  #server: Server | undefined;
  #endConnections = () => {};
  #waiting = new Set<() => void>();
  #keys: CryptoKeyPair | undefined;
  #nextKeys: CryptoKeyPair | undefined;
  #identity: { certificate: string; gatewayCa: string } | undefined;

  private constructor(readonly gatewayId: string) {}

  /** Waits for enrolment, as an agent that was started with this token. */
  static async waiting(token: string, port = 0): Promise<TestGateway> {
    const { gatewayId, secret } = parseToken(token);
    const gateway = new TestGateway(gatewayId);
    gateway.port = port;
    gateway.#keys = await newKeys();
    const certificate = await selfSigned(gateway.#keys, gatewayId);
    await gateway.#listen({ certificate }, (method, path, body) =>
      gateway.#enrol(secret, certificate, method, path, body),
    );
    return gateway;
  }

  /** Serves under what `sign` gives for its signing request. */
  static async enrolled(
    gatewayId: string,
    sign: (csr: string) => Promise<{ certificate: string; gatewayCa: string }>,
  ): Promise<TestGateway> {
    const gateway = new TestGateway(gatewayId);
    gateway.#keys = await newKeys();
    gateway.#identity = await sign(await signingRequest(gateway.#keys, gatewayId));
    await gateway.#serve();
    return gateway;
  }

  append(body: EventBody, at = this.now()): GatewayEvent {
    const event = { ...body, sequence: this.events.length + 1, at: at.toISOString() } as GatewayEvent;
    this.events.push(event);
    for (const wake of this.#waiting) wake();
    return event;
  }

  now(): Date {
    return new Date(Date.now() + this.clockOffsetMs);
  }

  /** As if its state folder was emptied, but for who it is. */
  loseState(): void {
    this.documents.clear();
    this.events = [];
    this.epoch = randomUUID();
    this.config = undefined;
  }

  get isEnrolled(): boolean {
    return this.#identity !== undefined;
  }

  /** What it shows. */
  get certificate(): X509Certificate {
    return new X509Certificate(this.#identity!.certificate);
  }

  /** @returns what puts its present key and certificate back, as from a copy of its state folder */
  copyIdentity(): () => Promise<void> {
    const [keys, identity] = [this.#keys, this.#identity!];
    return async () => {
      this.#keys = keys;
      this.#identity = identity;
      this.#server!.setSecureContext(await this.#context(identity));
    };
  }

  digest(tenantId: string): string {
    const digest = emptyDigest();
    for (const entry of entriesOf(this.documents.get(tenantId) ?? emptyDocument(tenantId)))
      toggleDigest(digest, entryDigest(entry));
    return digest.toString("hex");
  }

  /** Nothing answers at its port until `start`. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const wake of this.#waiting) wake();
    await new Promise<void>((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      this.#endConnections();
    });
  }

  async start(): Promise<void> {
    await this.#serve();
  }

  async #serve(): Promise<void> {
    const { certificate, gatewayCa } = this.#identity!;
    await this.#listen({ certificate, gatewayCa }, (_, path, body, peer) => this.#answer(path, body, peer));
  }

  async #listen(
    { certificate, gatewayCa }: { certificate: string; gatewayCa?: string },
    answer: (method: string, path: string, body: unknown, peer: string) => Promise<Reply>,
  ): Promise<void> {
    const server = createServer({
      ...(await this.#context({ certificate, gatewayCa })),
      ...(gatewayCa ? { requestCert: true, rejectUnauthorized: true } : {}),
    });
    this.#endConnections = followConnections(server);
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", async () => {
        const text = Buffer.concat(chunks).toString();
        const body = text ? JSON.parse(text) : undefined;
        const [method, path] = [request.method ?? "", request.url ?? ""];
        this.requests.push(`${method} ${path.split("?")[0]}`);
        const peer = (request.socket as TLSSocket).getPeerCertificate()?.subject?.CN ?? "";
        const done =
          (await this.intercept({ method, path, body })) ?? (await answer(method, path, body, peer as string));
        const reply = this.afterwards({ method, path }) ?? done;
        response.writeHead(reply.status, { "content-type": "application/json" });
        response.end(
          typeof reply.body === "string" ? reply.body : reply.body === undefined ? "" : JSON.stringify(reply.body),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async #enrol(secret: string, certificate: string, method: string, path: string, body: unknown): Promise<Reply> {
    if (method === "POST" && path === "/v1/enrol/request") {
      const csr = await signingRequest(this.#keys!, this.gatewayId);
      const { nonce } = body as { nonce: string };
      return { status: 200, body: { csr, proof: requestProof(secret, nonce, csr, fingerprint(certificate)) } };
    }
    if (method === "POST" && path === "/v1/enrol/certificate") {
      const grant = body as EnrolGrant;
      if (!isProof(grantProof(secret, grant.certificate, grant.gatewayCa), grant.proof))
        return { status: 403, body: { error: { code: "proof_wrong", message: "not of this token" } } };
      this.#identity = grant;
      setImmediate(() => void this.stop().then(() => this.#serve()));
      return { status: 204 };
    }
    return { status: 404, body: { error: { code: "unknown_route", message: path } } };
  }

  async #answer(path: string, body: unknown, peer: string): Promise<Reply> {
    if (peer !== "control-plane") return { status: 403, body: { error: { code: "not_control_plane", message: peer } } };
    const url = new URL(path, "https://gateway");
    const [, , kind, id, leaf] = url.pathname.split("/");
    if (kind === "state") return { status: 200, body: this.state() };
    if (kind === "config") {
      this.config = body as GatewayConfig;
      return { status: 200, body: this.state() };
    }
    if (kind === "certificate") return this.#renew(id, body);
    if (kind === "locations") {
      this.locations = body as Locations;
      return { status: 204 };
    }
    if (kind === "tenants" && leaf === "digest")
      return { status: 200, body: { revision: this.documents.get(id!)?.revision ?? 0, digest: this.digest(id!) } };
    if (kind === "tenants") return this.#put(id!, body as Push);
    if (kind === "events") return this.#poll(url.searchParams);
    if (kind === "sessions") {
      if (!leaf) {
        const reply = this.heard.get(id!);
        return reply ? { status: 200, body: reply } : { status: 404, body: { error: { code: "no_session" } } };
      }
      this.disconnects.push({ sessionId: id!, ...(body as DisconnectRequest) });
      return { status: 204 };
    }
    return { status: 404, body: { error: { code: "unknown_route", message: path } } };
  }

  /** Shows the new certificate from the next connection on, as the agent does. */
  async #renew(leaf: string | undefined, body: unknown): Promise<Reply> {
    if (leaf === "request") {
      this.#nextKeys ??= await newKeys();
      return { status: 200, body: { csr: await signingRequest(this.#nextKeys, this.gatewayId) } };
    }
    this.#keys = this.#nextKeys ?? this.#keys;
    this.#nextKeys = undefined;
    this.#identity = { ...this.#identity!, certificate: (body as RenewalGrant).certificate };
    this.#server!.setSecureContext(await this.#context(this.#identity));
    return { status: 204 };
  }

  async #context({ certificate, gatewayCa }: { certificate: string; gatewayCa?: string }) {
    const key = x509.PemConverter.encode(
      await webcrypto.subtle.exportKey("pkcs8", this.#keys!.privateKey as never),
      "PRIVATE KEY",
    );
    return { cert: certificate, key, minVersion: "TLSv1.3" as const, ...(gatewayCa ? { ca: gatewayCa } : {}) };
  }

  #put(tenantId: string, push: Push): Reply {
    this.pushes.push({ ...push, tenantId });
    const held = this.documents.get(tenantId);
    if (push.from !== null && push.from !== (held?.revision ?? 0))
      return { status: 409, body: { revision: held?.revision ?? 0 } };
    const document = push.from === null || !held ? emptyDocument(tenantId) : held;
    for (const entry of push.entries) putEntry(document, entry);
    document.revision = push.to;
    this.documents.set(tenantId, document);
    return { status: 200, body: { revision: push.to, tookMs: 0.5, ended: [] } };
  }

  async #poll(query: URLSearchParams): Promise<Reply> {
    const anew = () => ({ status: 200, body: { epoch: this.epoch, events: [], isNewEpoch: true } });
    if (query.get("epoch") !== this.epoch) return anew();
    const after = Number(query.get("after"));
    const limit = Number(query.get("limit"));
    this.acknowledged = Math.max(this.acknowledged, Math.min(Number(query.get("committed") ?? after), after));
    const read = () => this.events.filter(({ sequence }) => sequence > after).slice(0, limit);
    if (read().length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, Number(query.get("waitMs")));
        const waiting = this.#waiting;
        function done() {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
    if (query.get("epoch") !== this.epoch) return anew();
    return { status: 200, body: { epoch: this.epoch, events: read(), isNewEpoch: false } };
  }

  state(): GatewayStateReply {
    return {
      ...{ gatewayId: this.gatewayId, epoch: this.epoch, agentVersion: "test", openvpnVersion: "test" },
      ...{
        startedAt: new Date(0).toISOString(),
        now: this.now().toISOString(),
        configVersion: this.config?.version ?? 0,
      },
      revisions: Object.fromEntries([...this.documents].map(([id, { revision }]) => [id, revision])),
      ...{
        processes: [],
        sessions: 0,
        lastSequence: this.events.length,
        spooled: this.events.length - this.acknowledged,
      },
      ...{
        certificateNotBefore: new Date(this.certificate.validFrom).toISOString(),
        certificateNotAfter: new Date(this.certificate.validTo).toISOString(),
        locations: createHash("sha256").update(JSON.stringify(this.locations.peers)).digest("hex"),
        memoryBytes: 1,
        host: this.host,
        links: this.links,
        warnings: [],
      },
    };
  }
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

async function newKeys(): Promise<CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
}

async function signingRequest(keys: CryptoKeyPair, gatewayId: string): Promise<string> {
  const name = `CN=gateway.${gatewayId}`;
  return (
    await x509.Pkcs10CertificateRequestGenerator.create(
      { name, keys, signingAlgorithm: algorithm },
      webcrypto as Crypto,
    )
  ).toString("pem");
}

async function selfSigned(keys: CryptoKeyPair, gatewayId: string): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    { name: `CN=gateway.${gatewayId}`, keys, signingAlgorithm: algorithm, notAfter: new Date(Date.now() + 86_400_000) },
    webcrypto as Crypto,
  );
  return certificate.toString("pem");
}

function fingerprint(pem: string): string {
  return createHash("sha256").update(new X509Certificate(pem).raw).digest("hex");
}
