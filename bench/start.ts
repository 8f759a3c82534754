/** How long the agent takes to be ready with 100,000 accounts and 100,000 devices on its disk, and what memory it then has. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatAddress, parseAddress } from "../gateway/protocol/addresses";
import type { Entry } from "../gateway/protocol/document";
import { plainAccount, plainDevice, plainTenant } from "../gateway/testing/values";
import { startBenchGateway, uuid } from "./lab-gateway";
import { median, type Report } from "./report";

const tenants = 10;
const perTenant = 10_000;
const runs = 3;

export async function start(): Promise<Report> {
  const bench = await startBenchGateway(241);
  try {
    const { controlPlane, folder } = bench;
    for (let number = 1; number <= tenants; number++) {
      const answer = await controlPlane.push(uuid(number), [...document(number, controlPlane.gatewayId)]);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    }
    const files = join(folder, "state/tenants");
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

function* document(number: number, gatewayId: string): Generator<Entry> {
  const id = (kind: number, n: number) => uuid(number * 1e8 + kind * 1e7 + n);
  const base = parseAddress("100.64.64.0") + number * 16_384;
  yield {
    kind: "tenant",
    id: uuid(number),
    value: { ...plainTenant, number, name: `tenant ${number}`, state: "active", blocks: [`${formatAddress(base)}/18`] },
  };
  yield { kind: "network", id: id(1, 0), value: { cidr: "10.0.0.0/16" } };
  yield { kind: "uplink", id: gatewayId, value: { interface: "mgmt", nextHop: null } };
  for (let n = 0; n < 20; n++) {
    const rules = [22, 80 + n].map((at) => ({ protocol: "tcp" as const, from: at, to: at }));
    yield { kind: "policy", id: id(2, n), value: { name: `policy ${n}`, isEnabled: true, groups: [id(3, n)], rules } };
  }
  for (let n = 0; n < perTenant; n++) {
    yield {
      kind: "account",
      id: id(4, n),
      value: {
        ...plainAccount,
        name: `person ${n}`,
        state: "active",
        reason: null,
        address: formatAddress(base + 1 + n),
        passwordHash: `$argon2id$v=19$m=19456,t=2,p=1$${"c2FsdHNhbHRzYWx0c2Fs"}$${String(n).padStart(43, "A")}`,
        mustChangePassword: false,
        fingerprints: [`${number}`.padStart(32, "0") + `${n}`.padStart(32, "0")],
        policies: [id(2, n % 20)],
      },
    };
    const address = formatAddress(parseAddress("10.0.0.1") + n);
    yield {
      kind: "device",
      id: id(5, n),
      value: { ...plainDevice, name: `device ${n}`, address, groups: [id(3, n % 20)] },
    };
  }
}
