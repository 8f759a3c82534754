/**
 * Time in which no new client can come in when an agent with 100,000 accounts and 100,000 devices is killed and started
 * again: from the signal until it hears the adopted openvpn's clients and decides on them. Node's own start is part of it.
 *
 * The floor is reading the state from disk with the simplest code, in a process as fresh as the agent's: each file read
 * whole, split into lines, each line parsed and kept. Its own start is not part of it. Bytes alone are a row.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { until } from "../e2e/lab/vpn-client";
import { startBenchGateway } from "./lab-gateway";
import { perTenant, pushLargeDocuments, tenants } from "./large-documents";
import { median, type Report, round } from "./report";

const runs = Number(process.env.BENCH_RUNS ?? 7);

export async function restart(): Promise<Report> {
  const bench = await startBenchGateway(244);
  try {
    await pushLargeDocuments(bench);
    const pid = await processOf(bench);
    const taken = { shut: [] as number[], ready: [] as number[], parse: [] as number[], raw: [] as number[] };
    const memory = { heard: 0, ready: 0 };
    // The first turn warms the disk up.
    for (let run = 0; run <= runs; run++) {
      const floor = readState(join(bench.stateDir, "tenants"));
      const killedAt = Date.now();
      const seen = bench.log().length;
      const readyMs = await bench.restart();
      const records = () => recordsOf(bench.log().slice(seen));
      await until(() => records().has("ready"), 60_000, bench.log);
      if ((await processOf(bench)) !== pid) throw new Error("openvpn was not adopted but started again");
      if (run === 0) continue;
      const heard = records().get("clients are heard")!;
      taken.shut.push(new Date(heard.time).getTime() - killedAt);
      taken.ready.push(readyMs);
      taken.parse.push(floor.parseMs);
      taken.raw.push(floor.rawMs);
      memory.heard = Math.max(memory.heard, heard.memoryBytes ?? 0);
      memory.ready = Math.max(memory.ready, (await bench.controlPlane.state()).memoryBytes);
    }
    return {
      unit: "ms without a way in",
      value: median(taken.shut),
      floor: median(taken.parse),
      ratio: median(taken.shut) / median(taken.parse),
      reach: "ratio ≤ 3, memory ≤ 400 MB",
      rows: [
        { what: "accounts, and as many devices", measured: tenants * perTenant },
        { what: "killed → clients are heard, ms", measured: round(median(taken.shut)) },
        { what: "the longest of them, ms", measured: round(Math.max(...taken.shut)) },
        { what: "started → kernel written anew and API open, ms", measured: round(median(taken.ready)) },
        { what: "floor: files read and lines parsed, ms", measured: round(median(taken.parse)) },
        { what: "bytes alone read, ms", measured: round(median(taken.raw)) },
        { what: "agent's memory when clients are heard, MB", measured: Math.round(memory.heard / 1e6) },
        { what: "agent's memory when all is done, MB", measured: Math.round(memory.ready / 1e6) },
      ],
    };
  } finally {
    await bench.destroy();
  }
}

async function processOf({ controlPlane }: Awaited<ReturnType<typeof startBenchGateway>>): Promise<number> {
  return (await controlPlane.state()).processes[0]!.pid!;
}

interface LogRecord {
  msg: string;
  time: string | number;
  memoryBytes?: number;
}

function recordsOf(log: string): Map<string, LogRecord> {
  const lines = log.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
  return new Map(lines.map((line) => JSON.parse(line) as LogRecord).map((record) => [record.msg, record]));
}

function readState(folder: string): { rawMs: number; parseMs: number } {
  const program = `
    import { readdirSync, readFileSync } from "node:fs";
    const folder = process.argv[1] + "/";
    let began = performance.now();
    for (const name of readdirSync(folder)) readFileSync(folder + name);
    const rawMs = performance.now() - began;
    began = performance.now();
    const kept = [];
    for (const name of readdirSync(folder))
      for (const line of readFileSync(folder + name, "utf8").split("\\n")) if (line) kept.push(JSON.parse(line));
    console.log(JSON.stringify({ rawMs, parseMs: performance.now() - began }));`;
  return JSON.parse(
    execFileSync(process.execPath, ["--input-type=module", "-e", program, folder], { encoding: "utf8" }),
  );
}
