/** What integration tests of gateways and sessions begin with: a region, gateways that answer, a tenant with an account. */
import { randomUUID } from "node:crypto";
import { plainAccount, plainDevice, plainTenant } from "@/gateway/testing/values";
import { ensureAuthorities, fingerprintOf } from "../../server/certificates/authority";
import { gatewayTrust, issueGatewayCertificate } from "../../server/certificates/certificates";
import { bind, database, inTenant, inTransaction, system } from "../../server/core/db";
import { publish } from "../../server/revisions/revisions";
import { TestGateway } from "./test-gateway";

export async function createRegion(name: string): Promise<string> {
  const code = `${name.toLowerCase().replace(/[^a-z0-9]/g, "-")}-${randomUUID().slice(0, 8)}`;
  return (await database().region.create({ data: { code, name } })).id;
}

/** A gateway in the database and one that answers, enrolled with each other. */
export async function createEnrolledGateway(name: string, regionId: string): Promise<TestGateway> {
  await ensureAuthorities();
  const id = randomUUID();
  const gateway = await TestGateway.enrolled(id, (csr) =>
    inTransaction(system, {}, async (scope) => ({
      certificate: (await issueGatewayCertificate(scope, id, csr)).pem,
      gatewayCa: (await gatewayTrust(scope)).gatewayCa,
    })),
  );
  await database().gateway.create({
    data: {
      ...{ id, regionId, name: `${name}-${id.slice(0, 8)}`, apiHost: "127.0.0.1", apiPort: gateway.port },
      ...{
        publicHost: "127.0.0.1",
        processes: [{ name: "udp-1194", protocol: "udp", port: 1194 }],
        enrolledAt: new Date(),
        fingerprint: fingerprintOf(gateway.certificate.toString()),
      },
    },
  });
  return gateway;
}

/** A tenant at revision 1: its own entry and one account's. */
export async function createTenant(name: string): Promise<{ tenantId: string; accountId: string }> {
  const slug = `${name}-${randomUUID().slice(0, 8)}`;
  const plan = await database().plan.create({
    data: { name: slug, maxAccounts: 100, maxDevices: 100, monthlyPrice: 0 },
  });
  const tenantId = randomUUID();
  return inTransaction(system, {}, async (scope) => {
    await bind(scope.tx, { tenantId });
    const tenant = await scope.tx.tenant.create({ data: { id: tenantId, slug, name, planId: plan.id } });
    const account = await scope.tx.account.create({
      data: {
        tenantId,
        name: "Dana Fox",
        email: "dana@example.test",
        address: randomAddress(),
        passwordHash: "$argon2id$x",
      },
    });
    await publish(
      { ...scope, tenantId },
      [
        {
          kind: "tenant",
          id: tenantId,
          value: { ...plainTenant, number: tenant.number, name, state: "active", blocks: [] },
        },
        {
          kind: "account",
          id: account.id,
          value: {
            ...plainAccount,
            ...{ name: account.name, state: "active", reason: null, address: "100.70.0.1", passwordHash: null },
            ...{ mustChangePassword: false, fingerprints: [], policies: [] },
          },
        },
      ],
      { summary: `created ${name}`, subject: { kind: "tenant", id: tenantId } },
    );
    return { tenantId, accountId: account.id };
  });
}

/** Raises the tenant's revision by one. */
export async function change(tenantId: string, summary: string, deviceId = randomUUID()): Promise<number> {
  return inTenant(system, tenantId, (scope) =>
    publish(
      scope,
      [{ kind: "device", id: deviceId, value: { ...plainDevice, name: summary, address: "10.0.0.10", groups: [] } }],
      {
        summary,
        subject: { kind: "device", id: deviceId },
      },
    ),
  );
}

/** None that the platform gives to anybody; test files run at once in one database. */
export function randomAddress(): string {
  const octet = () => Math.floor(Math.random() * 254) + 1;
  return `10.${octet()}.${octet()}.${octet()}`;
}

/** Waits for the thing itself. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
