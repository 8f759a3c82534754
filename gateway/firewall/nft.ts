import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { commandEnv, createNftPipe, type Runner } from "./command-pipe";
import { CommandShell } from "./command-shell";
import { table } from "./ruleset";

/** Applies nft commands, all or none of them. @throws with nft's own words. */
export interface Nft {
  apply(lines: readonly string[]): Promise<void>;
  /** What nft prints about one command, as JSON. For what is rare: an nft of its own. @throws with nft's own words */
  read(command: string): Promise<string>;
  /**
   * What nft prints of all tables of our family, without their sets' elements and what was counted. Of a single table, or
   * of a chain, it reads all elements first (1.0.6: 0.7 s at 100,000); of these it does not (0.03 s; 0.3 s for 1,000 policies).
   */
  list(): Promise<string>;
  /** Our table as JSON, with all elements: 1.5 s at 100,000. */
  listElements(): Promise<string>;
  close(): void;
}

/** One transaction is one line to the kept process; its line editor is slow on long lines, which go by a file. */
const longestLine = 8_000;

/** `prefix` runs nft elsewhere, e.g. in a network namespace. */
export function createNft(prefix: readonly string[] = [], pipe: Runner = createNftPipe(prefix)): Nft {
  const shell = new CommandShell();
  /** For what takes long, so that nothing else waits for it. */
  const slowShell = new CommandShell(60_000);
  return {
    async apply(lines) {
      const batch = lines.join("; ");
      const complaint =
        batch.length <= longestLine && !batch.includes("\n") ? await pipe.run(batch) : await applyFile(prefix, lines);
      if (complaint !== "") throw new Error(`nft refused the change: ${complaint.slice(0, 1_000)}`);
    },
    read: (command) => shell.run([...prefix, "nft", "-j", ...command.split(" ")]),
    list: () => slowShell.run([...prefix, "nft", "--stateless", "--terse", "list", "ruleset", "inet"]),
    async listElements() {
      const said = await slowShell.run([...prefix, "nft", "-j", ...`list table ${table}`.split(" ")]);
      // Beside it nft warns of rules that have no form in JSON.
      return said.split("\n").find((line) => line.startsWith("{")) ?? said;
    },
    close() {
      slowShell.close();
      pipe.close();
      shell.close();
    },
  };
}

async function applyFile(prefix: readonly string[], lines: readonly string[]): Promise<string> {
  const file = join(tmpdir(), `drawbridge-${process.pid}-${randomBytes(6).toString("hex")}.nft`);
  await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o600, flag: "wx" });
  try {
    const [command, ...args] = [...prefix, "nft", "-f", file];
    await promisify(execFile)(command!, args, { env: commandEnv, maxBuffer: 16 * 1024 * 1024 });
    return "";
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    return stderr?.trim() || String(error);
  } finally {
    await rm(file, { force: true });
  }
}
