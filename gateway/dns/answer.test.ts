import { decode, encode, type Packet, type RecordType } from "dns-packet";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { emptyDocument, type TenantDocument } from "../protocol/document";
import { plainAccount, plainDevice, plainTenant } from "../testing/values";
import { answer } from "./answer";
import { Directory } from "./directory";

const zone = "vpn.internal";
const ana = "100.64.16.1";
const boris = "100.64.16.2";
const crane = "100.64.16.9";
let harbour: TenantDocument;
let directory: Directory;

beforeEach(() => {
  harbour = emptyDocument("harbour");
  harbour.tenant = { ...plainTenant, label: "harbour", blocks: ["100.64.16.0/20"] };
  harbour.networks.set("plant", { cidr: "10.0.0.0/24" });
  const rules = [{ protocol: "tcp" as const, from: 80, to: 80 }];
  harbour.policies.set("p", { name: "cranes", isEnabled: true, groups: ["cranes"], rules });
  harbour.accounts.set("ana", { ...plainAccount, address: ana, policies: ["p"] });
  harbour.accounts.set("boris", { ...plainAccount, address: boris });
  harbour.devices.set("crane", { ...plainDevice, label: "crane-4", attachment: "openvpn", address: crane, groups: ["cranes"] }); // biome-ignore format: one line
  harbour.devices.set("pump", { ...plainDevice, label: "pump", address: "10.0.0.10", groups: ["pumps"] });
  const yard = emptyDocument("yard");
  yard.tenant = { ...plainTenant, number: 2, label: "yard", blocks: ["100.64.32.0/24"] };
  yard.accounts.set("cora", { ...plainAccount, address: "100.64.32.1" });
  const documents = new Map([harbour, yard].map((document) => [document.tenantId, document]));
  directory = new Directory((tenantId) => documents.get(tenantId));
  for (const document of documents.values()) directory.add(document);
});

function ask(from: string, name: string, type: RecordType = "A") {
  const query = encode({ type: "query", id: 7, flags: 0x100, questions: [{ type, name, class: "IN" }] });
  const said = answer(directory, zone, from, query);
  if (!said) throw new Error("nothing was said");
  const packet = decode(said) as unknown as Packet & { rcode: string };
  return { code: packet.rcode, data: packet.answers?.map((one) => ("data" in one ? one.data : null)), packet };
}

describe("a device's name", () => {
  it("is told to a person who may reach the device, in any case, and back from its address", () => {
    expect(ask(ana, "crane-4.harbour.vpn.internal")).toMatchObject({ code: "NOERROR", data: [crane] });
    expect(ask(ana, "Crane-4.Harbour.VPN.internal")).toMatchObject({ code: "NOERROR", data: [crane] });
    expect(ask(ana, "9.16.64.100.in-addr.arpa", "PTR").data).toEqual(["crane-4.harbour.vpn.internal"]);
  });

  it("is there, with no address of another kind", () => {
    const { code, data, packet } = ask(ana, "crane-4.harbour.vpn.internal", "AAAA");
    expect({ code, data }).toEqual({ code: "NOERROR", data: [] });
    expect(packet.authorities).toMatchObject([{ type: "SOA", name: zone }]);
  });

  it.each([
    ["a person who may not", boris, "NXDOMAIN"],
    ["another tenant's", "100.64.32.1", "NXDOMAIN"],
    ["a device", crane, "REFUSED"],
    ["nobody known", "100.64.16.77", "REFUSED"],
    ["somebody of no tenant", "192.0.2.1", "REFUSED"],
  ])("is no name to %s", (_who, from, code) => {
    const told = ask(from, "crane-4.harbour.vpn.internal");
    expect(told).toMatchObject({ code, data: [] });
    expect(ask(from, "9.16.64.100.in-addr.arpa", "PTR")).toMatchObject({ code: "REFUSED", data: [] });
  });

  it("that is not there reads as one that may not be known", () => {
    const hidden = ask(ana, "pump.harbour.vpn.internal");
    expect({ ...ask(ana, "none.harbour.vpn.internal").packet, questions: [] }).toEqual({ ...hidden.packet, questions: [] }); // biome-ignore format: one line
    expect(hidden.code).toBe("NXDOMAIN");
  });

  it("goes with the permission, and comes with it", () => {
    const change = (isEnabled: boolean) => {
      const before = harbour.policies.get("p")!;
      harbour.policies.set("p", { ...before, isEnabled });
      directory.follow("harbour", { kind: "policy", id: "p", before, after: harbour.policies.get("p")! });
    };
    change(false);
    expect(ask(ana, "crane-4.harbour.vpn.internal").code).toBe("NXDOMAIN");
    change(true);
    expect(ask(ana, "crane-4.harbour.vpn.internal").data).toEqual([crane]);
  });

  it("follows the device's label and address", () => {
    const before = harbour.devices.get("crane")!;
    expect(ask(ana, "crane-4.harbour.vpn.internal").data).toEqual([crane]);
    const after = { ...before, label: "crane-5", address: "100.64.16.10" };
    harbour.devices.set("crane", after);
    directory.follow("harbour", { kind: "device", id: "crane", before, after });
    expect(ask(ana, "crane-4.harbour.vpn.internal").code).toBe("NXDOMAIN");
    expect(ask(ana, "crane-5.harbour.vpn.internal").data).toEqual(["100.64.16.10"]);
    expect(ask(ana, "9.16.64.100.in-addr.arpa", "PTR").code).toBe("REFUSED");
  });
});

describe("the resolver", () => {
  it("resolves nothing outside its zone", () => {
    for (const name of ["example.com", "internal", "evilvpn.internal", ".", "1.1.1.1.in-addr.arpa"])
      expect(ask(ana, name).code).toBe("REFUSED");
  });

  it("says nothing to an answer, so that two cannot talk for ever", () => {
    const said = answer(directory, zone, ana, encode({ type: "response", id: 1, questions: [] }));
    expect(said).toBeUndefined();
  });

  it("takes any bytes without failing, answers under their id, within what UDP carries, and never names what is hidden", () => {
    const query = encode({ type: "query", id: 1, questions: [{ type: "A", name: "pump.harbour.vpn.internal" }] });
    const twisted = fc.array(fc.tuple(fc.nat(query.length - 1), fc.nat(255)), { maxLength: 6 }).map((changes) => {
      const bytes = Buffer.from(query);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
    const bytes = fc.oneof(twisted, fc.uint8Array({ maxLength: 600 }).map(Buffer.from));
    fc.assert(
      fc.property(bytes, fc.constantFrom(ana, boris, crane, "192.0.2.1"), (message, from) => {
        const said = answer(directory, zone, from, Buffer.from(message));
        if (!said) return;
        expect(said.readUInt16BE(0)).toBe(message.readUInt16BE(0));
        expect(said[2]! & 0x80).toBe(0x80);
        expect(said.length).toBeLessThanOrEqual(512);
        expect(said.includes(Buffer.from([10, 0, 0, 10]))).toBe(false);
      }),
      { numRuns: 3_000 },
    );
  });
});
