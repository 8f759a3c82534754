/**
 * The platform's certificate authorities: one for clients and one for gateways, apart, so that a client's certificate
 * never passes for a gateway's. Made once, whoever starts first; their keys rest sealed and are opened where they sign.
 */
import { X509Certificate as NodeCertificate, randomBytes, webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { inTransaction, type Scope, system } from "../core/db";
import type { AuthorityPurpose } from "../core/prisma/client";
import { seal, unseal } from "../core/seal";
import { createServerKey } from "./tls-crypt-v2";

const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

const day = 24 * 60 * 60_000;
const authorityLifetime = 3_650 * day;
const controlPlaneLifetime = 90 * day;
const renewBefore = 30 * day;
/** Clocks of gateways and clients may be behind, an hour and a time zone among them. */
const backdate = day;

export interface Identity {
  /** PEM. */
  certificate: string;
  /** PEM, PKCS #8. */
  key: string;
}

/** Makes what is missing: both authorities, the keys of tls-crypt and tls-crypt-v2, the secret of tokens, the control plane's own certificate. Safe to run anywhere, at once. */
export async function ensureAuthorities(): Promise<void> {
  await inTransaction(system, {}, async (scope) => {
    await scope.tx.$executeRaw`SELECT pg_advisory_xact_lock(7270002)`;
    for (const purpose of ["client", "gateway"] as const) {
      if (!(await scope.tx.authority.findUnique({ where: { purpose } }))) await createAuthority(scope, purpose);
    }
    await ensureSecret(scope, "tls-crypt-v2", createServerKey);
    await ensureSecret(scope, "tls-crypt", createStaticKey);
    await ensureSecret(scope, "auth-token", () => randomBytes(32));
    await renewControlPlane(scope);
  });
}

export async function authorityCertificate(scope: Pick<Scope, "tx">, purpose: AuthorityPurpose): Promise<string> {
  const { certificate } = await scope.tx.authority.findUniqueOrThrow({ where: { purpose } });
  return certificate;
}

/** The platform's tls-crypt-v2 server key, PEM. */
export async function tlsCryptV2Key(scope: Pick<Scope, "tx">): Promise<string> {
  return (await readSecret(scope, "tls-crypt-v2")).toString();
}

/** The key that all clients without tls-crypt-v2 share with the gateways, PEM. */
export async function tlsCryptKey(scope: Pick<Scope, "tx">): Promise<string> {
  return (await readSecret(scope, "tls-crypt")).toString();
}

/** Signs, on every gateway, what lets a person in again without the password. Hex. */
export async function authTokenSecret(scope: Pick<Scope, "tx">): Promise<string> {
  return (await readSecret(scope, "auth-token")).toString("hex");
}

/** What the control plane shows to gateways. */
export async function controlPlaneIdentity(scope: Pick<Scope, "tx">): Promise<Identity> {
  return JSON.parse((await readSecret(scope, "control-plane")).toString()) as Identity;
}

async function ensureSecret({ tx }: Scope, name: string, make: () => string | Buffer): Promise<void> {
  if (await tx.secret.findUnique({ where: { name } })) return;
  await tx.secret.create({ data: { name, sealed: seal(make(), `secret ${name}`) } });
}

async function readSecret({ tx }: Pick<Scope, "tx">, name: string): Promise<Buffer> {
  const { sealed } = await tx.secret.findUniqueOrThrow({ where: { name } });
  return unseal(sealed, `secret ${name}`);
}

export interface LeafRequest {
  commonName: string;
  publicKey: x509.PublicKey | CryptoKey;
  usages: ("clientAuth" | "serverAuth")[];
  names: x509.JsonGeneralNames;
  lifetimeMs: number;
}

export interface Leaf {
  pem: string;
  serial: string;
  /** SHA-256 of the DER, lower-case hex. */
  fingerprint: string;
  notBefore: Date;
  notAfter: Date;
}

/** Signs an end entity's certificate: nothing but a signature key for these purposes, whatever was asked for. */
export async function signLeaf(
  scope: Pick<Scope, "tx">,
  purpose: AuthorityPurpose,
  { commonName, publicKey, usages, names, lifetimeMs }: LeafRequest,
): Promise<Leaf> {
  const authority = await scope.tx.authority.findUniqueOrThrow({ where: { purpose } });
  const authorityCert = new x509.X509Certificate(authority.certificate);
  const notBefore = wholeSeconds(Date.now() - backdate);
  const notAfter = wholeSeconds(Math.min(Date.now() + lifetimeMs, authorityCert.notAfter.getTime()));
  const serial = newSerial();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serial,
      subject: [{ CN: [commonName] }],
      issuer: authorityCert.subjectName,
      notBefore,
      notAfter,
      publicKey,
      signingKey: await importKey(unseal(authority.sealedKey, `authority ${purpose}`)),
      signingAlgorithm: keyAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension(usages.map((usage) => x509.ExtendedKeyUsage[usage])),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
        await x509.AuthorityKeyIdentifierExtension.create(authorityCert, false, webcrypto as Crypto),
      ],
    },
    webcrypto as Crypto,
  );
  return {
    pem: `${certificate.toString("pem")}\n`,
    serial,
    fingerprint: fingerprintOf(certificate.toString("pem")),
    notBefore,
    notAfter,
  };
}

