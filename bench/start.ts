/** How long the agent takes to be ready with 100,000 accounts and 100,000 devices on its disk, and what memory it then has. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { startBenchGateway } from "./lab-gateway";
import { perTenant, pushLargeDocuments, tenants } from "./large-documents";
import { median, type Report } from "./report";

const runs = 3;

export async function start(): Promise<Report> {
  const bench = await startBenchGateway(241);
  try {
    const { controlPlane } = bench;
    await pushLargeDocuments(bench);
    const files = join(bench.stateDir, "tenants");
    const readAll = () => {
      const began = performance.now();
      for (const name of readdirSync(files)) readFileSync(join(files, name));
      return performance.now() - began;
    };
    const bytes = readdirSync(files).reduce((sum, name) => sum + statSync(join(files, name)).size, 0);

    const ready: number[] = [];
    const floor: number[] = [];
    let memory = 0;
    for (let run = 0; run < runs; run++) {
      floor.push(readAll());
      ready.push(await bench.restart());
      memory = Math.max(memory, (await controlPlane.state()).memoryBytes);
    }
    return {
      unit: "ms to ready",
      value: median(ready),
      floor: median(floor),
      ratio: median(ready) / median(floor),
      reach: "report",
      rows: [
        { what: "accounts", measured: tenants * perTenant },
        { what: "devices", measured: tenants * perTenant },
        { what: "bytes on disk, MB", measured: Math.round(bytes / 1e6) },
        { what: "ready (kernel loaded, API open), ms", measured: Math.round(median(ready)) },
        { what: "reading the bytes, ms", measured: Math.round(median(floor)) },
        { what: "agent's memory, MB", measured: Math.round(memory / 1e6) },
      ],
    };
  } finally {
    await bench.destroy();
  }
}
