/** What the control plane does to one gateway, without the control plane: enrols it, configures it, pushes to it, reads it. */
import { createHash, createPublicKey, randomBytes } from "node:crypto";
import type { GatewayConfig, GatewayStateReply } from "@/gateway/protocol/api";
import type { Entry } from "@/gateway/protocol/document";
import { type EnrolmentToken, formatToken, grantProof, requestProof } from "@/gateway/protocol/enrolment";
import type { GatewayEvent } from "@/gateway/protocol/events";
import { createAuthority, type Issued, publicKeyOfRequest, type TestAuthority } from "@/gateway/testing/authority";
import { type Answer, callApi } from "@/gateway/testing/call-api";

export class TestControlPlane {
  readonly gatewayAuthority: TestAuthority;
  readonly clientAuthority: TestAuthority;
  readonly gatewayId: string;
  readonly token: EnrolmentToken;
  readonly events: GatewayEvent[] = [];
  #epoch = "";
  readonly #identity: Issued;
  readonly #revisions = new Map<string, number>();

  /** Gateways of one platform share their authorities. */
  constructor(
    private readonly url: string,
    {
      gatewayId = "00000000-0000-4000-8000-0000000000ff",
      gatewayAuthority = createAuthority("lab gateway CA"),
      clientAuthority = createAuthority("lab client CA"),
    } = {},
  ) {
    this.gatewayAuthority = gatewayAuthority;
    this.clientAuthority = clientAuthority;
    this.gatewayId = gatewayId;
    const expiresAt = Math.floor(Date.now() / 1000) + 600;
    this.token = { gatewayId, secret: randomBytes(32).toString("hex"), expiresAt };
    this.#identity = gatewayAuthority.issue("control-plane", { usage: "client" });
  }

  /** For another gateway of the same platform. */
  get authorities() {
    return { gatewayAuthority: this.gatewayAuthority, clientAuthority: this.clientAuthority };
  }

  get tokenText(): string {
    return formatToken(this.token);
  }

  async enrol(): Promise<void> {
    const nonce = randomBytes(32).toString("hex");
    const asked = await callApi(`${this.url}/v1/enrol/request`, "POST", { nonce }, {});
    const { csr, proof } = asked.body;
    const shown = createHash("sha256").update(asked.peer).digest("hex");
    if (proof !== requestProof(this.token.secret, nonce, csr, shown)) throw new Error("the gateway's proof is wrong");
    const publicKey = createPublicKey({ key: publicKeyOfRequest(csr), format: "der", type: "spki" });
    const { certificate } = this.gatewayAuthority.issue(`gateway.${this.gatewayId}`, { usage: "both", publicKey });
    const gatewayCa = this.gatewayAuthority.certificate;
    const grant = { certificate, gatewayCa, proof: grantProof(this.token.secret, certificate, gatewayCa) };
    const granted = await callApi(`${this.url}/v1/enrol/certificate`, "POST", grant, {});
    if (granted.status !== 204) throw new Error(`enrolment failed: ${JSON.stringify(granted.body)}`);
  }

  /** As the sweep does. @returns the certificate that it shows from now on */
  async renew(): Promise<string> {
    const certificate = await this.issueRenewal();
    await this.putCertificate(certificate);
    return certificate;
  }

  /** @returns the gateway's certificate to come, which it does not have yet */
  async issueRenewal(): Promise<string> {
    const { body } = await this.call("POST", "/v1/certificate/request", {});
    const publicKey = createPublicKey({ key: publicKeyOfRequest(body.csr), format: "der", type: "spki" });
    return this.gatewayAuthority.issue(`gateway.${this.gatewayId}`, { usage: "both", publicKey }).certificate;
  }

  async putCertificate(certificate: string): Promise<void> {
    const { status } = await this.call("PUT", "/v1/certificate", { certificate });
    if (status !== 204) throw new Error(`the renewal was refused with ${status}`);
  }

  call(method: string, path: string, body?: unknown, identity: Partial<Issued> = this.#identity): Promise<Answer> {
    return callApi(`${this.url}${path}`, method, body, { ca: this.gatewayAuthority.certificate, ...identity });
  }

  configure(config: GatewayConfig): Promise<Answer> {
    return this.call("PUT", "/v1/config", config);
  }

  async state(): Promise<GatewayStateReply> {
    const { status, body } = await this.call("GET", "/v1/state");
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body;
  }

  /** The next revision of a tenant. */
  async push(tenantId: string, entries: Entry[]): Promise<Answer> {
    const from = this.#revisions.get(tenantId) ?? null;
    const to = (from ?? 0) + 1;
    const answer = await this.call("PUT", `/v1/tenants/${tenantId}`, { from, to, entries });
    if (answer.status === 200) this.#revisions.set(tenantId, to);
    return answer;
  }

  revision(tenantId: string): number {
    return this.#revisions.get(tenantId) ?? 0;
  }

  /** Collects what is new, waiting for the first. */
  async collect(waitMs = 1_000): Promise<GatewayEvent[]> {
    const after = this.events.at(-1)?.sequence ?? 0;
    const query = `epoch=${this.#epoch}&after=${after}&limit=1000&waitMs=${waitMs}`;
    const { body } = await this.call("GET", `/v1/events?${query}`);
    if (body.isNewEpoch) {
      this.#epoch = body.epoch;
      return this.collect(waitMs);
    }
    this.events.push(...body.events);
    return body.events;
  }
}
