import { describe, expect, it } from "vitest";
import { Directory } from "../dns/directory";
import { emptyDocument, putEntry, type TenantDocument } from "../protocol/document";
import { maxRefusedFlows } from "../protocol/events";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { parseRefused, type Refused, refusedPackets } from "./refused";

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const [anna, pump, camera] = [id(11), id(21), id(22)];

function tenant(number: number): TenantDocument {
  const document = emptyDocument(id(number));
  const blocks = [`100.64.${number}.0/24`];
  putEntry(document, { kind: "tenant", id: id(number), value: { ...plainTenant, number, blocks } });
  putEntry(document, { kind: "account", id: anna, value: { ...plainAccount, address: `100.64.${number}.1` } });
  putEntry(document, { kind: "device", id: pump, value: { ...plainDevice, address: `10.0.${number}.10` } });
  const tunnel = { ...plainDevice, attachment: "openvpn" as const, address: `100.64.${number}.2` };
  putEntry(document, { kind: "device", id: camera, value: tunnel });
  return document;
}

function directoryOf(...documents: TenantDocument[]): Directory {
  const directory = new Directory((tenantId) => documents.find((document) => document.tenantId === tenantId));
  for (const document of documents) directory.add(document);
  return directory;
}

const refused = (source: string, destination: string, port = 502): Refused => ({
  ...{ source, destination, protocol: "tcp", port, packets: 3 },
});

describe("what was refused", () => {
  it("is read from what nft prints, by names or by numbers, a ping without a port", () => {
    const element = (...concat: (string | number)[]) => ({ elem: { val: { concat }, expires: 9, counter: { packets: 2, bytes: 80 } } }); // biome-ignore format: one line
    const [from, to] = ["100.64.1.1", "10.0.1.10"];
    const elem = [element(from, to, "tcp", 502), element(from, to, 17, 53), element(from, to, "icmp", 2048)];
    const print = (set: object) => JSON.stringify({ nftables: [{ metainfo: {} }, { set }] });
    expect(parseRefused(print({ name: "refused", elem }))).toEqual([
      { source: from, destination: to, protocol: "tcp", port: 502, packets: 2 },
      { source: from, destination: to, protocol: "udp", port: 53, packets: 2 },
      { source: from, destination: to, protocol: "icmp", port: null, packets: 2 },
    ]);
    expect(parseRefused(print({ name: "refused" }))).toEqual([]);
  });

  it("is told by who sent it, a person or a device, and names the device that it was for", () => {
    const all = [refused("100.64.1.1", "10.0.1.10"), refused("100.64.1.2", "100.64.1.1")];
    const flow = { protocol: "tcp", port: 502, packets: 3 };
    expect(refusedPackets(all, directoryOf(tenant(1)))).toEqual([
      [
        {
          tenantId: id(1),
          flows: [
            { accountId: anna, deviceId: null, destination: "10.0.1.10", targetId: pump, ...flow },
            { accountId: null, deviceId: camera, destination: "100.64.1.1", targetId: null, ...flow },
          ],
        },
      ],
    ]);
  });

  it("names nobody of another tenant, and is left out where nobody has the sender's address", () => {
    const all = [refused("100.64.1.1", "10.0.2.10"), refused("100.64.1.1", "100.64.2.2"), refused("100.64.3.1", "10.0.1.10")]; // biome-ignore format: one line
    const [portion] = refusedPackets(all, directoryOf(tenant(1), tenant(2)));
    expect(portion).toMatchObject([{ tenantId: id(1), flows: [{ targetId: null }, { targetId: null }] }]);
  });

  it("is told in events of bounded size, and by none where there is nothing to tell", () => {
    const all = Array.from({ length: maxRefusedFlows + 1 }, (_, n) => refused("100.64.1.1", "10.0.1.10", n));
    const sizes = refusedPackets(all, directoryOf(tenant(1))).map(([told]) => told!.flows.length);
    expect(sizes).toEqual([maxRefusedFlows, 1]);
    expect(refusedPackets([], directoryOf(tenant(1)))).toEqual([]);
  });
});
