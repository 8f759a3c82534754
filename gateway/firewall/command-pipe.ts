/**
 * A kept `nft -i` or `ip -batch -`: spawning one a change costs more than the change. Neither says that a command went
 * well, so each batch is followed by a sentinel, a word that no command starts with; the complaint about it marks the
 * end, and what was complained of before it belongs to the batch.
 *
 * A batch whose answer is late or whose process died fails with an unknown effect: the process is replaced, and the
 * caller makes the whole state anew.
 */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";

export interface Runner {
  /** Resolves with what was complained of; empty is success. Batches run in the order of the calls. */
  run(batch: string): Promise<string>;
  close(): void;
}

/**
 * No home: nft would keep a history file there. Asserted, because Next's types, seen by the same check, make NODE_ENV a
 * must in every environment.
 */
export const commandEnv = {
  PATH: "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin",
  LC_ALL: "C",
  HOME: "/nonexistent",
} as unknown as NodeJS.ProcessEnv;

/** nft's line editor remembers every line it read, so the process is replaced now and then. */
const batchesPerProcess = 5_000;

export class CommandPipe implements Runner {
  #child: ChildProcessWithoutNullStreams | null = null;
  #pending: {
    sentinel: string;
    resolve: (complaint: string) => void;
    reject: (error: Error) => void;
    timer: NodeJS.Timeout;
  }[] = [];
  #heard = "";
  #count = 0;

  constructor(
    private readonly command: readonly string[],
    /** Matches the whole complaint about a sentinel. */
    private readonly complaintAbout: (sentinel: string) => RegExp,
    private readonly timeoutMs = 20_000,
  ) {}

  run(batch: string): Promise<string> {
    if (++this.#count % batchesPerProcess === 0 && this.#pending.length === 0) this.close();
    this.#child ??= this.#start();
    const child = this.#child;
    const sentinel = `sentinel_${this.#count}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail(new Error(`${this.command.join(" ")} did not answer within ${this.timeoutMs} ms`)),
        this.timeoutMs,
      );
      this.#pending.push({ sentinel, resolve, reject, timer });
      child.stdin.write(`${batch}\n${sentinel}\n`);
    });
  }

  close(): void {
    const child = this.#child;
    this.#child = null;
    child?.stdin.end();
    this.#fail(new Error(`${this.command.join(" ")} was closed`));
  }

  #start(): ChildProcessWithoutNullStreams {
    const child = spawn(this.command[0]!, this.command.slice(1), { stdio: "pipe", env: commandEnv });
    const isCurrent = () => this.#child === child;
    child.stdout.resume();
    child.stderr.setEncoding("utf8").on("data", (text: string) => isCurrent() && this.#hear(text));
    child.stdin.on("error", () => {});
    child.on("error", (error) => isCurrent() && this.#fail(error));
    child.on(
      "exit",
      (code) =>
        isCurrent() &&
        this.#fail(new Error(`${this.command.join(" ")} ended with code ${code}: ${this.#heard.trim()}`)),
    );
    return child;
  }

  #hear(text: string): void {
    this.#heard += text;
    for (let first = this.#pending[0]; first; first = this.#pending[0]) {
      const end = this.complaintAbout(first.sentinel).exec(this.#heard);
      if (!end) return;
      const complaint = this.#heard.slice(0, end.index).trim();
      this.#heard = this.#heard.slice(end.index + end[0].length);
      this.#pending.shift();
      clearTimeout(first.timer);
      first.resolve(complaint);
    }
  }

  #fail(error: Error): void {
    this.#child?.kill("SIGKILL");
    this.#child = null;
    this.#heard = "";
    for (const { reject, timer } of this.#pending.splice(0)) {
      clearTimeout(timer);
      reject(error);
    }
  }
}

export function createNftPipe(prefix: readonly string[] = []): Runner {
  return new CommandPipe(
    [...prefix, "nft", "-i"],
    (sentinel) => new RegExp(`Error: syntax error,[^\\n]*\\n${sentinel}\\n *\\^+\\n`),
  );
}

/** A kept `ip` remembers which index a name had, even when the device is another by now: name devices `if<index>` to it. */
export function createIpPipe(prefix: readonly string[] = []): Runner {
  return new CommandPipe(
    [...prefix, "ip", "-force", "-batch", "-"],
    (sentinel) => new RegExp(`Object "${sentinel}" is unknown, try "ip help"\\.\\nCommand failed -:\\d+\\n`),
  );
}

/** An `ip` a batch, for what is rare and names devices. */
export function createIpRunner(prefix: readonly string[] = []): Runner {
  const [command, ...args] = [...prefix, "ip", "-force", "-batch", "-"];
  return {
    run: (batch) =>
      new Promise((resolve, reject) => {
        const child = execFile(command!, args, { env: commandEnv, maxBuffer: 64 * 1024 * 1024 }, (error, _, stderr) => {
          if (error && stderr === "") reject(error);
          else resolve(stderr.trim());
        });
        child.stdin!.on("error", () => {});
        child.stdin!.end(`${batch}\n`);
      }),
    close: () => {},
  };
}
