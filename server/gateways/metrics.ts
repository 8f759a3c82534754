/** What Prometheus is told of gateways: what this process did to them, and how the sweep last found each. */
import { Counter, Gauge, Histogram } from "prom-client";
import { authorityEnds } from "../certificates/certificates";
import { database, inTransaction, system } from "../core/db";
import { registry } from "../core/metrics";
import { findLinkEnds, linkRows } from "./link-states";

const registers = [registry];
const day = 86_400_000;

const pushSeconds = new Histogram({
  name: "drawbridge_push_seconds",
  help: "From the commit of a change to its enforcement: the oldest of those that a push carried, whole documents aside",
  labelNames: ["gateway"],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600],
  registers,
});

const pushFailures = new Counter({
  name: "drawbridge_push_failures_total",
  help: "Pushes that a gateway did not confirm: unreachable, untrusted, refused or broken",
  labelNames: ["gateway", "kind"],
  registers,
});

const collected = new Counter({
  name: "drawbridge_collected_events_total",
  help: "Events of gateways' ledgers that became rows, and that were passed over",
  labelNames: ["gateway", "outcome"],
  registers,
});

const collectLag = new Histogram({
  name: "drawbridge_collect_lag_seconds",
  help: "Age of a batch's newest event when it was committed, by the gateway's clock",
  labelNames: ["gateway"],
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600, 3_600],
  registers,
});

export const notePush = (gateway: string, seconds: number) => pushSeconds.observe({ gateway }, Math.max(0, seconds));

export const notePushFailure = (gateway: string, kind: string) => pushFailures.inc({ gateway, kind });

/** @param newestAt time of the batch's newest event */
export function noteCollected(
  gateway: string,
  { events, dropped }: { events: number; dropped: number },
  newestAt: string | undefined,
): void {
  collected.inc({ gateway, outcome: "committed" }, events);
  if (dropped > 0) collected.inc({ gateway, outcome: "dropped" }, dropped);
  const ageMs = Date.now() - Date.parse(newestAt ?? "");
  if (Number.isFinite(ageMs)) collectLag.observe({ gateway }, Math.max(0, ageMs / 1000));
}

interface Found {
  name: string;
  isUp: boolean;
  sessions: number | null;
  spooled: number | null;
  certificateNotAfter: Date | null;
  behind: number;
  tenantsBehind: number;
  drifted: number;
}

/** Read from the database, so that every worker says the same, whichever of them swept: take the `max by (gateway)`. */
async function findGateways(): Promise<Found[]> {
  return inTransaction(
    system,
    { isWorker: true },
    ({ tx }) =>
      tx.$queryRaw<Found[]>`
      SELECT g.name, g.error IS NULL AND g.last_seen_at > now() - interval '15 seconds' AS "isUp",
        (g.state->>'sessions')::int AS sessions, (g.state->>'spooled')::int AS spooled,
        g.certificate_not_after AS "certificateNotAfter", l.*
      FROM gateways g CROSS JOIN LATERAL (
        SELECT coalesce(sum(greatest(0, t.revision - coalesce(a.revision, 0))), 0)::float8 AS behind,
          count(*) FILTER (WHERE t.revision > coalesce(a.revision, 0))::int AS "tenantsBehind",
          count(*) FILTER (WHERE a.is_drifted)::int AS drifted
        FROM tenants t LEFT JOIN applied_revisions a ON a.tenant_id = t.id AND a.gateway_id = g.id) l
      WHERE g.enrolled_at IS NOT NULL`,
  );
}

let asked: Promise<Found[]> | undefined;

/** One question a scrape, however many gauges ask it. */
function gatewaysNow(): Promise<Found[]> {
  asked ??= findGateways()
    // Without a database the rest is told all the same; /readyz says what is wrong.
    .catch(() => [])
    .finally(() => {
      asked = undefined;
    });
  return asked;
}

/** Begins to tell how each gateway is: for processes that are scraped. Call it once. */
export function tellOfGateways(): void {
  const gauge = (name: string, help: string, read: (gateway: Found) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ["gateway"],
      registers,
      async collect() {
        const gateways = await gatewaysNow();
        // One that was retired is told of no more.
        this.reset();
        for (const gateway of gateways) {
          const value = read(gateway);
          if (value !== null) this.set({ gateway: gateway.name }, value);
        }
      },
    });
  gauge("drawbridge_gateway_up", "1 while the gateway answers the sweep", ({ isUp }) => (isUp ? 1 : 0));
  gauge("drawbridge_gateway_sessions", "Sessions that the gateway last told of", ({ sessions }) => sessions);
  gauge("drawbridge_gateway_spool_depth", "Events that last waited in its spool", ({ spooled }) => spooled);
  gauge("drawbridge_gateway_revisions_behind", "Revisions that it is behind, over all tenants", ({ behind }) => behind);
  gauge("drawbridge_gateway_tenants_behind", "Tenants that it is behind on", ({ tenantsBehind }) => tenantsBehind);
  gauge("drawbridge_gateway_drifted", "Tenants of which its document was found to differ", ({ drifted }) => drifted);
  gauge("drawbridge_gateway_certificate_days_left", "Days until its certificate ends", ({ certificateNotAfter }) =>
    certificateNotAfter ? (certificateNotAfter.getTime() - Date.now()) / day : null,
  );
  new Gauge({
    name: "drawbridge_gateway_link_up",
    help: "1 while the gateway hears the peer over the link between them; none where it does not say",
    labelNames: ["gateway", "peer"],
    registers,
    async collect() {
      this.reset();
      const ends = await inTransaction(system, { isWorker: true }, ({ tx }) => findLinkEnds(tx)).catch(() => []);
      for (const { id, name } of ends)
        for (const { peer, status } of linkRows(ends, id))
          if (status !== "unknown") this.set({ gateway: name, peer }, status === "up" ? 1 : 0);
    },
  });
  new Gauge({
    name: "drawbridge_authority_days_left",
    help: "Days until a certificate of the platform's own ends: its authorities', and the control plane's",
    labelNames: ["name"],
    registers,
    async collect() {
      this.reset();
      for (const { name, notAfter } of await authorityEnds({ tx: database() }).catch(() => []))
        this.set({ name }, (notAfter.getTime() - Date.now()) / day);
    },
  });
}
