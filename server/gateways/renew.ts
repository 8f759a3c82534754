/**
 * Renews a gateway's certificate before it ends: we ask it for a signing request of a new key and put what we sign. What
 * it is being granted is written down first, and told to the gateways that it has links to; both are believed until the
 * new one has been seen on a connection; so being killed at any point leaves a gateway that is known by what it shows, and
 * the next sweep goes on from there.
 */
import type { GatewayStateReply } from "@/gateway/protocol/api";
import { gatewayLifetimeMs, issueGatewayCertificate } from "../certificates/certificates";
import { audit } from "../core/audit";
import { database, inTransaction, pool, system } from "../core/db";
import type { Log } from "../core/log";
import type { Gateway } from "../core/prisma/client";
import { findShown, GatewayError, getState, putCertificate, requestRenewal } from "./client";
import { configureIfChanged } from "./config";

/** One that fails is not asked for every two seconds. */
const retryMs = 60_000;
const failedAt = new Map<string, number>();

export async function renewIfDue(gateway: Gateway, state: GatewayStateReply, log: Log): Promise<void> {
  if (!needsRenewal(gateway, state) || Date.now() - (failedAt.get(gateway.id) ?? 0) < retryMs) return;
  try {
    await renewCertificate(gateway, log);
    failedAt.delete(gateway.id);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    failedAt.set(gateway.id, Date.now());
    log.warn({ gateway: gateway.name, notAfter: gateway.certificateNotAfter }, `not renewed: ${error.message}`);
  }
}

/** When a third of its life is left, or when a renewal was begun and not seen through. */
function needsRenewal(
  { nextFingerprint, certificateNotAfter }: Pick<Gateway, "nextFingerprint" | "certificateNotAfter">,
  state: GatewayStateReply,
  now = Date.now(),
): boolean {
  if (nextFingerprint) return true;
  // An agent from before renewal does not say when its certificate began, and takes no other.
  if (!state.certificateNotBefore || !certificateNotAfter) return false;
  const end = certificateNotAfter.getTime();
  const lifeMs = end - Date.parse(state.certificateNotBefore);
  return end - now < (lifeMs > 0 ? lifeMs : gatewayLifetimeMs) / 3;
}

/** @returns false where another worker is at it. @throws GatewayError when it does not answer or refuses; the next sweep tries again */
export async function renewCertificate({ id }: { id: string }, log: Log, lifetimeMs?: number): Promise<boolean> {
  return alone(id, async () => {
    const gateway = await database().gateway.findUnique({ where: { id } });
    if (!gateway?.enrolledAt) return;
    // Perhaps it was taken, and we were stopped before we saw it.
    if (gateway.nextFingerprint && (await seeThrough(gateway, gateway.nextFingerprint, log))) return;
    const csr = await requestRenewal(gateway);
    const leaf = await inTransaction(system, {}, async (scope) => {
      const issued = await issueGatewayCertificate(scope, id, csr, lifetimeMs);
      const { count } = await scope.tx.gateway.updateMany({
        where: { id, enrolledAt: { not: null }, fingerprint: gateway.fingerprint },
        data: { nextFingerprint: issued.fingerprint },
      });
      return count === 0 ? undefined : issued;
    });
    if (!leaf) return;
    const believed = { ...gateway, nextFingerprint: leaf.fingerprint };
    await tellPeers(id);
    await putCertificate(believed, leaf.pem);
    await seeThrough(believed, leaf.fingerprint, log);
  });
}

/** So that links stand by the new certificate at once. One that does not answer now has it from the sweep once it does. */
async function tellPeers(gatewayId: string): Promise<void> {
  const peers = await database().gateway.findMany({ where: { enrolledAt: { not: null }, id: { not: gatewayId } } });
  await Promise.allSettled(peers.map(async (peer) => configureIfChanged(peer, await getState(peer))));
}

/** @returns false where it still shows the one before */
async function seeThrough(gateway: Gateway, next: string, log: Log): Promise<boolean> {
  const { fingerprint, notAfter } = await findShown(gateway);
  if (fingerprint !== next) return false;
  const isStored = await inTransaction(system, {}, async (scope) => {
    const { count } = await scope.tx.gateway.updateMany({
      // It may have been retired, or enrolled again, since it was read.
      where: { id: gateway.id, enrolledAt: { not: null }, nextFingerprint: next },
      data: { fingerprint, nextFingerprint: null, certificateNotAfter: notAfter },
    });
    if (count === 0) return false;
    await audit(scope, {
      action: "gateways.renew_certificate",
      subject: { kind: "gateway", id: gateway.id, name: gateway.name },
      details: { before: gateway.fingerprint, fingerprint, notAfter },
    });
    return true;
  });
  if (isStored) log.info({ gateway: gateway.name, fingerprint, notAfter }, "renewed its certificate");
  return true;
}

/** One renewal of a gateway at a time, over all workers: a late grant would put what is believed no longer. */
async function alone(gatewayId: string, work: () => Promise<void>): Promise<boolean> {
  const client = await pool().connect();
  try {
    const key = `renew ${gatewayId}`;
    const { rows } = await client.query("SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS is_ours", [key]);
    if (!rows[0].is_ours) return false;
    try {
      await work();
      return true;
    } finally {
      await client.query("SELECT pg_advisory_unlock(hashtextextended($1, 0))", [key]);
    }
  } finally {
    client.release();
  }
}
