/** Whether what we stand on answers. Each gives why not, for a person, and null where it does. */
import { pool } from "./db";
import { type JobDefinition, queueOf } from "./queue";

const patienceMs = 2_000;

export const findDatabaseTrouble = () => findTrouble("the database", () => pool().query("SELECT 1"));

/** @param job any whose queue is there */
export const findQueueTrouble = (job: JobDefinition) =>
  findTrouble("the job queue", () => queueOf(job.name).getJobCounts("wait"));

async function findTrouble(what: string, ask: () => Promise<unknown>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it takes longer than two seconds")), patienceMs);
  });
  try {
    await Promise.race([ask(), late]);
    return null;
  } catch (error) {
    return `${what} does not answer: ${(error as Error).message}`;
  } finally {
    clearTimeout(timer);
  }
}
