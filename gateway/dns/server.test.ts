import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { decode, encode } from "dns-packet";
import fc from "fast-check";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Names } from "./answer";
import { createDnsServer, type DnsServer } from "./server";

/** Knows nobody: every question is refused, under its number. */
const names: Names = { findAsker: () => undefined, findByLabel: () => undefined, findByAddress: () => undefined };
let server: DnsServer;
let port: number;

beforeEach(async () => {
  port = await freePort();
  server = createDnsServer(names, pino({ level: "silent" }), port);
  await server.configure({ address: "127.0.0.1", zone: "vpn.internal" });
  expect(server.failure()).toBeNull();
});
afterEach(() => server.close());

const question = (id: number) =>
  framed(encode({ type: "query", id, questions: [{ type: "A", name: `n${id}.vpn.internal` }] }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(message.length);
  return Buffer.concat([head, message]);
}

/** Says these pieces one by one. @returns the numbers of the answers, when there are so many or the server hangs up */
async function converse(pieces: Uint8Array[], answers: number): Promise<number[]> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const ids: number[] = [];
  let heard = Buffer.alloc(0);
  const over = new Promise<void>((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      while (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE(0)) {
        ids.push(decode(heard.subarray(2, 2 + heard.readUInt16BE(0))).id!);
        heard = heard.subarray(2 + heard.readUInt16BE(0));
      }
      if (ids.length >= answers) resolve();
    });
  });
  for (const piece of pieces) {
    if (socket.destroyed) break;
    await new Promise((resolve) => socket.write(piece, resolve));
  }
  if (answers === 0) socket.end();
  await over;
  socket.destroy();
  return ids;
}

it("answers every question of a connection, in order, wherever it was cut into pieces", async () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(ids, fc.array(fc.nat(300), { maxLength: 12 }), async (asked, cuts) => {
      const bytes = Buffer.concat(asked.map(question));
      const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort((a, b) => a - b);
      const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      expect(await converse(pieces, asked.length)).toEqual(asked);
    }),
    { numRuns: 60 },
  );
});

it("takes any bytes without failing: it hangs up on what is none, and others are answered as before", async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 700 }),
    fc.uint8Array({ maxLength: 512 }).map(framed),
    fc.tuple(fc.nat(65_535), fc.uint8Array({ maxLength: 40 })).map(([length, rest]) => {
      return Buffer.concat([Buffer.from([length >> 8, length & 255]), rest]);
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 4 }), async (pieces) => {
      await converse(pieces, 0);
      expect(await converse([question(7)], 1)).toEqual([7]);
    }),
    { numRuns: 150 },
  );
  expect(server.failure()).toBeNull();
});
