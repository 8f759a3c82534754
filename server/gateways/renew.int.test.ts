import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createEnrolledGateway, createRegion } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import { createSigningRequest } from "@/gateway/state/der";
import { startTestAgent } from "@/gateway/testing/start-test-agent";
import { gatewayTrust, issueGatewayCertificate } from "../certificates/certificates";
import { closeDatabase, database, inTenant, inTransaction, nilTenant, system } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections, getState } from "./client";
import { renewCertificate } from "./renew";
import { sweepGateway } from "./sweep";

/** Backdated by five minutes, so that this is the last fifteenth of its life. */
const nearlyOver = 20_000;
const day = 86_400_000;
const log = createLog("test");
let dropDatabase: () => Promise<void>;
let regionId: string;
let gateway: TestGateway;

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  regionId = await createRegion("Renewal");
});
beforeEach(async () => {
  gateway = await createEnrolledGateway("renewal", regionId);
  await renewCertificate({ id: gateway.gatewayId }, log, nearlyOver);
});
afterEach(() => gateway.stop());
afterAll(async () => {
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("a gateway's certificate", () => {
  test("that is about to end is renewed by the sweep, with another key, and audited", async () => {
    const before = gateway.certificate;
    await sweep();
    const after = gateway.certificate;
    expect(after.subject).toBe(before.subject);
    expect(after.publicKey.equals(before.publicKey)).toBe(false);
    const { fingerprint, nextFingerprint, certificateNotAfter } = await row();
    expect({ fingerprint, nextFingerprint }).toEqual({ fingerprint: shown(), nextFingerprint: null });
    expect(certificateNotAfter!.getTime() - Date.now()).toBeGreaterThan(89 * day);
    expect(await lastAudit()).toMatchObject({
      details: { before: fingerprintOf(before), fingerprint, notAfter: certificateNotAfter!.toISOString() },
    });
  });

  test("that has more than a third of its life left is left alone", async () => {
    await sweep();
    const fingerprint = shown();
    await sweep();
    expect(shown()).toBe(fingerprint);
  });

  test("that the gateway did not take goes on being believed, and is renewed by the next sweep", async () => {
    const before = shown();
    onPut(() => ({ status: 500, body: { error: { code: "internal", message: "killed" } } }));
    await expect(renew()).rejects.toThrow("killed");
    expect(await row()).toMatchObject({ fingerprint: before, nextFingerprint: expect.any(String) });
    expect((await getState(await row())).gatewayId).toBe(gateway.gatewayId);
    gateway.intercept = () => undefined;
    await sweep();
    expect(await row()).toMatchObject({ fingerprint: shown(), nextFingerprint: null });
    expect(shown()).not.toBe(before);
  });

  test("that it took just before we were killed is believed, and seen through without another", async () => {
    // It takes it, and the answer does not reach us.
    gateway.afterwards = ({ method, path }) =>
      method === "PUT" && path === "/v1/certificate"
        ? { status: 500, body: { error: { code: "internal", message: "lost" } } }
        : undefined;
    const before = await row();
    await expect(renew()).rejects.toThrow("lost");
    const taken = shown();
    expect(await row()).toMatchObject({ fingerprint: before.fingerprint, nextFingerprint: taken });
    gateway.afterwards = () => undefined;
    closeGatewayConnections();
    gateway.requests.splice(0);
    await sweep();
    expect(await row()).toMatchObject({ fingerprint: taken, nextFingerprint: null });
    expect(gateway.requests).not.toContain("POST /v1/certificate/request");
  });

  test("is known by what it shows: one from before the renewal is not believed any more", async () => {
    const putBack = gateway.copyIdentity();
    await sweep();
    await putBack();
    closeGatewayConnections();
    await expect(getState(await row())).rejects.toMatchObject({
      kind: "untrusted",
      message: expect.stringContaining("enrol it again"),
    });
  });

  test("is renewed by one worker at a time", async () => {
    const outcomes = await Promise.all([1, 2, 3].map(renew));
    expect(outcomes.filter(Boolean).length).toBeGreaterThanOrEqual(1);
    expect(await row()).toMatchObject({ fingerprint: shown(), nextFingerprint: null });
  });
});

describe("the agent itself", () => {
  test("with a certificate that is nearly over is renewed by the sweep, and known again after its restart", async () => {
    const id = randomUUID();
    const stateDir = await mkdtemp(join(tmpdir(), "gw-renew-"));
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const enrolled = await inTransaction(system, {}, async (scope) => {
      const csr = createSigningRequest(privateKey, `gateway.${id}`);
      const leaf = await issueGatewayCertificate(scope, id, csr, nearlyOver);
      return { leaf, gatewayCa: (await gatewayTrust(scope)).gatewayCa };
    });
    const { leaf, gatewayCa } = enrolled;
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    await mkdir(join(stateDir, "identity"));
    await writeFile(
      join(stateDir, "identity/enrolled.json"),
      JSON.stringify({ gatewayId: id, certificate: leaf.pem, gatewayCa, key }),
    );
    let running = await startTestAgent(stateDir, 0);
    await database().gateway.create({
      data: {
        ...{ id, regionId, name: `agent-${id.slice(0, 8)}`, apiHost: "127.0.0.1", apiPort: running.port },
        ...{ publicHost: "127.0.0.1", processes: [], enrolledAt: new Date() },
        ...{ fingerprint: leaf.fingerprint, certificateNotAfter: leaf.notAfter, configVersion: 0 },
      },
    });
    const here = () => database().gateway.findUniqueOrThrow({ where: { id } });
    await sweepGateway(await here(), log);
    const after = await here();
    expect(after.certificateNotAfter!.getTime() - Date.now()).toBeGreaterThan(89 * day);
    expect(after.fingerprint).not.toBe(leaf.fingerprint);
    await running.close();
    running = await startTestAgent(stateDir, running.port);
    closeGatewayConnections();
    expect((await getState(await here())).gatewayId).toBe(id);
    await running.close();
    await rm(stateDir, { recursive: true });
  });
});

const row = () => database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } });
const renew = () => renewCertificate({ id: gateway.gatewayId }, log);
const sweep = async () => sweepGateway(await row(), log);
const fingerprintOf = ({ fingerprint256 }: { fingerprint256: string }) =>
  fingerprint256.replaceAll(":", "").toLowerCase();
const shown = () => fingerprintOf(gateway.certificate);

function onPut(answer: () => ReturnType<TestGateway["intercept"]>): void {
  gateway.intercept = ({ method, path }) => (method === "PUT" && path === "/v1/certificate" ? answer() : undefined);
}

const lastAudit = () =>
  inTenant(system, nilTenant, ({ tx }) =>
    tx.auditEntry.findFirst({ where: { action: "gateways.renew_certificate" }, orderBy: { sequence: "desc" } }),
  );
