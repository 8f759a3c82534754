/**
 * What Prometheus is told of this gateway. Labels are processes, codes and outcomes, which are few; never a tenant, an
 * account or an address, of which there is no end.
 */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Admission } from "../auth/admission";
import { clock } from "../clock";
import type { Nft } from "../firewall/nft";
import type { GatewayStateReply } from "../protocol/api";
import type { DisconnectCode } from "../protocol/events";
import type { Enforcer } from "../state/push";

export interface Metrics {
  readonly contentType: string;
  /** Prometheus' text format. */
  text(): Promise<string>;
  /** Where what is asked for at each scrape comes from; nothing of it is told before. */
  follow(state: () => GatewayStateReply): void;
  admitted(admission: Admission, tookMs: number): void;
  sessionEnded(code: DisconnectCode): void;
  /** The same, timed. */
  timeNft(nft: Nft): Nft;
  timeEnforcer(enforcer: Enforcer): Enforcer;
}

const day = 86_400_000;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  let state: (() => GatewayStateReply) | null = null;
  /** As it is at this scrape. */
  let now: GatewayStateReply | null = null;

  const gauge = (name: string, help: string, read: (state: GatewayStateReply) => number) =>
    new Gauge({
      name: `drawbridge_agent_${name}`,
      help,
      registers,
      collect() {
        if (now) this.set(read(now));
        // Not 0, which would be an answer.
        else this.remove();
      },
    });
  const eachProcess = (name: string, help: string, read: (one: GatewayStateReply["processes"][number]) => number) =>
    new Gauge({
      name: `drawbridge_agent_${name}`,
      help,
      labelNames: ["process"],
      registers,
      collect() {
        // A process that was taken out of the configuration is told of no more.
        this.reset();
        for (const process of now?.processes ?? []) this.set({ process: process.name }, read(process));
      },
    });
  eachProcess("sessions", "Sessions that are live", ({ sessions }) => sessions);
  eachProcess("process_up", "1 while openvpn runs and is heard", ({ status }) => (status === "running" ? 1 : 0));
  eachProcess("process_restarts", "How often openvpn ended by itself and was started again", (one) => one.restarts);
  new Gauge({
    name: "drawbridge_agent_link_up",
    help: "1 while the other gateway is heard over the link to it, which is told by its id",
    labelNames: ["peer"],
    registers,
    collect() {
      this.reset();
      for (const { peer, isUp } of now?.links ?? []) this.set({ peer }, isUp ? 1 : 0);
    },
  });
  gauge("spool_depth", "Events that wait for the control plane", ({ spooled }) => spooled);
  gauge(
    "certificate_days_left",
    "Days until this gateway's certificate ends",
    ({ certificateNotAfter }) => Math.round(((Date.parse(certificateNotAfter) - clock.ms()) / day) * 1000) / 1000,
  );
  gauge("connections", "Entries of the kernel's table of connections", (one) => one.connections?.entries ?? Number.NaN);
  gauge("connections_limit", "Entries that the table holds", (one) => one.connections?.limit ?? Number.NaN);
  gauge("tenants", "Tenants whose document is held", ({ revisions }) => Object.keys(revisions).length);
  gauge("warnings", "Warnings that stand, as its page in the console names them", ({ warnings }) => warnings.length);
  gauge("configuration_version", "Version of the configuration that is in force", ({ configVersion }) => configVersion);

  const admissions = new Counter({
    name: "drawbridge_agent_admissions_total",
    help: "Connections decided, by outcome: accepted, or the code of the refusal",
    labelNames: ["outcome"],
    registers,
  });
  const admissionSeconds = new Histogram({
    name: "drawbridge_agent_admission_seconds",
    help: "From a client's claim to the decision, its password checked",
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const ended = new Counter({
    name: "drawbridge_agent_sessions_ended_total",
    help: "Sessions that ended, by why",
    labelNames: ["code"],
    registers,
  });
  const nftSeconds = new Histogram({
    name: "drawbridge_agent_nft_seconds",
    help: "A transaction of nftables, from the command to the kernel's answer",
    labelNames: ["outcome"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30],
    registers,
  });
  const pushSeconds = new Histogram({
    name: "drawbridge_agent_push_seconds",
    help: "A push, from its body to rules in the kernel, sessions cut and the change on disk",
    labelNames: ["outcome"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
    registers,
  });

  return {
    contentType: registry.contentType,
    text() {
      now = state?.() ?? null;
      return registry.metrics();
    },
    follow(read) {
      state = read;
    },
    admitted(admission, tookMs) {
      admissions.inc({ outcome: admission.accepted ? "accepted" : admission.code });
      admissionSeconds.observe(tookMs / 1000);
    },
    sessionEnded: (code) => ended.inc({ code }),
    timeNft: (nft) => ({
      apply: (lines) => timed(nftSeconds, () => nft.apply(lines)),
      read: (command) => nft.read(command),
      list: () => nft.list(),
      listElements: () => nft.listElements(),
      close: () => nft.close(),
    }),
    timeEnforcer: (enforcer) => ({
      push: (tenantId, push) =>
        timed(
          pushSeconds,
          () => enforcer.push(tenantId, push),
          ({ outcome }) => outcome,
        ),
      recheck: () => enforcer.recheck(),
    }),
  };
}

async function timed<T>(
  histogram: Histogram<"outcome">,
  work: () => Promise<T>,
  outcomeOf: (result: T) => string = () => "applied",
): Promise<T> {
  const begun = performance.now();
  const note = (outcome: string) => histogram.observe({ outcome }, (performance.now() - begun) / 1000);
  try {
    const result = await work();
    note(outcomeOf(result));
    return result;
  } catch (error) {
    note("failed");
    throw error;
  }
}
