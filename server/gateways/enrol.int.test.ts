import { X509Certificate as NodeCertificate } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createEnrolledGateway, createRegion, until } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import { TestGateway } from "@/e2e/support/test-gateway";
import { formatToken, parseToken } from "@/gateway/protocol/enrolment";
import { ensureAuthorities } from "../certificates/authority";
import { closeDatabase, database, inTransaction, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections, getState } from "./client";
import { enrolGateway } from "./enrol";
import { createGateway, getGateway, renewToken, retireGateway } from "./gateways";

let dropDatabase: () => Promise<void>;
let regionId: string;
const started: TestGateway[] = [];

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  await ensureAuthorities();
  regionId = await createRegion("Enrolment");
});
afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.stop();
  await database().gateway.updateMany({ where: { regionId }, data: { enrolledAt: null, sealedToken: null } });
});
afterAll(async () => {
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

describe("enrolment", () => {
  test("a gateway with the token gets its certificate and its configuration", async () => {
    const { token, gatewayId } = await describeGateway("enrol-1");
    const gateway = await waiting(token);
    expect(await enrolGateway(gatewayId)).toBe(true);
    const row = await database().gateway.findUniqueOrThrow({ where: { id: gatewayId } });
    expect(row).toMatchObject({
      sealedToken: null,
      tokenExpiresAt: null,
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(row.enrolledAt).toBeInstanceOf(Date);
    expect(gateway.config).toMatchObject({ version: 1, rangeAddress: "100.64.0.1", range: "100.64.0.0/10" });
    expect(new NodeCertificate(gateway.config!.clientCa).subject).toBe("CN=Drawbridge client CA");
    expect(gateway.config!.tlsCryptV2Key).toContain("tls-crypt-v2 server key");
    expect((await getState(row)).gatewayId).toBe(gatewayId);
  });

  test("a gateway is linked at once with those that are there already", async () => {
    const there = await createEnrolledGateway("there", regionId);
    started.push(there);
    const { token, gatewayId } = await describeGateway("enrol-linked");
    const gateway = await waiting(token);
    await enrolGateway(gatewayId);
    expect(gateway.config!.links!.map(({ peer }) => peer)).toContain(there.gatewayId);
  });

  test("a token that was used enrols nobody again", async () => {
    const { token, gatewayId } = await describeGateway("enrol-2");
    const first = await waiting(token);
    await enrolGateway(gatewayId);
    await first.stop();
    const second = await waiting(token, first.port);
    expect(await enrolGateway(gatewayId)).toBe(false);
    expect(second.requests).toEqual([]);
  });

  test("an expired token enrols nobody", async () => {
    const { token, gatewayId } = await describeGateway("enrol-3");
    const gateway = await waiting(token);
    const later = new Date(Date.now() + 2 * 60 * 60_000);
    expect(await enrolGateway(gatewayId, later)).toBe(false);
    expect(gateway.requests).toEqual([]);
  });

  test("a token that was renewed voids the one before", async () => {
    const { token, gatewayId } = await describeGateway("enrol-4");
    const gateway = await waiting(token);
    await asStaff((scope) => renewToken(scope, gatewayId));
    await expect(enrolGateway(gatewayId)).rejects.toMatchObject({ kind: "untrusted" });
    expect(gateway.requests).not.toContain("POST /v1/enrol/certificate");
  });

  test("whoever answers without the token's secret is granted nothing", async () => {
    const { token, gatewayId } = await describeGateway("enrol-5");
    const forged = formatToken({ ...parseToken(token), secret: "0".repeat(64) });
    const impostor = await waiting(forged);
    await expect(enrolGateway(gatewayId)).rejects.toMatchObject({
      kind: "untrusted",
      message: expect.stringContaining("does not hold this gateway's enrolment token"),
    });
    expect(impostor.requests).toEqual(["POST /v1/enrol/request"]);
    const row = await asStaff((scope) => getGateway(scope, gatewayId));
    expect(row.notes[0]).toContain("does not hold this gateway's enrolment token");
  });

  test("an answer that was relayed from behind another certificate is not believed", async () => {
    const { token, gatewayId } = await describeGateway("enrol-6");
    const real = await waiting(token);
    const realPort = real.port;
    // Sits between: asks the real one, and answers what that answered under a certificate of its own.
    const between = await waiting(token);
    between.intercept = async ({ path, body }) => {
      const { request } = await import("node:https");
      return new Promise((resolve, reject) => {
        const sent = request({ port: realPort, host: "127.0.0.1", path, method: "POST", rejectUnauthorized: false });
        sent.once("error", reject);
        sent.once("response", async (response) => {
          let text = "";
          for await (const chunk of response) text += chunk;
          resolve({ status: response.statusCode!, body: text });
        });
        sent.end(JSON.stringify(body));
      });
    };
    await database().gateway.update({ where: { id: gatewayId }, data: { apiPort: between.port } });
    await expect(enrolGateway(gatewayId)).rejects.toMatchObject({ kind: "untrusted" });
    expect(real.requests).toEqual(["POST /v1/enrol/request"]);
  });

  test("a gateway that is not there yet is asked again later", async () => {
    const { gatewayId } = await describeGateway("enrol-7");
    await database().gateway.update({ where: { id: gatewayId }, data: { apiPort: 1 } });
    expect(await enrolGateway(gatewayId)).toBe(false);
    const row = await asStaff((scope) => getGateway(scope, gatewayId));
    expect(row).toMatchObject({ status: "awaiting_enrolment", tokenExpiresAt: expect.any(Date) });
  });

  test("killed between granting and writing it down, it finds the gateway enrolled", async () => {
    const { token, gatewayId } = await describeGateway("enrol-8");
    const gateway = await waiting(token);
    // It takes what it is granted, and we hear no more of it.
    gateway.afterwards = ({ path }) => (path === "/v1/enrol/certificate" ? { status: 500 } : undefined);
    await expect(enrolGateway(gatewayId)).rejects.toThrow();
    await until("it opens its API anew", async () => gateway.isEnrolled);
    expect(await enrolGateway(gatewayId)).toBe(true);
    const row = await database().gateway.findUniqueOrThrow({ where: { id: gatewayId } });
    expect(row).toMatchObject({ enrolledAt: expect.any(Date), grantedFingerprint: null });
  });

  test.each([
    ["retired", true],
    ["enrolled", false],
  ])(
    "a gateway that is %s is not enrolled again by the certificate from before, without its new token",
    async (_, isRetired) => {
      const gateway = await createEnrolledGateway("enrol-9", regionId);
      started.push(gateway);
      const { gatewayId } = gateway;
      if (isRetired) await asStaff((scope) => retireGateway(scope, gatewayId));
      await asStaff((scope) => renewToken(scope, gatewayId));
      expect(await enrolGateway(gatewayId)).toBe(false);
      const row = await database().gateway.findUniqueOrThrow({ where: { id: gatewayId } });
      expect(row.sealedToken).not.toBeNull();
      expect(gateway.config).toBeUndefined();
    },
  );

  test("a retired gateway's certificate is believed by no call", async () => {
    const gateway = await createEnrolledGateway("enrol-10", regionId);
    started.push(gateway);
    const { gatewayId } = gateway;
    const row = () => database().gateway.findUniqueOrThrow({ where: { id: gatewayId } });
    expect((await getState(await row())).gatewayId).toBe(gatewayId);
    await asStaff((scope) => retireGateway(scope, gatewayId));
    closeGatewayConnections();
    await expect(getState(await row())).rejects.toMatchObject({ kind: "untrusted" });
  });

  test("a token that became void while it was being used enrols nobody", async () => {
    const { token, gatewayId } = await describeGateway("enrol-11");
    const gateway = await waiting(token);
    gateway.intercept = async ({ path }) => {
      if (path === "/v1/enrol/certificate") await asStaff((scope) => retireGateway(scope, gatewayId));
      return undefined;
    };
    expect(await enrolGateway(gatewayId)).toBe(false);
    const row = await database().gateway.findUniqueOrThrow({ where: { id: gatewayId } });
    expect(row).toMatchObject({ enrolledAt: null, fingerprint: null, grantedFingerprint: null });
  });
});

const asStaff: <T>(work: Parameters<typeof inTransaction<T>>[2]) => Promise<T> = (work) =>
  inTransaction(system, { isStaff: true }, work);

async function describeGateway(name: string): Promise<{ token: string; gatewayId: string }> {
  return asStaff((scope) =>
    createGateway(scope, {
      ...{ name, regionId, apiHost: "127.0.0.1", apiPort: 9, publicHost: "127.0.0.1" },
      fronts: [],
      processes: [{ name: "udp-1194", protocol: "udp", port: 1194 }],
    }),
  );
}

async function waiting(token: string, port = 0): Promise<TestGateway> {
  const gateway = await TestGateway.waiting(token, port);
  started.push(gateway);
  const { gatewayId } = parseToken(token);
  await database().gateway.update({ where: { id: gatewayId }, data: { apiPort: gateway.port } });
  return gateway;
}