/** SHA-256 of a certificate's DER, lower-case hex. */
export function fingerprintOf(pem: string): string {
  return new NodeCertificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();
}

async function createAuthority(scope: Scope, purpose: AuthorityPurpose): Promise<void> {
  const keys = await newKeys();
  const notAfter = wholeSeconds(Date.now() + authorityLifetime);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: newSerial(),
      name: [{ CN: [`Drawbridge ${purpose} CA`] }],
      notBefore: wholeSeconds(Date.now() - backdate),
      notAfter,
      keys,
      signingAlgorithm: keyAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto as Crypto),
      ],
    },
    webcrypto as Crypto,
  );
  await scope.tx.authority.create({
    data: {
      purpose,
      certificate: `${certificate.toString("pem")}\n`,
      sealedKey: seal(await exportKey(keys), `authority ${purpose}`),
      notAfter,
    },
  });
}

/** Makes or renews the certificate that opens the gateways' API. */
async function renewControlPlane(scope: Scope): Promise<void> {
  const existing = await scope.tx.secret.findUnique({ where: { name: "control-plane" } });
  if (existing) {
    const { certificate } = await controlPlaneIdentity(scope);
    if (Date.parse(new NodeCertificate(certificate).validTo) - Date.now() > renewBefore) return;
  }
  const keys = await newKeys();
  const { pem } = await signLeaf(scope, "gateway", {
    commonName: "control-plane",
    publicKey: keys.publicKey,
    usages: ["clientAuth"],
    names: [],
    lifetimeMs: controlPlaneLifetime,
  });
  const key = x509.PemConverter.encode(new Uint8Array(await exportKey(keys)), "PRIVATE KEY");
  const sealed = seal(JSON.stringify({ certificate: pem, key } satisfies Identity), "secret control-plane");
  await scope.tx.secret.upsert({
    where: { name: "control-plane" },
    create: { name: "control-plane", sealed },
    update: { sealed, createdAt: new Date() },
  });
}

async function newKeys(): Promise<CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"])) as CryptoKeyPair;
}

async function exportKey(keys: CryptoKeyPair): Promise<Buffer> {
  return Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey as webcrypto.CryptoKey));
}

async function importKey(pkcs8: Buffer): Promise<CryptoKey> {
  return (await webcrypto.subtle.importKey("pkcs8", pkcs8, keyAlgorithm, false, ["sign"])) as CryptoKey;
}

/** 16 random bytes; the first bit is clear, so that it is positive, the next set, so that it has no leading zero. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString("hex");
}

/** A certificate's times have no milliseconds. */
const wholeSeconds = (ms: number) => new Date(Math.floor(ms / 1000) * 1000);

/** PEM of 2048 random bits, as `openvpn --genkey secret` makes it. */
function createStaticKey(): string {
  const lines = randomBytes(256).toString("hex").match(/.{32}/g)!;
  return `-----BEGIN OpenVPN Static key V1-----\n${lines.join("\n")}\n-----END OpenVPN Static key V1-----\n`;
}
