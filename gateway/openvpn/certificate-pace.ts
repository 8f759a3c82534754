/**
 * When a process takes up the gateway's renewed certificate. openvpn reads it at its start only, and a start cuts its
 * clients off for some seconds: so a process that has none is started again at once, and one that never comes to rest only
 * when its certificate is about to end, one process after the other.
 */
import { X509Certificate } from "node:crypto";

export interface ShownCertificate {
  /** SHA-256 of the DER, lower-case hex. */
  fingerprint: string;
  /** ISO 8601. */
  notBefore: string;
  notAfter: string;
}

export interface CertificateUse {
  name: string;
  /** Undefined where it does not run. */
  certificate: ShownCertificate | undefined;
  isRunning: boolean;
  /** It takes no clients, and would forget that it does not: it waits until it takes some again. */
  isDraining: boolean;
  /** Sessions, and clients that are on their way in. */
  clients: number;
}

/** Between two starts that cut clients off, so that those of one have come to rest on another. */
const paceMs = 30_000;

/**
 * @param lastCutAt when a process with clients was last started again, in milliseconds
 * @returns the process to start again now
 */
export function findDue(
  uses: readonly CertificateUse[],
  present: ShownCertificate,
  lastCutAt: number,
  now: number,
): string | undefined {
  const serving = uses.filter(({ isDraining }) => !isDraining);
  const stale = serving.filter(
    ({ certificate, isRunning }) => isRunning && certificate && certificate.fingerprint !== present.fingerprint,
  );
  const idle = stale.find(({ clients }) => clients === 0);
  if (idle) return idle.name;
  const isAllUp = serving.every(({ isRunning }) => isRunning);
  if (!isAllUp || now - lastCutAt < paceMs) return undefined;
  return stale.find(({ certificate }) => isEnding(certificate!, now))?.name;
}

export function readCertificate(pem: string): ShownCertificate {
  const { fingerprint256, validFrom, validTo } = new X509Certificate(pem);
  return {
    fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(),
    notBefore: new Date(validFrom).toISOString(),
    notAfter: new Date(validTo).toISOString(),
  };
}

/** In the last sixth of its life. The control plane renews in the last third. */
function isEnding({ notBefore, notAfter }: ShownCertificate, now: number): boolean {
  const end = Date.parse(notAfter);
  return end - now < (end - Date.parse(notBefore)) / 6;
}
