/**
 * Checks passwords against argon2id hashes, off the event loop. A password that was right is remembered as an HMAC under
 * a key that lives and dies with this process, bound to the hash it was checked against: a storm of reconnects costs one
 * HMAC each, and a changed password or hash matches nothing.
 *
 * The worker is this same file: in the bundle that is the whole agent, whose main part must start only `if (isMainThread)`.
 */
import { createHmac, randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { argon2Verify } from "hash-wasm";

export interface PasswordChecker {
  /** @throws BusyError when too many wait already. */
  check(passwordHash: string, password: string): Promise<boolean>;
  close(): Promise<void>;
}

export class BusyError extends Error {
  override name = "BusyError";
}

export interface PasswordCheckerOptions {
  workers?: number;
  maxWaiting?: number;
  maxRemembered?: number;
}

export function startPasswordChecker(options: PasswordCheckerOptions = {}): PasswordChecker {
  return new WorkerPool(
    options.workers ?? Math.max(1, Math.min(8, availableParallelism() - 1)),
    options.maxWaiting ?? 1_000,
    options.maxRemembered ?? 50_000,
  );
}

const role = "drawbridge-password";

interface Question {
  id: number;
  passwordHash: string;
  password: string;
}

interface Answer {
  id: number;
  isRight: boolean;
  error: string | null;
}

interface Waiting {
  resolve(isRight: boolean): void;
  reject(error: Error): void;
}

interface PoolWorker {
  thread: Worker;
  waiting: Map<number, Waiting>;
}

class WorkerPool implements PasswordChecker {
  #key = randomBytes(32);
  /** Oldest first. */
  #remembered = new Set<string>();
  #running = new Map<string, Promise<boolean>>();
  #workers: (PoolWorker | null)[];
  #nextId = 1;
  #isClosed = false;

  constructor(
    workers: number,
    readonly maxWaiting: number,
    readonly maxRemembered: number,
  ) {
    this.#workers = Array.from({ length: workers }, () => null);
  }

  async check(passwordHash: string, password: string): Promise<boolean> {
    if (password === "") return false;
    const memory = createHmac("sha256", this.#key).update(`${passwordHash}\0${password}`).digest("base64");
    if (this.#remembered.delete(memory)) {
      this.#remembered.add(memory);
      return true;
    }
    // The same question asked twice at once is checked once.
    const running = this.#running.get(memory);
    if (running) return running;
    const check = this.#ask(passwordHash, password).finally(() => this.#running.delete(memory));
    this.#running.set(memory, check);
    const isRight = await check;
    if (isRight) this.#remember(memory);
    return isRight;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#workers.map((worker) => worker?.thread.terminate()));
  }

  #ask(passwordHash: string, password: string): Promise<boolean> {
    if (this.#isClosed) return Promise.reject(new BusyError("no passwords are checked any more"));
    const index = this.#leastBusy();
    const worker = this.#workers[index] ?? this.#start(index);
    if (worker.waiting.size * this.#workers.length >= this.maxWaiting)
      return Promise.reject(new BusyError("too many passwords wait to be checked"));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      worker.waiting.set(id, { resolve, reject });
      worker.thread.postMessage({ id, passwordHash, password } satisfies Question);
    });
  }

  #leastBusy(): number {
    let best = 0;
    const load = (index: number) => this.#workers[index]?.waiting.size ?? 0;
    for (let index = 1; index < this.#workers.length; index++) if (load(index) < load(best)) best = index;
    return best;
  }

  #start(index: number): PoolWorker {
    const thread = startThread();
    const worker: PoolWorker = { thread, waiting: new Map() };
    this.#workers[index] = worker;
    thread.unref();
    thread.on("message", ({ id, isRight, error }: Answer) => {
      const waiting = worker.waiting.get(id);
      worker.waiting.delete(id);
      if (error === null) waiting?.resolve(isRight);
      else waiting?.reject(new Error(error));
    });
    const fail = (error: Error) => {
      if (this.#workers[index] === worker) this.#workers[index] = null;
      for (const waiting of worker.waiting.values()) waiting.reject(error);
      worker.waiting.clear();
    };
    thread.on("error", (error) => fail(error instanceof Error ? error : new Error(String(error))));
    thread.on("exit", () => fail(new Error("the thread that checks passwords ended")));
    return worker;
  }

  #remember(memory: string): void {
    this.#remembered.add(memory);
    if (this.#remembered.size > this.maxRemembered)
      this.#remembered.delete(this.#remembered.values().next().value as string);
  }
}

function startThread(): Worker {
  const file = import.meta.url;
  if (!file.endsWith(".ts")) return new Worker(new URL(file), { workerData: role });
  // Run from its source, as tests do: a thread of Node 20 does not inherit the loader that reads TypeScript.
  const source = `import("tsx/esm/api").then((tsx) => { tsx.register(); return import(${JSON.stringify(file)}); });`;
  return new Worker(source, { eval: true, workerData: role });
}

if (!isMainThread && workerData === role) {
  parentPort!.on("message", async ({ id, passwordHash, password }: Question) => {
    const answer: Answer = { id, isRight: false, error: null };
    try {
      answer.isRight = await argon2Verify({ hash: passwordHash, password });
    } catch (error) {
      answer.error = error instanceof Error ? error.message : String(error);
    }
    parentPort!.postMessage(answer);
  });
}
