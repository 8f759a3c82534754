import { afterAll, beforeAll, expect, test } from "vitest";
import { createSigningRequest } from "@/app/_profile/signing-request";
import { createEnrolledGateway, createRegion, createTenant } from "@/e2e/support/scene";
import { closeDatabase, database, inTenant, system } from "../core/db";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections } from "../gateways/client";
import { configure } from "../gateways/config";
import { ensureAuthorities } from "./authority";
import { issueCertificate } from "./certificates";

beforeAll(async () => {
  process.env.OLD_CLIENTS_PORT = "1196";
  await ensureAuthorities();
});
afterAll(async () => {
  closeGatewayConnections();
  await closeQueues();
  await closeDatabase();
});

test("a profile for an old client has the key that gateways are told, and leads to its port at each of them", async () => {
  const gateway = await createEnrolledGateway("old-clients", await createRegion("Old clients"));
  const { tenantId, accountId } = await createTenant("old-clients");
  await inTenant(system, tenantId, ({ tx }) => tx.account.updateMany({ data: { mustChangePassword: false } }));
  await configure(await database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } }));
  const { request: csr } = await createSigningRequest(accountId);
  const issue = (isForOldClient: boolean) =>
    inTenant(system, tenantId, (scope) => issueCertificate(scope, { accountId, csr, isForOldClient }));
  const old = await issue(true);
  expect(gateway.config?.oldClients).toEqual({ port: 1196, tlsCryptKey: old.tlsCryptKey });
  expect(old.fileName).toMatch(/-openvpn-2-4\.ovpn$/);
  expect(old.remotes.map(({ protocol, port }) => `${protocol} ${port}`)).toEqual(
    expect.arrayContaining(["udp 1196", "tcp 1196"]),
  );
  expect(old.remotes.every(({ port }) => port === 1196)).toBe(true);
  expect((await issue(false)).tlsCryptKey).toBeNull();
  await gateway.stop();
});
