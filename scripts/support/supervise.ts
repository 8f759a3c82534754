/** Keeps one process of the installation running: one that ends by itself is started again, ever more slowly. */
import type { ChildProcess } from "node:child_process";
import type { Console } from "./console";
import { end, markOf, type ProcessBook, type ProcessMark, send } from "./processes";

export interface SupervisedOptions {
  name: string;
  /** Starts it, as the leader of a session of its own (`detached`), with its output piped. */
  spawn(): ChildProcess;
  console: Console;
  book: ProcessBook;
  /** How it is asked to end, and how long it may take. */
  stopSignal?: NodeJS.Signals;
  patienceMs?: number;
}

export interface Supervised {
  readonly name: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
  /** At once, without asking; for a second Ctrl-C. */
  kill(): void;
}

const firstDelayMs = 500;
const longestDelayMs = 15_000;
/** One that ran this long is taken to be well again. */
const wellAfterMs = 30_000;

export function supervise(options: SupervisedOptions): Supervised {
  const { name, console, book } = options;
  let mark: ProcessMark | undefined;
  let isStopping = false;
  let delayMs = firstDelayMs;
  let timer: NodeJS.Timeout | undefined;

  const start = () => {
    const beganAt = Date.now();
    const child = options.spawn();
    console.follow(name, child.stdout, child.stderr);
    const own = child.pid === undefined ? undefined : markOf(name, child.pid);
    mark = own;
    if (own) void book.add(own);
    const onEnd = (why: string) => {
      if (own) void book.remove(own);
      mark = undefined;
      if (isStopping) return;
      delayMs = Date.now() - beganAt > wellAfterMs ? firstDelayMs : Math.min(delayMs * 2, longestDelayMs);
      console.line(name, `${why}; starting it again in ${delayMs / 1000} s`);
      timer = setTimeout(start, delayMs);
    };
    child.once("error", (error) => onEnd(`cannot be started: ${error.message}`));
    child.once("exit", (code, signal) => onEnd(signal ? `was ended by ${signal}` : `ended with status ${code}`));
  };
  start();

  return {
    name,
    get pid() {
      return mark?.pid;
    },
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      if (mark) await end(mark, options.stopSignal ?? "SIGTERM", options.patienceMs ?? 8_000);
    },
    kill() {
      isStopping = true;
      clearTimeout(timer);
      if (mark) send(mark, "SIGKILL");
    },
  };
}
