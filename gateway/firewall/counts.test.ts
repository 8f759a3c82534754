import { describe, expect, it } from "vitest";
import type { Spool } from "../ledger/spool";
import { createLog } from "../log";
import { emptyDocument, putEntry, type TenantDocument } from "../protocol/document";
import { type EventBody, maxRuleUses } from "../protocol/events";
import { plainTenant } from "../testing/values";
import { policyName } from "./compile";
import { counterName } from "./compile-rules";
import { parseCounts, startCounting, usesOf } from "./counts";

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const ruleOf = (port: number | null) => ({ protocol: "tcp" as const, from: port, to: port });
const count = (tenant: number, policy: number, port: number | null = null) => ({
  ...{ name: counterName(policyName(tenant, id(policy)), ruleOf(port)), bytes: 100, packets: 2 },
});
const use = (policy: number, port: number | null = null) => ({
  ...{ policyId: id(policy), rule: ruleOf(port), bytes: 100, packets: 2 },
});

function tenant(number: number): TenantDocument {
  const document = emptyDocument(id(number));
  const value = { ...plainTenant, number, name: `tenant ${number}`, state: "active" as const, blocks: [] };
  putEntry(document, { kind: "tenant", id: document.tenantId, value });
  return document;
}

describe("what policies let through", () => {
  it("is read from what nft prints, without what let nothing through", () => {
    const counter = { family: "inet", table: "drawbridge", handle: 3, ...count(1, 7) };
    const idle = { ...counter, name: count(1, 8).name, bytes: 0, packets: 0 };
    const json = JSON.stringify({ nftables: [{ metainfo: {} }, { counter }, { counter: idle }] });
    expect(parseCounts(json)).toEqual([count(1, 7)]);
  });

  it("is told by tenant, policy and rule, without tenants that are gone and counters that are no rule's", () => {
    const counts = [count(1, 7, 22), count(2, 7), count(1, 8), count(1, 7, 80), count(3, 7), { ...count(1, 7), name: "other" }]; // biome-ignore format: one line
    expect(usesOf(counts, [tenant(1), tenant(2)])).toEqual([
      [
        {
          ...{ tenantId: id(1), policyIds: [id(7), id(8)], bytes: [200, 100], packets: [4, 2] },
          rules: [use(7, 22), use(8), use(7, 80)],
        },
        { tenantId: id(2), policyIds: [id(7)], bytes: [100], packets: [2], rules: [use(7)] },
      ],
    ]);
  });

  it("is told in events of bounded size, and by none where there is nothing to tell", () => {
    const counts = Array.from({ length: maxRuleUses + 1 }, (_, n) => count(1, n));
    const sizes = usesOf(counts, [tenant(1)]).map(([use]) => use!.rules!.length);
    expect(sizes).toEqual([maxRuleUses, 1]);
    expect(usesOf([], [tenant(1)])).toEqual([]);
  });

  it("goes on to be told after the kernel could not be read once", async () => {
    const told: EventBody[] = [];
    const answers = [() => Promise.reject(new Error("nft is not there")), async () => [count(1, 7)]];
    const counting = startCounting({
      firewall: { takeCounts: () => answers.shift()!(), takeRefused: async () => [] },
      documents: () => [tenant(1)],
      addressBook: { findSender: () => undefined, findDevice: () => undefined },
      spool: { append: (body: EventBody) => void told.push(body) } as Spool,
      log: createLog("silent", "json"),
      everyMs: 3_600_000,
    });
    await counting.tell();
    expect(told).toEqual([]);
    await counting.tell();
    expect(told).toEqual([
      { type: "used", tenants: [{ tenantId: id(1), policyIds: [id(7)], bytes: [100], packets: [2], rules: [use(7)] }] },
    ]);
    counting.close();
  });
});
