import { beforeEach, describe, expect, it } from "vitest";
import { type Entry, emptyDocument, putEntry, type TenantDocument } from "../protocol/document";
import type { EntryChange } from "../state/entry-change";
import { plainAccount, plainTenant } from "../testing/values";
import { createFirewall, type Firewall } from "./firewall";
import { Routes } from "./routes";

const gatewayId = "00000000-0000-4000-8000-0000000000ff";
const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

let documents: TenantDocument[];
let lines: string[];
let firewall: Firewall;

beforeEach(() => {
  documents = [tenant(1), tenant(2)];
  lines = [];
  firewall = createFirewall({
    gatewayId,
    nft: {
      apply: async (some) => void lines.push(...some),
      read: async () => "",
      list: async () => "",
      listElements: async () => '{"nftables":[]}',
      close: () => {},
    },
    routes: new Routes(gatewayId, { run: async () => "", close: () => {} }, async () => ({
      rules: new Set(),
      routes: new Map(),
      tunnels: new Map(),
    })),
    documents: () => documents,
  });
});

function tenant(number: number): TenantDocument {
  const document = emptyDocument(id(number));
  putEntry(document, {
    kind: "tenant",
    id: document.tenantId,
    value: { ...plainTenant, number, name: `tenant ${number}`, state: "active", blocks: [`100.64.${number}.0/24`] },
  });
  return document;
}

const account = (number: number, state: "active" | "revoked") => ({
  ...{ ...plainAccount, name: "person", state, reason: null, address: `100.64.${number}.9` },
  ...{ passwordHash: null, mustChangePassword: false, fingerprints: [], policies: [id(99)] },
});

/** As the documents' store does it: memory first, and in the same turn the firewall is told. */
function change(document: TenantDocument, after: ReturnType<typeof account>): Promise<void> {
  const before = document.accounts.get(id(50)) ?? null;
  putEntry(document, { kind: "account", id: id(50), value: after } as Entry);
  return firewall.change(document, [{ kind: "account", id: id(50), before, after } as EntryChange], () => {});
}

const elements = (verb: string, address: string) =>
  lines.filter((line) => line.startsWith(`${verb} element inet drawbridge people`) && line.includes(address));

describe("a change that comes while everything is written anew", () => {
  it("is written once, whether its tenant had its turn already or not, and can be taken away again", async () => {
    const loading = firewall.load("100.64.0.0/10");
    // By then the first tenant has been compiled, and the second has not.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([loading, ...documents.map((document, n) => change(document, account(n + 1, "active")))]);
    const written = (verb: string) => [1, 2].map((number) => elements(verb, `100.64.${number}.9`).length);
    expect([written("add"), written("delete")]).toEqual([[1, 1], [0, 0]]); // biome-ignore format: a table
    await Promise.all(documents.map((document, n) => change(document, account(n + 1, "revoked"))));
    expect([written("add"), written("delete")]).toEqual([[1, 1], [1, 1]]); // biome-ignore format: a table
  });
});
