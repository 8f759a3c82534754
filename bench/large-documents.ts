/** Ten tenants of 10,000 accounts and 10,000 devices each, for benches of the agent alone. */
import { formatAddress, parseAddress } from "../gateway/protocol/addresses";
import type { Entry } from "../gateway/protocol/document";
import { plainAccount, plainDevice, plainTenant } from "../gateway/testing/values";
import { type BenchGateway, uuid } from "./lab-gateway";

export const tenants = 10;
/** Fewer, to see that a bench runs. */
export const perTenant = Number(process.env.BENCH_PER_TENANT ?? 10_000);

/** Each tenant has so many groups, and a policy for each; tenants are numbered on from `firstTenant`. */
export async function pushLargeDocuments(
  { controlPlane }: Pick<BenchGateway, "controlPlane">,
  { groups = 20, firstTenant = 1 } = {},
): Promise<void> {
  for (let number = firstTenant; number < firstTenant + tenants; number++) {
    const answer = await controlPlane.push(uuid(number), [...document(number, groups, controlPlane.gatewayId)]);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  }
}

function* document(number: number, groups: number, gatewayId: string): Generator<Entry> {
  const id = (kind: number, n: number) => uuid(number * 1e8 + kind * 1e7 + n);
  const base = parseAddress("100.64.64.0") + number * 16_384;
  yield {
    kind: "tenant",
    id: uuid(number),
    value: { ...plainTenant, number, name: `tenant ${number}`, state: "active", blocks: [`${formatAddress(base)}/18`] },
  };
  yield { kind: "network", id: id(1, 0), value: { cidr: "10.0.0.0/16" } };
  yield { kind: "uplink", id: gatewayId, value: { interface: "mgmt", nextHop: null } };
  for (let n = 0; n < groups; n++) {
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
        policies: [id(2, n % groups)],
      },
    };
    const address = formatAddress(parseAddress("10.0.0.1") + n);
    yield {
      kind: "device",
      id: id(5, n),
      value: { ...plainDevice, name: `device ${n}`, address, groups: [id(3, n % groups)] },
    };
  }
}
