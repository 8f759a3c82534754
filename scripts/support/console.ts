/** What the terminal shows: each process's lines behind its name, in a colour of its own. */
import { chmodSync, createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

const colours = [36, 35, 33, 32, 34, 96, 95, 93, 92, 94];
const maxLogBytes = 16 * 1024 * 1024;

export class Console {
  private readonly colourOf = new Map<string, number>();
  private readonly files = new Map<string, WriteStream>();
  private readonly hasColour: boolean;
  private width = 8;

  constructor(
    private readonly logDir: string,
    private readonly isQuiet = false,
  ) {
    // Logs name people, their addresses and what failed them: nobody else's on this machine, also those of an earlier start.
    mkdirSync(logDir, { recursive: true });
    chmodSync(logDir, 0o700);
    this.hasColour = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
  }

  /** A line of this program's own. */
  say(text = ""): void {
    if (!this.isQuiet) process.stdout.write(`${text}\n`);
  }

  /** Shows one line of a process and keeps it in its log file. */
  line(name: string, text: string): void {
    this.file(name).write(`${text}\n`);
    if (this.isQuiet) return;
    this.width = Math.max(this.width, name.length);
    process.stdout.write(`${this.paint(name.padEnd(this.width), this.colour(name))} ${this.paint("│", 90)} ${text}\n`);
  }

  /** Follows a process's output, line by line. */
  follow(name: string, ...streams: (Readable | null)[]): void {
    for (const stream of streams) {
      if (!stream) continue;
      const decoder = new StringDecoder("utf8");
      let rest = "";
      stream.on("data", (chunk: Buffer) => {
        const lines = (rest + decoder.write(chunk)).split("\n");
        rest = lines.pop()!;
        for (const line of lines) if (line.trim() !== "") this.line(name, line);
      });
      stream.on("end", () => {
        if (rest.trim() !== "") this.line(name, rest);
      });
      stream.on("error", () => {});
    }
  }

  bold(text: string): string {
    return this.paint(text, 1);
  }

  dim(text: string): string {
    return this.paint(text, 90);
  }

  logFile(name: string): string {
    return join(this.logDir, `${name}.log`);
  }

  private paint(text: string, code: number): string {
    return this.hasColour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }

  private colour(name: string): number {
    let colour = this.colourOf.get(name);
    if (!colour) {
      colour = colours[this.colourOf.size % colours.length]!;
      this.colourOf.set(name, colour);
    }
    return colour;
  }

  private file(name: string): WriteStream {
    let file = this.files.get(name);
    if (!file) {
      const path = this.logFile(name);
      keepSmall(path);
      file = createWriteStream(path, { flags: "a", mode: 0o600 });
      this.files.set(name, file);
    }
    return file;
  }
}

/** One older file is kept beside a log that has grown. */
function keepSmall(path: string): void {
  try {
    if (statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`);
  } catch {
    // Not there yet.
  }
}
