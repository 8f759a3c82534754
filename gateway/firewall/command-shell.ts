/**
 * Runs commands whose output is read, by a kept shell. To fork the agent itself, with all that it holds, takes tens of
 * milliseconds in which it lets nobody in; the shell is small. It ends with the agent, when its input does.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { commandEnv } from "./command-pipe";

interface Waiting {
  resolve(output: string): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export class CommandShell {
  #child: ChildProcessWithoutNullStreams | null = null;
  #waiting: Waiting[] = [];
  /** What the shell said since the last end of a command. */
  #heard: Buffer[] = [];

  constructor(private readonly timeoutMs = 20_000) {}

  /**
   * What the command prints; commands run one after the other.
   * @throws Error with its words where it fails, is not there, or does not end in time
   */
  run(command: readonly string[]): Promise<string> {
    this.#child ??= this.#start();
    const { stdin } = this.#child;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new Error(`${command.join(" ")} did not end in time`)), this.timeoutMs);
      this.#waiting.push({ resolve, reject, timer });
      // The status between two characters that no text has.
      stdin.write(`${command.map(quote).join(" ")} 2>&1 </dev/null; printf '\\0%s\\0' $?\n`);
    });
  }

  close(): void {
    this.#fail(new Error("the shell was closed"));
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = spawn("sh", { stdio: "pipe", env: commandEnv });
    const fail = (error: Error) => {
      if (this.#child === child) this.#fail(error);
    };
    child.stdout.on("data", (chunk: Buffer) => {
      if (this.#child === child) this.#hear(chunk);
    });
    child.stderr.resume();
    // Who waits is kept by their timer.
    child.unref();
    for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket).unref();
    child.stdin.on("error", () => {});
    child.on("error", fail);
    child.on("exit", (code) => fail(new Error(`the shell ended with code ${code}`)));
    return child;
  }

  #hear(chunk: Buffer): void {
    this.#heard.push(chunk);
    if (!chunk.includes(0)) return;
    const heard = Buffer.concat(this.#heard);
    let start = 0;
    // Output, status, output, status, and what has no end yet.
    for (;;) {
      const end = heard.indexOf(0, start);
      const next = end === -1 ? -1 : heard.indexOf(0, end + 1);
      if (next === -1) break;
      this.#settle(heard.toString("utf8", start, end), Number(heard.toString("utf8", end + 1, next)));
      start = next + 1;
    }
    // A copy, that does not hold all that went before.
    this.#heard = [Buffer.from(heard.subarray(start))];
  }

  #settle(output: string, status: number): void {
    const waiting = this.#waiting.shift();
    if (!waiting) return;
    clearTimeout(waiting.timer);
    if (status === 0) waiting.resolve(output);
    else waiting.reject(new Error(output.trim() || `ended with code ${status}`));
  }

  #fail(error: Error): void {
    this.#child?.kill("SIGKILL");
    this.#child = null;
    this.#heard = [];
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
  }
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
