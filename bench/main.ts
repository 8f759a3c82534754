/**
 * `npm run bench -- NAME`: one measurement beside its floor, what this machine can do at best, taken in the same run and
 * interleaved. Prints a table and, last, one JSON line. Ratios compare between machines; absolute times do not.
 */
import { type Bench, printReport } from "./report";

const benches: Record<string, () => Promise<Bench>> = {
  connect: async () => (await import("./connect")).connect,
  console: async () => (await import("./console-lists")).consoleLists,
  failover: async () => (await import("./failover")).failover,
  flood: async () => (await import("./flood")).flood,
  forward: async () => (await import("./forward")).forward,
  ingest: async () => (await import("./ingest")).ingest,
  propagation: async () => (await import("./propagation")).propagation,
  restart: async () => (await import("./restart")).restart,
  revoke: async () => (await import("./revoke")).revoke,
  start: async () => (await import("./start")).start,
};

const name = process.argv[2] ?? "";
const load = benches[name];
if (!load) {
  console.error(`Name a bench: npm run bench -- ${Object.keys(benches).join(" | ")}`);
  process.exit(2);
}
const bench = await load();
printReport(name, await bench());
process.exit(0);
