/**
 * Enrolment, from the control plane's side: we call the agent that waits, and each proves to the other that it holds the
 * one-time token's secret, bound to the certificate of the connection. Whoever answers without it gets nothing.
 * Killed at any point, it can be done again: a gateway that took its certificate just before is known by it, and by no
 * other, for one that was granted earlier may be in the hands of whoever it was retired for.
 */
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:https";
import type { TLSSocket } from "node:tls";
import type { EnrolGrant, EnrolReply, EnrolRequest } from "@/gateway/protocol/api";
import { grantProof, isProof, requestProof } from "@/gateway/protocol/enrolment";
import { gatewayTrust, issueGatewayCertificate } from "../certificates/certificates";
import { audit } from "../core/audit";
import { database, inTransaction, system } from "../core/db";
import { enqueue } from "../core/queue";
import { unseal } from "../core/seal";
import { requestPushTo } from "../revisions/revisions";
import { findShown, type GatewayAddress, GatewayError } from "./client";
import { configure } from "./config";
import { gatewayCollect } from "./jobs";
import { storeUnanswered } from "./push";

const callTimeoutMs = 5_000;

/**
 * @returns true once it is enrolled; false when it does not answer yet, or no token stands open
 * @throws GatewayError when what answers is not the gateway that holds the token
 */
export async function enrolGateway(gatewayId: string, now = new Date()): Promise<boolean> {
  const gateway = await database().gateway.findUnique({ where: { id: gatewayId } });
  if (!gateway?.sealedToken || !gateway.tokenExpiresAt || gateway.tokenExpiresAt <= now) return false;
  const secret = unseal(gateway.sealedToken, `token ${gatewayId}`).toString();
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  try {
    const enrolled = await exchangeCertificates(gateway, secret, agent);
    if (!enrolled) return false;
    // The agent opens its API anew under the certificate that it got; only then do others call it.
    await retried(() => configure({ ...gateway, fingerprint: enrolled.fingerprint }), 40, 250);
    if (!(await store(gateway, enrolled, now))) return false;
  } catch (error) {
    if (error instanceof GatewayError && !gateway.enrolledAt) await storeUnanswered(gatewayId, error.message);
    throw error;
  } finally {
    agent.destroy();
  }
  await requestPushTo(gatewayId);
  await enqueue(gatewayCollect, { gatewayId });
  return true;
}

interface Enrolled {
  fingerprint: string;
  notAfter: Date;
}

interface Enrolling extends GatewayAddress {
  sealedToken: Uint8Array<ArrayBuffer> | null;
  grantedFingerprint: string | null;
}

async function exchangeCertificates(gateway: Enrolling, secret: string, agent: Agent): Promise<Enrolled | undefined> {
  const nonce = randomBytes(32).toString("hex");
  const asked = await post(gateway, agent, "/v1/enrol/request", { nonce } satisfies EnrolRequest).catch(
    () => undefined,
  );
  if (asked?.status !== 200) return findEnrolled(gateway);
  const { csr, proof } = asked.body as EnrolReply;
  if (
    typeof csr !== "string" ||
    typeof proof !== "string" ||
    !isProof(requestProof(secret, nonce, csr, asked.fingerprint), proof)
  )
    throw new GatewayError(
      "untrusted",
      `${gateway.name} at ${gateway.apiHost}:${gateway.apiPort} does not hold this gateway's enrolment token. Nothing was granted to it.`,
    );
  const { leaf, gatewayCa, isVoid } = await inTransaction(system, {}, async (scope) => {
    const issued = await issueGatewayCertificate(scope, gateway.id, csr);
    // From here on its holder is known by it, also when we are stopped before we know that it was taken.
    const { count } = await scope.tx.gateway.updateMany({
      where: underItsToken(gateway),
      data: { grantedFingerprint: issued.fingerprint },
    });
    return { leaf: issued, gatewayCa: (await gatewayTrust(scope)).gatewayCa, isVoid: count === 0 };
  });
  if (isVoid) return undefined;
  const grant: EnrolGrant = {
    certificate: leaf.pem,
    gatewayCa,
    proof: grantProof(secret, leaf.pem, gatewayCa),
  };
  const granted = await post(gateway, agent, "/v1/enrol/certificate", grant);
  if (granted.status !== 204) {
    const { error } = (granted.body ?? {}) as { error?: { message?: string } };
    throw new GatewayError("refused", `${gateway.name} refused its certificate: ${error?.message ?? granted.status}`);
  }
  return { fingerprint: leaf.fingerprint, notAfter: leaf.notAfter };
}

/** It may hold what its token granted already: we were stopped between granting that and writing down that it was taken. */
async function findEnrolled(gateway: Enrolling): Promise<Enrolled | undefined> {
  if (!gateway.grantedFingerprint) return undefined;
  try {
    return await findShown({ ...gateway, fingerprint: gateway.grantedFingerprint, nextFingerprint: null }, 2_000);
  } catch {
    return undefined;
  }
}

/** While it was being enrolled the token may have become void: it was retired, or given another. */
const underItsToken = ({ id, sealedToken }: Enrolling) => ({ id, sealedToken });

/** The token is spent with it. @returns false where that is void */
async function store(gateway: Enrolling, { fingerprint, notAfter }: Enrolled, now: Date): Promise<boolean> {
  return inTransaction(system, {}, async (scope) => {
    const { count } = await scope.tx.gateway.updateMany({
      where: underItsToken(gateway),
      data: {
        ...{ enrolledAt: now, sealedToken: null, tokenExpiresAt: null, lastSeenAt: now, error: null, errorAt: null },
        ...{ fingerprint, nextFingerprint: null, grantedFingerprint: null, certificateNotAfter: notAfter },
      },
    });
    if (count === 0) return false;
    await audit(scope, {
      action: "gateways.enrol",
      subject: { kind: "gateway", id: gateway.id, name: gateway.name },
      details: { fingerprint, notAfter },
    });
    return true;
  });
}

/** Over a connection that nothing is trusted of: `fingerprint` is of the certificate that it showed. */
function post(
  { apiHost, apiPort }: GatewayAddress,
  agent: Agent,
  path: string,
  body: unknown,
): Promise<{ status: number; body: unknown; fingerprint: string }> {
  const payload = Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ host: apiHost, port: apiPort, agent, method: "POST", path, timeout: callTimeoutMs },
      headers: { "content-type": "application/json", "content-length": payload.length },
    });
    sent.once("timeout", () => sent.destroy(new Error("timed out")));
    sent.once("error", reject);
    sent.once("response", (response) => {
      const peer = (response.socket as TLSSocket).getPeerCertificate();
      const fingerprint = (peer.fingerprint256 ?? "").replaceAll(":", "").toLowerCase();
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > 64 * 1024) sent.destroy(new Error("the answer is too long"));
        else chunks.push(chunk);
      });
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString();
        try {
          resolve({ status: response.statusCode ?? 0, body: text ? JSON.parse(text) : undefined, fingerprint });
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    sent.end(payload);
  });
}

async function retried<T>(work: () => Promise<T>, attempts: number, everyMs: number): Promise<T> {
  for (let left = attempts; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (left <= 1) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
