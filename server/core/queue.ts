/**
 * Jobs: a name, a schema, how it is retried. The queue lives in Redis where REDIS_URL is set, else in PostgreSQL. A job
 * is a hint that there is work; the work itself is always found in the database, so a lost or doubled job does no harm.
 */
import { randomUUID } from "node:crypto";
import { createPostgresBackend, type JobsOptions, Queue, type QueueOptions, Worker, type WorkerOptions } from "bullmq";
import { Redis } from "ioredis";
import type { z } from "zod";
import { env } from "./env";

export interface JobDefinition<Name extends string = string, Schema extends z.ZodType = z.ZodType> {
  /** `<domain>.<verb>`; also the queue's name. */
  name: Name;
  schema: Schema;
  /** Jobs with the same key are one while it waits; one that comes while it runs makes it run once more. */
  key?: (data: z.infer<Schema>) => string;
  attempts: number;
  /** First delay between attempts; grows by powers of two, with jitter. */
  backoffMs: number;
  /** How many one worker process runs at a time. */
  concurrency: number;
}

export function defineJob<const Name extends string, Schema extends z.ZodType>(
  definition: JobDefinition<Name, Schema>,
) {
  return definition;
}

/** Adds a job. Call it after commit: `scope.afterCommit(() => enqueue(job, data))`. */
export async function enqueue<Schema extends z.ZodType>(
  job: JobDefinition<string, Schema>,
  data: z.infer<Schema>,
  options: { delayMs?: number } = {},
): Promise<void> {
  await queueOf(job.name).add(job.name, job.schema.parse(data), jobOptions(job, data, options.delayMs));
}

/** How often it is seen to that what is scheduled still is. */
const lookAtScheduleMs = 5_000;

/**
 * Runs a job every so often, once for all workers together. A queue that has lost what it held, as a Redis that was killed
 * and kept nothing, is told again.
 */
export async function schedule<Schema extends z.ZodType>(
  job: JobDefinition<string, Schema>,
  data: z.infer<Schema>,
  everyMs: number,
): Promise<void> {
  const { deduplication: _, delay: __, jobId: ___, ...opts } = jobOptions(job, data);
  const tell = () => queueOf(job.name).upsertJobScheduler(job.name, { every: everyMs }, { name: job.name, data, opts });
  await tell();
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      if (!(await queueOf(job.name).getJobScheduler(job.name))) await tell();
    } catch {
      // The queue does not answer, which its workers say; the next look finds what it has lost.
    } finally {
      isLooking = false;
    }
  };
  looks.add(setInterval(look, lookAtScheduleMs).unref());
}

/** A worker of one job's queue; the payload is parsed before the handler sees it. */
export function createWorker<Schema extends z.ZodType>(
  job: JobDefinition<string, Schema>,
  handler: (data: z.infer<Schema>, signal: AbortSignal) => Promise<void>,
  options: Partial<WorkerOptions> = {},
): { worker: Worker; close(): Promise<void> } {
  const stopping = new AbortController();
  const settings: WorkerOptions = {
    ...backend().options,
    concurrency: job.concurrency,
    // A killed worker's job is taken up again within some seconds.
    lockDuration: 6_000,
    stalledInterval: 3_000,
    maxStalledCount: 1_000,
    ...options,
  };
  const process = async (bullJob: { data: unknown }) => handler(job.schema.parse(bullJob.data), stopping.signal);
  const { factory } = backend();
  const worker = factory
    ? (new Worker(job.name, process, settings, factory as never) as unknown as Worker)
    : new Worker(job.name, process, settings);
  return {
    worker,
    async close() {
      stopping.abort();
      await worker.close();
    },
  };
}

const looks = new Set<NodeJS.Timeout>();

export async function closeQueues(): Promise<void> {
  for (const look of looks) clearInterval(look);
  looks.clear();
  await Promise.all([...held.drawbridgeQueues.values()].map((queue) => queue.close()));
  held.drawbridgeQueues.clear();
  held.drawbridgeRedis?.disconnect();
  held.drawbridgeRedis = undefined;
}

export function queueOf(name: string): Queue {
  let queue = held.drawbridgeQueues.get(name);
  if (!queue) {
    const { factory, options } = backend();
    queue = factory ? (new Queue(name, options, factory as never) as unknown as Queue) : new Queue(name, options);
    // Errors also reach whoever awaits an add; without a listener they would end the process.
    queue.on("error", () => {});
    held.drawbridgeQueues.set(name, queue);
  }
  return queue;
}

function jobOptions<Schema extends z.ZodType>(
  job: JobDefinition<string, Schema>,
  data: z.infer<Schema>,
  delayMs?: number,
): JobsOptions {
  return {
    // The queue's own numbers begin anew when it has lost what it held, while jobs of before still run under theirs.
    jobId: randomUUID(),
    attempts: job.attempts,
    backoff: { type: "exponential", delay: job.backoffMs, jitter: 0.5 },
    removeOnComplete: { count: 100 },
    removeOnFail: { count: 1_000 },
    ...(job.key ? { deduplication: { id: job.key(data), keepLastIfActive: true } } : {}),
    ...(delayMs ? { delay: delayMs } : {}),
  };
}

const held = globalThis as unknown as { drawbridgeQueues: Map<string, Queue>; drawbridgeRedis: Redis | undefined };
held.drawbridgeQueues ??= new Map();

function backend(): { factory: typeof createPostgresBackend | undefined; options: QueueOptions } {
  if (env.REDIS_URL) {
    held.drawbridgeRedis ??= new Redis(env.REDIS_URL, { maxRetriesPerRequest: null });
    return { factory: undefined, options: { connection: held.drawbridgeRedis as never, prefix: "drawbridge" } };
  }
  // What a server that loses its power forgets of them are hints: nobody waits for the disk over one.
  const options = "-c synchronous_commit=off";
  return {
    factory: createPostgresBackend,
    options: { connection: { connectionString: env.QUEUE_DATABASE_URL, migrate: true, max: 6, options } as never },
  };
}
