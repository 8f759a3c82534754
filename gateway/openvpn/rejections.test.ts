import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LogTail } from "./log-tail";
import { parseNewcomer, parseRejection, Rejections } from "./rejections";

const at = "2026-11-30 22:35:07";

describe("openvpn's log", () => {
  it.each([
    [`${at} 192.0.2.2:34859 VERIFY ERROR: depth=0, error=certificate has expired: CN=expired, serial=1`, "has expired"],
    [
      `${at} 192.0.2.2:34859 VERIFY ERROR: depth=1, error=self-signed certificate in certificate chain: CN=ca, serial=1`,
      "self-signed certificate in certificate chain",
    ],
    [
      `${at} TLS Error: can not extract tls-crypt-v2 client key from [AF_INET]192.0.2.2:34859`,
      "tls-crypt-v2 key is not",
    ],
    [
      `${at} 192.0.2.2:34859 TLS Error: can not extract tls-crypt-v2 client key from [AF_INET]192.0.2.2:34859`,
      "tls-crypt-v2 key is not",
    ],
    [`${at} TLS Error: could not determine wrapping from [AF_INET]192.0.2.2:34859`, "without a tls-crypt-v2 key"],
    [
      `${at} 192.0.2.2:34859 TLS Error: TLS key negotiation failed to occur within 20 seconds (check your network connectivity)`,
      "did not end it in time",
    ],
    [
      `${at} 192.0.2.2:34859 WARNING: Bad encapsulated packet length from peer (26725), which must be > 0`,
      "not OpenVPN's",
    ],
  ])("%s", (line, reason) => {
    expect(parseRejection(line)).toEqual({ realAddress: "192.0.2.2:34859", reason: expect.stringContaining(reason) });
  });

  it.each([
    `${at} 192.0.2.9:1 peer info: UV_X=${at} 192.0.2.2:1 VERIFY ERROR: depth=0, error=certificate has expired: CN=x`,
    `${at} acc/192.0.2.9:1 peer info: TLS Error: could not determine wrapping from [AF_INET]192.0.2.2:1`,
    `${at} 192.0.2.9:1 TLS Error: TLS handshake failed`,
    "",
  ])("is believed in openvpn's own words only: %s", (line) => {
    expect(parseRejection(line)).toBeNull();
    expect(parseNewcomer(line)).toBeNull();
  });
});

describe("those that were turned away", () => {
  it("are counted and told once a minute", () => {
    let now = 0;
    const told: string[] = [];
    const rejections = new Rejections(
      (address, reason) => told.push(`${address}: ${reason}`),
      () => now,
    );
    rejections.add({ realAddress: "192.0.2.2:1", reason: "expired" });
    rejections.flush();
    expect(told).toEqual(["192.0.2.2: expired"]);
    for (const port of [2, 3]) rejections.add({ realAddress: `192.0.2.2:${port}`, reason: "expired" });
    now = 59_000;
    rejections.flush();
    expect(told).toHaveLength(1);
    now = 60_000;
    rejections.flush();
    expect(told[1]).toBe("192.0.2.2: expired (2 times within a minute)");
  });

  it("are not taken for others when they go on sending, nor is whoever had a connection", () => {
    const told: string[] = [];
    const rejections = new Rejections(
      (address) => told.push(address),
      () => 0,
    );
    const keyless = (realAddress: string) => {
      const line = `${at} TLS Error: could not determine wrapping from [AF_INET]${realAddress}`;
      rejections.add(parseRejection(line)!);
    };
    rejections.notePeer("192.0.2.2:1");
    keyless("192.0.2.2:1");
    keyless("192.0.2.3:1");
    rejections.flush();
    expect(told).toEqual(["192.0.2.3"]);
  });

  it("from everywhere are a bounded number", () => {
    const told: string[] = [];
    const rejections = new Rejections(
      (address) => told.push(address),
      () => 0,
    );
    for (let n = 0; n < 20_000; n++) rejections.add({ realAddress: `10.0.${n >> 8}.${n & 255}:1`, reason: "r" });
    rejections.flush();
    expect(told).toHaveLength(101);
    expect(told).toContain("elsewhere");
  });
});

describe("the tail of a log", () => {
  it("is whole lines, each once, from its opening on, also where the file is emptied or floods", () => {
    const folder = mkdtempSync(join(tmpdir(), "tail-"));
    const path = join(folder, "log");
    try {
      writeFileSync(path, "before\n");
      const tail = new LogTail(path, 100);
      expect(tail.read()).toEqual([]);
      appendFileSync(path, "one\ntw");
      expect(tail.read()).toEqual(["one"]);
      appendFileSync(path, "o\n");
      expect(tail.read()).toEqual(["two"]);
      writeFileSync(path, "new\n");
      expect(tail.read()).toEqual(["new"]);
      appendFileSync(path, `${Array.from({ length: 1_000 }, (_, n) => `line ${n}`).join("\n")}\n`);
      const lines = tail.read();
      expect(lines.at(-1)).toBe("line 999");
      expect(lines.length).toBeLessThan(12);
      expect(lines.every((line) => /^line \d{3}$/.test(line))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
