import { webcrypto } from "node:crypto";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accountPrincipal, callAs, createTenantWithAdmin, unique } from "@/e2e/support/principals";
import { createEnrolledGateway, createRegion } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import { closeDatabase, inTenant, inTransaction, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections } from "../gateways/client";
import { collectFrom } from "../gateways/collect";
import { fingerprintOf } from "./authority";
import { remindOfEnds } from "./reminders";
import { retireRenewed } from "./renewal";

const day = 86_400_000;
let dropDatabase: () => Promise<void>;
let gateway: TestGateway;
let tenantId: string;
let admin: ReturnType<typeof callAs>;
let adminEmail: string;
let accountId: string;
let email: string;
let portal: ReturnType<typeof callAs>;

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  gateway = await createEnrolledGateway("renewal", await createRegion("Renewal"));
  const tenant = await createTenantWithAdmin();
  tenantId = tenant.tenantId;
  admin = callAs(tenant.admin);
  adminEmail = tenant.admin.email;
});
beforeEach(async () => {
  email = `${unique("dana")}@renewal.test`;
  ({ id: accountId } = (await admin.accounts.create({ tenantId, name: "Dana Fox", email })).account);
  portal = callAs(await accountPrincipal(tenantId, accountId));
});
afterAll(async () => {
  await gateway.stop();
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("a renewed profile", () => {
  test("leaves the old one working until the new one has connected, and address and policies as they were", async () => {
    const old = await issue();
    const before = await published();
    const renewed = await issue(old.id);
    expect(await published()).toEqual({ ...before, fingerprints: [old.fingerprint, renewed.fingerprint].sort() });
    await connect(old.fingerprint);
    expect((await published()).fingerprints).toHaveLength(2);
    await connect(renewed.fingerprint);
    expect(await published()).toEqual({ ...before, fingerprints: [renewed.fingerprint] });
    const [entry] = (await admin.audit.list({ tenantId, search: "certificates.retire" })).rows;
    expect(entry).toMatchObject({ subject: { id: accountId }, details: { renewedBy: renewed.id } });
    const certificates = (await portal.portal.profile()).certificates;
    expect(certificates.find(({ id }) => id === old.id)).toMatchObject({ revoked: true });
    expect(certificates.find(({ id }) => id === renewed.id)).toMatchObject({ revoked: false, isUsed: true });
  });

  test("is found to have connected also when the workers were killed just after they wrote it down", async () => {
    const old = await issue();
    const renewed = await issue(old.id);
    await putSession(renewed.fingerprint);
    await retireRenewed();
    await retireRenewed();
    expect((await published()).fingerprints).toEqual([renewed.fingerprint]);
  });

  test("that was lost before it connected is void once it is renewed again, by whichever name", async () => {
    const old = await issue();
    const lost = await issue(old.id);
    const second = await issue(old.id);
    expect((await published()).fingerprints).toEqual([old.fingerprint, second.fingerprint].sort());
    const third = await issue(second.id);
    expect((await published()).fingerprints).toEqual([old.fingerprint, third.fingerprint].sort());
    await putSession(third.fingerprint);
    await retireRenewed([third.fingerprint]);
    expect((await published()).fingerprints).toEqual([third.fingerprint]);
    expect((await published()).fingerprints).not.toContain(lost.fingerprint);
  });

  test("drops no other of as many as one may have", async () => {
    const all = [];
    for (let n = 0; n < 5; n++) all.push(await issue());
    const renewed = await issue(all[0]!.id);
    expect((await published()).fingerprints).toEqual([...all, renewed].map(({ fingerprint }) => fingerprint).sort());
  });

  test("is not to be had for somebody else's, or for one that works no longer", async () => {
    const own = await issue();
    const { id } = (await admin.accounts.create({ tenantId, name: "Eve", email: `${unique("eve")}@renewal.test` }))
      .account;
    const eve = callAs(await accountPrincipal(tenantId, id));
    const csr = await createRequest();
    await expect(eve.certificates.issue({ csr, renews: own.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const renewed = await issue(own.id);
    await connect(renewed.fingerprint);
    await expect(issue(own.id)).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("a device's renewed profile", () => {
  let deviceId: string;
  beforeEach(async () => {
    const { group } = await admin.devices.createGroup({ tenantId, name: unique("Cranes") });
    const input = { tenantId, name: unique("Crane"), attachment: "openvpn" as const, groupIds: [group.id] };
    deviceId = (await admin.devices.create(input)).device.id;
  });

  const issueToDevice = async (renews?: string, to = deviceId) => {
    const csr = await createRequest();
    return found(await admin.certificates.issueToDevice({ tenantId, deviceId: to, csr, renews }));
  };

  test("leaves the old one working until the new one has connected, and address and groups as they were", async () => {
    const old = await issueToDevice();
    const before = await published("device", deviceId);
    const renewed = await issueToDevice(old.id);
    const both = { ...before, fingerprints: [old.fingerprint, renewed.fingerprint].sort() };
    expect(await published("device", deviceId)).toEqual(both);
    await connect(old.fingerprint, { deviceId });
    expect(await published("device", deviceId), "the old one goes on connecting").toEqual(both);
    await connect(renewed.fingerprint, { deviceId });
    expect(await published("device", deviceId)).toEqual({ ...before, fingerprints: [renewed.fingerprint] });
    const [entry] = (
      await admin.audit.list({ tenantId, action: "certificates.retire", subjectId: deviceId, order: "desc" })
    ).rows;
    expect(entry).toMatchObject({ subject: { kind: "device" }, details: { renewedBy: renewed.id } });
    expect(await admin.certificates.listOfDevice({ tenantId, deviceId })).toMatchObject([
      { id: renewed.id, replaces: old.id, revokedAt: null },
      { id: old.id, replaces: null, revokedAt: expect.any(Date) },
    ]);
  });

  test("is asked of the tenant's admins, once, when the one in use is about to end", async () => {
    const { id, fingerprint } = await issueToDevice();
    await connect(fingerprint, { deviceId });
    await endIn(id, 13);
    await remindOfEnds();
    await remindOfEnds();
    const told = await inTransaction(system, { isWorker: true }, ({ tx }) =>
      tx.mail.findMany({ where: { text: { contains: `/devices?panel=${deviceId}` } } }),
    );
    expect(told.map(({ recipient }) => recipient)).toEqual([adminEmail]);
  });

  test("that never reached the device is void once it is renewed again; another device's is not to be had", async () => {
    const old = await issueToDevice();
    await issueToDevice(old.id);
    const second = await issueToDevice(old.id);
    expect((await published("device", deviceId)).fingerprints).toEqual([old.fingerprint, second.fingerprint].sort());
    const { device } = await admin.devices.create({ tenantId, name: unique("Hoist"), attachment: "openvpn" });
    await expect(issueToDevice(old.id, device.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("whose profile is in use and about to end", () => {
  test("is told by mail, once", async () => {
    const { id, fingerprint } = await issue();
    await putSession(fingerprint);
    await remindOfEnds();
    expect(await mails()).toEqual([]);
    await endIn(id, 13);
    await remindOfEnds();
    await remindOfEnds();
    expect(await mails()).toEqual([expect.stringContaining("/portal")]);
  });

  test("and has renewed it already, or never used it, or was revoked, is left in peace", async () => {
    const renewed = await issue();
    await putSession(renewed.fingerprint);
    await issue(renewed.id);
    await endIn(renewed.id, 13);
    const unused = await issue();
    await endIn(unused.id, 13);
    await remindOfEnds();
    const used = await issue();
    await putSession(used.fingerprint);
    await endIn(used.id, 13);
    await admin.accounts.revoke({ tenantId, accountId, reason: "left the company" });
    await remindOfEnds();
    expect(await mails()).toEqual([]);
  });
});

async function issue(renews?: string): Promise<{ id: string; fingerprint: string }> {
  return found(await portal.certificates.issue({ csr: await createRequest(), renews }));
}

async function found({ certificate }: { certificate: string }): Promise<{ id: string; fingerprint: string }> {
  const fingerprint = fingerprintOf(certificate);
  const { id } = await inTenant(system, tenantId, ({ tx }) =>
    tx.certificate.findFirstOrThrow({ where: { tenantId, fingerprint } }),
  );
  return { id, fingerprint };
}

async function createRequest(): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const made = { name: "", keys, signingAlgorithm: algorithm };
  return (await x509.Pkcs10CertificateRequestGenerator.create(made, webcrypto as Crypto)).toString("pem");
}

async function published(kind = "account", id = accountId): Promise<{ fingerprints: string[] }> {
  const entry = await inTenant(system, tenantId, ({ tx }) =>
    tx.documentEntry.findUniqueOrThrow({ where: { tenantId_kind_id: { tenantId, kind, id } } }),
  );
  return entry.value as { fingerprints: string[] };
}

/** As the gateway tells it, and the collector commits it. */
async function connect(fingerprint: string, { deviceId }: { deviceId?: string } = {}): Promise<void> {
  const event = gateway.append({
    ...{
      type: "connected",
      sessionId: crypto.randomUUID(),
      tenantId,
      accountId: deviceId ? null : accountId,
      deviceId,
      connectedAt: new Date().toISOString(),
    },
    ...{ processBoot: "b", clientId: gateway.events.length, process: "udp-1194", realAddress: "192.0.2.7:1" },
    ...{ vpnAddress: "100.70.0.1", fingerprint, clientVersion: null, platform: null, cipher: null },
  });
  const stop = new AbortController();
  const collecting = collectFrom(gateway.gatewayId, stop.signal, createLog("test"));
  // What comes after is asked for once what came before is committed and looked at.
  await new Promise<void>((resolve) => {
    gateway.intercept = ({ path }) => {
      if (path.includes(`after=${event.sequence}&`)) resolve();
      return undefined;
    };
  });
  stop.abort();
  await collecting.catch(() => {});
}

async function putSession(fingerprint: string): Promise<void> {
  const now = new Date();
  await inTenant(system, tenantId, ({ tx }) =>
    tx.session.create({
      data: {
        ...{
          tenantId,
          id: crypto.randomUUID(),
          connectedAt: now,
          gatewayId: gateway.gatewayId,
          accountId,
          fingerprint,
        },
        ...{ process: "udp-1194", processBoot: "b", clientId: 1, realAddress: "192.0.2.7:1" },
        ...{ vpnAddress: "100.70.0.1", bytesAt: now },
      },
    }),
  );
}

const endIn = (id: string, days: number) =>
  inTenant(system, tenantId, ({ tx }) =>
    tx.certificate.update({
      where: { tenantId_id: { tenantId, id } },
      data: { notAfter: new Date(Date.now() + days * day) },
    }),
  );

const mails = async () => {
  const found = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.findMany({ where: { recipient: email, subject: { contains: "ends on" } } }),
  );
  return found.map(({ text }) => text);
};
