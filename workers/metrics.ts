import type { Worker } from "bullmq";
import { Counter, Gauge, Histogram } from "prom-client";
import { registry } from "../server/core/metrics";

const registers = [registry];

/** A job is told by `name`: the label `job` is Prometheus's own, for what it scrapes. */
const jobs = new Counter({
  name: "drawbridge_jobs_total",
  help: "Attempts at jobs in this process, by how they ended",
  labelNames: ["name", "outcome"],
  registers,
});

const seconds = new Histogram({
  name: "drawbridge_job_seconds",
  help: "How long an attempt took; that of gateway.collect waits for events",
  labelNames: ["name"],
  buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 5, 15, 60],
  registers,
});

const running = new Gauge({
  name: "drawbridge_jobs_running",
  help: "Jobs that this process is at",
  labelNames: ["name"],
  registers,
});

/** Counts what becomes of one job's attempts, from none. */
export function countJobs(name: string, worker: Worker): void {
  for (const outcome of ["completed", "failed"]) jobs.inc({ name, outcome }, 0);
  running.set({ name }, 0);
  worker.on("active", () => running.inc({ name }));
  const ended = (outcome: string, at: { processedOn?: number; finishedOn?: number } | undefined) => {
    jobs.inc({ name, outcome });
    running.dec({ name });
    if (at?.processedOn) seconds.observe({ name }, Math.max(0, (at.finishedOn ?? Date.now()) - at.processedOn) / 1000);
  };
  worker.on("completed", (done) => ended("completed", done));
  worker.on("failed", (failed) => ended("failed", failed));
}
