/** Whatever comes over the management socket, much of it chosen by clients: read as something, or refused as what it is. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { readClaim } from "../auth/claim";
import { CodecError, Decoder, type Message, parseStatus } from "./codec";
import { connectEnvironment, greeting, statusHead, statusRows, statusTail } from "./transcript";

const spoken = [
  greeting,
  ">CLIENT:CONNECT,4,1",
  ...connectEnvironment.map((line) => `>CLIENT:ENV,${line}`),
  ">CLIENT:ENV,END",
  ">BYTECOUNT_CLI:4,1905,2115",
  ">STATE:1795325241,CONNECTED,SUCCESS,100.64.0.1,,,,",
  ...statusHead,
  ...statusRows,
  ...statusTail,
  "SUCCESS: client-kill command succeeded",
];
const whole = Buffer.from(spoken.map((line) => `${line}\r\n`).join(""));

const noise = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom("\n", "\r\n", ">", ">CLIENT:", ",", "\t", "\0", "END", "=", '"', "-1", "99999999999999999999")
    .map((text) => Buffer.from(text)),
);
/** What openvpn says, with pieces of it gone, doubled, or something else in their place. */
const mangled = fc.array(fc.tuple(fc.nat(whole.length), fc.nat(40), noise), { maxLength: 12 }).map((cuts) => {
  let text = whole;
  for (const [at, length, put] of cuts) text = Buffer.concat([text.subarray(0, at), put, text.subarray(at + length)]);
  return text;
});

function hear(bytes: Buffer): Message[] {
  const decoder = new Decoder();
  const heard: Message[] = [];
  try {
    for (let at = 0; at < bytes.length; at += 97) heard.push(...decoder.push(bytes.subarray(at, at + 97)));
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
  }
  return heard;
}

/** A second alone; the machine may be busy. */
const patience = { timeout: 60_000 };

it("bytes that are nearly openvpn's give messages of whole numbers, or a CodecError", patience, () => {
  fc.assert(
    fc.property(mangled, (bytes) => {
      for (const message of hear(bytes)) {
        if (message.type !== "client") continue;
        expect(isCount(message.clientId)).toBe(true);
        expect(message.keyId === null || isCount(message.keyId)).toBe(true);
      }
    }),
    { numRuns: 400 },
  );
});

it("a claim is short, plain and never somebody else's, whatever the client says of itself", patience, () => {
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.constantFrom("", "\u202e", "a:b:c", "1e309", "0x100"),
  );
  const names = connectEnvironment.map((line) => line.slice(0, line.indexOf("=")));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 20 }), (changes) => {
      const environment = new Map(connectEnvironment.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
      for (const [name, to] of changes) environment.set(name, to);
      const claim = readClaim({
        type: "client",
        event: "CONNECT",
        clientId: 1,
        keyId: 1,
        environment,
        repeated: new Set(),
      });
      expect(claim.fingerprint === null || /^[0-9a-f]{64}$/.test(claim.fingerprint)).toBe(true);
      for (const word of [claim.clientVersion, claim.platform])
        expect(word === null || /^[\x21-\x7e]{1,32}$/.test(word)).toBe(true);
      expect([null, "AES-256-GCM", "CHACHA20-POLY1305"]).toContain(claim.cipher);
    }),
    { numRuns: 400 },
  );
});

it("a status that is nearly openvpn's gives clients of whole numbers, and leaves out the others", patience, () => {
  const lines = [...statusHead, ...statusRows, ...statusTail];
  const edit = fc.tuple(
    fc.nat(lines.length - 1),
    fc.nat(14),
    fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom("", "-1", "NaN", "1e9", "UNDEF")),
  );
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 6 }), (edits) => {
      const text = [...lines];
      for (const [line, column, value] of edits) {
        const columns = text[line]!.split("\t");
        columns[column] = value;
        text[line] = columns.join("\t");
      }
      for (const { clientId, received, sent } of parseStatus(text).clients)
        expect([clientId, received, sent].every(isCount)).toBe(true);
    }),
    { numRuns: 400 },
  );
});

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
