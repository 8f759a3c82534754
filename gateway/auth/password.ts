/**
 * Checks passwords against argon2id hashes, off the event loop. A password that was right is remembered as an HMAC under
 * a key that lives and dies with this process, bound to the hash it was checked against: a storm of reconnects costs one
 * HMAC each, and a changed password or hash matches nothing. Letters are taken as Unicode composes them (NFC), as the
 * control plane does when a password is set: keyboards put them together in more than one way.
 *
 * The worker is this same file: in the bundle that is the whole agent, whose main part must start only `if (isMainThread)`.
 */
import { createHmac, randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { argon2Verify } from "hash-wasm";

export interface PasswordChecker {
  /** @throws BusyError when too many wait already, or where this one had to wait for longer than a client does. */
  check(passwordHash: string, password: string): Promise<boolean>;
  close(): Promise<void>;
}

export class BusyError extends Error {
  override name = "BusyError";
}

export interface PasswordCheckerOptions {
  workers?: number;
  /** How many may be checked or wait to be. */
  maxWaiting?: number;
  maxWaitMs?: number;
  maxRemembered?: number;
}

export function startPasswordChecker(options: PasswordCheckerOptions = {}): PasswordChecker {
  return new WorkerPool(
    options.workers ?? Math.max(1, Math.min(8, availableParallelism() - 1)),
    options.maxWaiting ?? 1_000,
    // openvpn denies what is not decided in 20 s, and says no reason.
    options.maxWaitMs ?? 10_000,
    options.maxRemembered ?? 50_000,
  );
}

const role = "drawbridge-password";

interface Question {
  passwordHash: string;
  password: string;
}

interface Answer {
  isRight: boolean;
  error: string | null;
}

interface Waiting extends Question {
  askedAt: number;
  resolve(isRight: boolean): void;
  reject(error: Error): void;
}

interface PoolWorker {
  thread: Worker;
  /** What it checks just now. */
  current: Waiting | null;
}

class WorkerPool implements PasswordChecker {
  #key = randomBytes(32);
  /** Oldest first. */
  #remembered = new Set<string>();
  #running = new Map<string, Promise<boolean>>();
  #workers: (PoolWorker | null)[];
  /** Oldest first. */
  #queue: Waiting[] = [];
  #isClosed = false;

  constructor(
    workers: number,
    readonly maxWaiting: number,
    readonly maxWaitMs: number,
    readonly maxRemembered: number,
  ) {
    this.#workers = Array.from({ length: workers }, () => null);
  }

  async check(passwordHash: string, password: string): Promise<boolean> {
    const composed = password.normalize("NFC");
    // Hashes from before passwords were composed are of the letters as they were typed.
    return (
      (await this.#check(passwordHash, composed)) ||
      (composed !== password && (await this.#check(passwordHash, password)))
    );
  }

  async #check(passwordHash: string, password: string): Promise<boolean> {
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
    for (const waiting of this.#queue.splice(0)) waiting.reject(closed());
    await Promise.all(this.#workers.map((worker) => worker?.thread.terminate()));
  }

  #ask(passwordHash: string, password: string): Promise<boolean> {
    if (this.#isClosed) return Promise.reject(closed());
    const checked = this.#workers.filter((worker) => worker?.current).length;
    if (this.#queue.length + checked >= this.maxWaiting)
      return Promise.reject(new BusyError("too many passwords wait to be checked"));
    return new Promise((resolve, reject) => {
      this.#queue.push({ passwordHash, password, askedAt: performance.now(), resolve, reject });
      this.#next();
    });
  }

  /** Gives each thread that has nothing to do the oldest that is still of use. */
  #next(): void {
    for (let index = 0; index < this.#workers.length; index++) {
      if (this.#workers[index]?.current) continue;
      const waiting = this.#shift();
      if (!waiting) return;
      const worker = this.#workers[index] ?? this.#start(index);
      worker.current = waiting;
      const { passwordHash, password } = waiting;
      worker.thread.postMessage({ passwordHash, password } satisfies Question);
    }
  }

  #shift(): Waiting | undefined {
    for (;;) {
      const waiting = this.#queue.shift();
      if (!waiting || performance.now() - waiting.askedAt <= this.maxWaitMs) return waiting;
      waiting.reject(new BusyError("a password waited for too long to be checked"));
    }
  }

  #start(index: number): PoolWorker {
    const thread = startThread();
    const worker: PoolWorker = { thread, current: null };
    this.#workers[index] = worker;
    thread.unref();
    thread.on("message", ({ isRight, error }: Answer) => {
      const { current } = worker;
      worker.current = null;
      if (error === null) current?.resolve(isRight);
      else current?.reject(new Error(error));
      this.#next();
    });
    const fail = (error: Error) => {
      if (this.#workers[index] === worker) this.#workers[index] = null;
      worker.current?.reject(error);
      worker.current = null;
      if (!this.#isClosed) this.#next();
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

const closed = () => new BusyError("no passwords are checked any more");

function startThread(): Worker {
  const file = import.meta.url;
  if (!file.endsWith(".ts")) return new Worker(new URL(file), { workerData: role });
  // Run from its source, as tests do: a thread of Node 20 does not inherit the loader that reads TypeScript.
  const source = `import("tsx/esm/api").then((tsx) => { tsx.register(); return import(${JSON.stringify(file)}); });`;
  return new Worker(source, { eval: true, workerData: role });
}

if (!isMainThread && workerData === role) {
  parentPort!.on("message", async ({ passwordHash, password }: Question) => {
    const answer: Answer = { isRight: false, error: null };
    try {
      answer.isRight = await argon2Verify({ hash: passwordHash, password });
    } catch (error) {
      answer.error = error instanceof Error ? error.message : String(error);
    }
    parentPort!.postMessage(answer);
  });
}
