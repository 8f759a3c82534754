/**
 * The workers' process. Any number of them may run; jobs are hints, so killing one at any point loses and doubles
 * nothing. SIGTERM and SIGINT let what writes end and give up what only waits, within five seconds.
 */

import { auditHand } from "../server/audit/jobs";
import { ensureAuthorities } from "../server/certificates/certificates";
import { certificatesWatch } from "../server/certificates/jobs";
import { closeDatabase } from "../server/core/db";
import { env } from "../server/core/env";
import { findDatabaseTrouble, findQueueTrouble } from "../server/core/health";
import { createLog } from "../server/core/log";
import { closeQueues, createWorker, type JobDefinition, schedule } from "../server/core/queue";
import { closeGatewayConnections } from "../server/gateways/client";
import { gatewaySweep, telemetryRetain } from "../server/gateways/jobs";
import { ensurePartitions } from "../server/gateways/retain";
import { sweepEveryMs } from "../server/gateways/sweep";
import { grantsSweep } from "../server/grants/jobs";
import { sweepGrantsEveryMs } from "../server/grants/sweep";
import { mailSweep } from "../server/mail/jobs";
import { sweepMailsEveryMs } from "../server/mail/send";
import { publishCeilingsEveryMs } from "../server/plans/ceilings";
import { plansPublish } from "../server/plans/jobs";
import type { Handler } from "./handler";
import { handlers, jobs } from "./handlers";
import { countJobs } from "./metrics";
import { startOperations } from "./operations";

const log = createLog("workers");
const stopWithinMs = 5_000;
const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;

process.on("unhandledRejection", (error) => log.error({ err: error }, "a promise was left to fail"));

let isStarting = true;
if (env.WORKERS_METRICS_PORT)
  await startOperations({ host: env.WORKERS_METRICS_HOST, port: env.WORKERS_METRICS_PORT, notReady, log });

await ensureAuthorities();
await ensurePartitions();
const workers = await Promise.all(jobs.map(start));
await schedule(gatewaySweep, {}, sweepEveryMs);
await schedule(grantsSweep, {}, sweepGrantsEveryMs);
await schedule(mailSweep, {}, sweepMailsEveryMs);
await schedule(telemetryRetain, {}, dayMs);
await schedule(certificatesWatch, {}, hourMs);
await schedule(auditHand, {}, hourMs);
await schedule(plansPublish, {}, publishCeilingsEveryMs);
isStarting = false;
log.info({ jobs: jobs.map(({ name }) => name).join(", ") }, "working");

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(signal));

async function start(job: JobDefinition) {
  const { default: handle } = (await handlers[job.name as keyof typeof handlers]()) as {
    default: Handler<JobDefinition>;
  };
  const jobLog = log.child({ job: job.name });
  const running = createWorker(job, (data, signal) => handle(data, { signal, log: jobLog }));
  const { worker } = running;
  worker.on("failed", (failed, error) => {
    const attempt = failed ? `${failed.attemptsMade} of ${failed.opts.attempts ?? 1}` : "?";
    // That a gateway does not answer is said by the sweep, once, and in every receipt.
    if (error.name === "GatewayError") jobLog.debug({ data: failed?.data, attempt }, error.message);
    else jobLog.error({ data: failed?.data, attempt, err: error }, "failed");
  });
  countJobs(job.name, worker);
  // Lost connections of the queue are made again by themselves; a listener must be there.
  let isBroken = false;
  worker.on("error", (error) => {
    if (!isBroken) jobLog.error({ cause: error.message }, "the queue does not answer; trying again");
    isBroken = true;
  });
  worker.on("active", () => {
    if (isBroken) jobLog.info("the queue answers again");
    isBroken = false;
  });
  return running;
}

async function notReady(): Promise<string[]> {
  const troubles = await Promise.all([findDatabaseTrouble(), findQueueTrouble(gatewaySweep)]);
  return [...troubles, isStarting ? "it is starting" : null].filter((trouble) => trouble !== null);
}

async function stop(signal: string): Promise<void> {
  log.info({ signal }, "stopping");
  setTimeout(() => {
    log.warn("not everything ended in time; what was left is taken up again by the next worker");
    process.exit(0);
  }, stopWithinMs).unref();
  await Promise.all(workers.map((running) => running.close()));
  closeGatewayConnections();
  await Promise.all([closeQueues(), closeDatabase()]);
  log.info("stopped");
  process.exit(0);
}
