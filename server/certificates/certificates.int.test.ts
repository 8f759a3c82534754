import { X509Certificate as NodeCertificate, webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRegion } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import { bind, closeDatabase, database, inTenant, inTransaction, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { createDevice } from "../devices/devices";
import {
  authorityCertificate,
  controlPlaneIdentity,
  ensureAuthorities,
  fingerprintOf,
  tlsCryptV2Key,
} from "./authority";
import {
  issueCertificate,
  issueDeviceCertificate,
  listDeviceCertificates,
  maxCertificates,
  revokeDeviceCertificate,
} from "./certificates";
import { readClientKey } from "./tls-crypt-v2";

const e = new Uint8Array([1, 0, 1]);
let dropDatabase: () => Promise<void>;
let tenantId: string;
let accountId: string;

beforeAll(async () => {
  // Tenants that others make would lean on the gateways here.
  dropDatabase = await useOwnDatabase();
  await Promise.all([ensureAuthorities(), ensureAuthorities(), ensureAuthorities()]);
  const plan = await database().plan.create({
    data: { name: "plan certificates", maxAccounts: 5, maxDevices: 5, monthlyPrice: 0 },
  });
  tenantId = crypto.randomUUID();
  await inTransaction(system, {}, async ({ tx }) => {
    await bind(tx, { tenantId });
    await tx.tenant.create({ data: { id: tenantId, slug: "certificates", name: "Certificates", planId: plan.id } });
    await tx.network.create({ data: { tenantId, name: "plant", cidr: "10.3.0.0/24" } });
  });
  accountId = await addAccount("dana@example.test", "192.0.2.1");
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("authorities", () => {
  test("made at once by several processes, there is still one of each", async () => {
    expect(await database().authority.count()).toBe(2);
    expect(await database().secret.count()).toBe(4);
  });

  test("the client CA's certificates do not verify under the gateway CA", async () => {
    const { certificate } = await issue(await requestOf({}));
    const [client, gateway] = await Promise.all(
      (["client", "gateway"] as const).map((purpose) => authorityCertificate({ tx: database() as never }, purpose)),
    );
    const leaf = new NodeCertificate(certificate);
    expect(leaf.verify(new NodeCertificate(client!).publicKey)).toBe(true);
    expect(leaf.verify(new NodeCertificate(gateway!).publicKey)).toBe(false);
  });

  test("the control plane's own certificate is for clients only, and signed by the gateway CA", async () => {
    const { certificate, key } = await controlPlaneIdentity({ tx: database() as never });
    const parsed = new NodeCertificate(certificate);
    expect(parsed.subject).toBe("CN=control-plane");
    expect(parsed.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(parsed.checkPrivateKey((await import("node:crypto")).createPrivateKey(key))).toBe(true);
  });
});

describe("issuing", () => {
  test("a profile leads to every gateway's ports, over udp first, and first to those of the home region", async () => {
    const [home, away] = await Promise.all(["home", "away"].map((name) => createRegion(name)));
    await inTenant(system, tenantId, ({ tx }) =>
      tx.tenant.update({ where: { id: tenantId }, data: { homeRegionId: home } }),
    );
    const fronts = [
      { protocol: "tcp", port: 443 },
      { protocol: "udp", port: 1194 },
    ];
    const inner = { name: "udp-1", protocol: "udp", port: 20_001 };
    const old = { name: "udp", protocol: "udp", port: 1195 };
    const described = [
      { regionId: away!, name: "a-away", publicHost: "away.test", fronts, processes: [] },
      { regionId: home!, name: "b-home", publicHost: "home.test", fronts, processes: [inner] },
      { regionId: home!, name: "c-old", publicHost: "old.test", processes: [old] },
    ];
    const common = { apiHost: "127.0.0.1", apiPort: 1, enrolledAt: new Date() };
    const hosts = described.map(({ publicHost }) => publicHost);
    await database().gateway.createMany({ data: described.map((one) => ({ ...common, ...one })) });
    try {
      const { remotes } = await issue(await requestOf({}));
      expect(
        remotes
          .filter(({ host }) => hosts.includes(host))
          .map(({ host, port, protocol }) => `${host} ${port} ${protocol}`),
      ).toEqual([
        "home.test 1194 udp",
        "old.test 1195 udp",
        "away.test 1194 udp",
        "home.test 443 tcp",
        "away.test 443 tcp",
      ]);
    } finally {
      await database().gateway.deleteMany({ where: { publicHost: { in: hosts } } });
    }
  });

  test("no profile is made for an old client where the operator lets none in", async () => {
    const request = { accountId, csr: await requestOf({}), isForOldClient: true };
    await expect(inTenant(system, tenantId, (scope) => issueCertificate(scope, request))).rejects.toMatchObject({
      ...{ code: "invalid", field: "isForOldClient" },
    });
  });

  test("an account's certificate names it by id, is for clients only, and is in the document", async () => {
    const profile = await issue(await requestOf({}));
    const parsed = new x509.X509Certificate(profile.certificate);
    expect(parsed.subject).toBe(`CN=${accountId}`);
    expect(parsed.getExtension(x509.ExtendedKeyUsageExtension)!.usages).toEqual([x509.ExtendedKeyUsage.clientAuth]);
    expect(parsed.getExtension(x509.BasicConstraintsExtension)!.ca).toBe(false);
    expect(parsed.getExtension(x509.SubjectAlternativeNameExtension)!.names.toJSON()).toEqual([
      { type: "url", value: `urn:drawbridge:tenant:${tenantId}:account:${accountId}` },
    ]);
    expect(profile.networks).toEqual(["10.3.0.0/24"]);
    expect(await publishedFingerprints()).toContain(fingerprintOf(profile.certificate));
    const serverKey = await tlsCryptV2Key({ tx: database() as never });
    expect(readClientKey(serverKey, profile.tlsCryptV2Key)).toEqual({ label: accountId });
  });

  test("a subject that is exactly the account's id is accepted", async () => {
    await expect(issue(await requestOf({ name: `CN=${accountId}` }))).resolves.toBeTruthy();
  });

  test.each([["CN=somebody-else"], ["CN=control-plane"], ["O=Evil"]])(
    "a forged subject is refused: %s",
    async (name) => {
      await expect(issue(await requestOf({ name }))).rejects.toMatchObject({
        code: "invalid",
        field: "csr",
        message: expect.stringContaining(name),
      });
    },
  );

  test("a subject that adds to the account's id is refused", async () => {
    await expect(issue(await requestOf({ name: `CN=${accountId}, O=Evil` }))).rejects.toMatchObject({ field: "csr" });
    await expect(issue(await requestOf({ name: `CN=${accountId}, CN=control-plane` }))).rejects.toMatchObject({
      field: "csr",
    });
  });

  test.each([
    ["RSA of 1024 bits", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 1024, publicExponent: e }],
    ["RSA of 2048 bits", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: e }],
    ["P-384", { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" }],
    ["Ed25519", { name: "Ed25519" }],
  ])("a key that is not P-256 is refused by its name: %s", async (named, algorithm) => {
    await expect(issue(await requestOf({ algorithm }))).rejects.toMatchObject({
      field: "csr",
      message: expect.stringContaining(named),
    });
  });

  test("a request that was changed after it was signed is refused", async () => {
    const other = new x509.Pkcs10CertificateRequest(await requestOf({}));
    const bytes = Buffer.from(other.rawData);
    bytes[bytes.length - 3]! ^= 1;
    const broken = new x509.Pkcs10CertificateRequest(bytes).toString("pem");
    await expect(issue(broken)).rejects.toMatchObject({
      message: expect.stringContaining("not signed by its own key"),
    });
  });

  test("extensions that were asked for are not honoured", async () => {
    const csr = await requestOf({
      extensions: [
        new x509.BasicConstraintsExtension(true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "gateway.evil" }]),
      ],
    });
    const text = new NodeCertificate((await issue(csr)).certificate);
    expect(text.ca).toBe(false);
    expect(text.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
    expect(text.subjectAltName).not.toContain("evil");
  });

  test.each([
    ["", "nothing"],
    ["hello", "text"],
    ["-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "short"],
  ])("what is no request is refused: %#", async (csr) => {
    await expect(issue(csr)).rejects.toMatchObject({ code: "invalid", field: "csr" });
  });

  test("a request over the size limit is refused", async () => {
    await expect(issue(`${await requestOf({})}${" ".repeat(9_000)}`)).rejects.toMatchObject({
      message: expect.stringContaining("8 kB"),
    });
  });

  test("with one certificate too many the oldest is dropped and accepted no longer", async () => {
    const id = await addAccount("many@example.test", "192.0.2.2");
    const made: string[] = [];
    for (let i = 0; i <= maxCertificates; i++)
      made.push(fingerprintOf((await issue(await requestOf({}), id)).certificate));
    const published = await publishedFingerprints(id);
    expect(published).toHaveLength(maxCertificates);
    expect(published).not.toContain(made[0]);
    expect(published).toContain(made.at(-1));
  });

  test("a revoked account gets none, and is told why", async () => {
    const id = await addAccount("gone@example.test", "192.0.2.3");
    await inTenant(system, tenantId, ({ tx }) =>
      tx.account.update({
        where: { tenantId_id: { tenantId, id } },
        data: { state: "revoked", revokedReason: "left the company" },
      }),
    );
    await expect(issue(await requestOf({}), id)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("left the company"),
    });
  });

  test("an account whose temporary password stands gets none", async () => {
    const id = await addAccount("new@example.test", "192.0.2.4", true);
    await expect(issue(await requestOf({}), id)).rejects.toMatchObject({ code: "forbidden", field: "password" });
  });
});

describe("a device", () => {
  const fields = { address: "", description: "", groupIds: [] };
  const add = (name: string, attachment: "routed" | "openvpn", address = "") =>
    inTenant(system, tenantId, (scope) => createDevice(scope, { ...fields, name, address, attachment }));
  const certify = async (deviceId: string, name = "") => {
    const csr = await requestOf({ name });
    return inTenant(system, tenantId, (scope) => issueDeviceCertificate(scope, { deviceId, csr }));
  };

  test("with a tunnel of its own has certificates under its id, in the document until they are revoked", async () => {
    const { device } = await add("Crane 4", "openvpn");
    const [first, second] = [await certify(device.id), await certify(device.id)];
    const parsed = new x509.X509Certificate(first.certificate);
    expect(parsed.subject).toBe(`CN=${device.id}`);
    expect(parsed.getExtension(x509.ExtendedKeyUsageExtension)!.usages).toEqual([x509.ExtendedKeyUsage.clientAuth]);
    expect(parsed.getExtension(x509.SubjectAlternativeNameExtension)!.names.toJSON()).toEqual([
      { type: "url", value: `urn:drawbridge:tenant:${tenantId}:device:${device.id}` },
    ]);
    const serverKey = await tlsCryptV2Key({ tx: database() as never });
    expect(readClientKey(serverKey, first.tlsCryptV2Key)).toEqual({ label: device.id });
    const prints = [first, second].map(({ certificate }) => fingerprintOf(certificate));
    expect(await publishedFingerprints(device.id, "device")).toEqual(prints.toSorted());
    const listed = await inTenant(system, tenantId, (scope) => listDeviceCertificates(scope, device.id));
    const certificateId = listed.at(-1)!.id;
    const revoke = () =>
      inTenant(system, tenantId, (scope) => revokeDeviceCertificate(scope, { deviceId: device.id, certificateId }));
    await revoke();
    expect(await publishedFingerprints(device.id, "device")).toEqual([prints[1]]);
    await expect(revoke()).rejects.toMatchObject({ code: "not_found" });
    await expect(certify(device.id, "CN=control-plane")).rejects.toMatchObject({ field: "csr" });
  });

  test("that is reached by its network gets none", async () => {
    const { device } = await add("Pump", "routed", "10.3.0.9");
    await expect(certify(device.id)).rejects.toMatchObject({ code: "invalid", field: "deviceId" });
  });
});

async function addAccount(email: string, address: string, mustChangePassword = false): Promise<string> {
  const { id } = await inTenant(system, tenantId, ({ tx }) =>
    tx.account.create({
      data: { tenantId, name: email, email, address, passwordHash: "$argon2id$x", mustChangePassword },
    }),
  );
  return id;
}

function issue(csr: string, id = accountId) {
  return inTenant(system, tenantId, (scope) => issueCertificate(scope, { accountId: id, csr }));
}

async function requestOf({
  name = "",
  algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as object,
  extensions = [] as x509.Extension[],
}): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(algorithm as never, true, ["sign", "verify"])) as CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name, keys, signingAlgorithm: algorithm as never, extensions },
    webcrypto as Crypto,
  );
  return request.toString("pem");
}

async function publishedFingerprints(id = accountId, kind: "account" | "device" = "account"): Promise<string[]> {
  const entry = await inTenant(system, tenantId, ({ tx }) =>
    tx.documentEntry.findUniqueOrThrow({ where: { tenantId_kind_id: { tenantId, kind, id } } }),
  );
  return (entry.value as { fingerprints: string[] }).fingerprints;
}
