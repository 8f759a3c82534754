import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMetrics } from "../../gateway/operations/metrics";
import { registry } from "../../server/core/metrics";
import { tellOfGateways } from "../../server/gateways/metrics";
import "../../workers/metrics";

const alerts = readFileSync("deploy/prometheus/alerts.yaml", "utf8");

describe("what Prometheus is told", () => {
  test("has every metric that an alert asks for", async () => {
    tellOfGateways();
    const agent = [...(await createMetrics().text()).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!);
    const told = new Set([...agent, ...registry.getMetricsAsArray().map(({ name }) => name)]);
    const asked = [...alerts.matchAll(/drawbridge_\w+/g)].map(([name]) => name.replace(/_bucket$/, ""));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !told.has(name))).toEqual([]);
  });

  test("has no label of Prometheus's own, which it would give another name", () => {
    const metrics = registry.getMetricsAsArray() as unknown as { labelNames: string[] }[];
    const labels = metrics.flatMap(({ labelNames }) => labelNames);
    expect(labels).toContain("gateway");
    expect(labels.filter((label) => ["job", "instance"].includes(label))).toEqual([]);
  });
});
