import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CodecError,
  type Command,
  commands,
  Decoder,
  type Message,
  normalizeRealAddress,
  parseLeaving,
  parseState,
  parseStatus,
  quote,
  ReplyReader,
} from "./codec";
import {
  clientBlock,
  connectEnvironment,
  goodbyeLine,
  greeting,
  statusHead,
  statusRows,
  statusTail,
} from "./transcript";

const bytes = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
const decode = (input: Buffer) => new Decoder().push(input);
const plain = (messages: Message[]) =>
  messages.map((m) => (m.type === "client" ? { ...m, environment: [...m.environment], repeated: [...m.repeated] } : m));

const transcript = [
  greeting,
  "SUCCESS: real-time state notification set to ON",
  "1795325241,CONNECTED,SUCCESS,100.64.0.1,,,,",
  "END",
  ...clientBlock("CONNECT,1,1", connectEnvironment),
  "SUCCESS: client-auth command succeeded",
  ">CLIENT:ADDRESS,1,100.64.3.7,1",
  ...clientBlock("ESTABLISHED,1", ["n_clients=1"]),
  ">BYTECOUNT_CLI:1,1904,1775",
  ">NOTIFY:info,remote-exit,EXIT",
  ...clientBlock("DISCONNECT,0", []),
  ">STATE:1795325340,RECONNECTING,SIGHUP,,,,,",
];

/** Cuts a buffer at arbitrary places, empty pieces included. */
const cuts = (input: Buffer) =>
  fc
    .array(fc.nat(input.length), { maxLength: 40 })
    .map((places) => [0, ...places.sort((a, b) => a - b), input.length])
    .map((places) => places.slice(1).map((end, index) => input.subarray(places[index], end)));

describe("decoding", { timeout: 20_000 }, () => {
  it("reads what openvpn says", () => {
    const messages = decode(bytes(transcript));
    expect(messages.map((m) => (m.type === "client" ? m.event : m.type))).toEqual([
      "notice",
      "reply",
      "reply",
      "reply",
      "CONNECT",
      "reply",
      "notice",
      "ESTABLISHED",
      "notice",
      "notice",
      "DISCONNECT",
      "state",
    ]);
    const connect = messages[4]!;
    expect(connect).toMatchObject({ clientId: 1, keyId: 1 });
    expect(connect.type === "client" && connect.environment.get("password")).toBe('p"a\\ss');
    expect(connect.type === "client" && connect.environment.get("untrusted_ip")).toBe("192.0.2.2");
    expect(messages[11]).toEqual({ type: "state", at: 1795325340, state: "RECONNECTING", detail: "SIGHUP" });
  });

  it("is the same wherever the reads are split", () => {
    const input = bytes(transcript);
    const whole = plain(decode(input));
    fc.assert(
      fc.property(cuts(input), (pieces) => {
        const decoder = new Decoder();
        expect(plain(pieces.flatMap((piece) => decoder.push(piece)))).toEqual(whole);
      }),
    );
    const decoder = new Decoder();
    expect(plain([...input].flatMap((byte) => decoder.push(Buffer.from([byte]))))).toEqual(whole);
  });

  it("tells a reply from the notifications between its lines", () => {
    const reply = [...statusHead, ...statusRows, ...statusTail];
    const noise = fc.constantFrom(
      [">BYTECOUNT_CLI:1,2,3"],
      [">LOG:1795325340,,END"],
      [">STATE:1795325340,CONNECTED,SUCCESS,,,,,"],
      clientBlock("DISCONNECT,7", ["username=END"]),
      clientBlock("CONNECT,8,1", connectEnvironment),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(reply.length), noise), { maxLength: 8 }), (insertions) => {
        const lines = reply.flatMap((line, index) => [
          ...insertions.filter(([at]) => at === index).flatMap(([, block]) => block),
          line,
        ]);
        const reader = new ReplyReader("block");
        const messages = decode(bytes(lines));
        const replies = messages.flatMap((m) => (m.type === "reply" ? (reader.push(m.line) ?? []) : []));
        expect(replies).toEqual([{ ok: true, lines: reply.slice(0, -1) }]);
        expect(messages.length - reply.length).toBe(insertions.filter(([at]) => at < reply.length).length);
      }),
    );
  });

  it("holds whatever a client puts into a field inside that field", () => {
    const field = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array)),
      fc.string({ unit: "binary", maxLength: 200 }).map((text) => Buffer.from(text)),
      fc.constantFrom(
        Buffer.from("END"),
        Buffer.from(">CLIENT:ENV,END"),
        Buffer.from('"; client-auth 1 1'),
        Buffer.from([0xff, 0xfe, 0x00, 0xc0, 0x80]),
        Buffer.alloc(10_240, "é"),
        Buffer.alloc(10_240, 0),
      ),
    );
    fc.assert(
      fc.property(field, field, (username, password) => {
        // openvpn itself lets no line break through; everything else is tried.
        const [user, pass] = [username, password].map((value) => value.filter((byte) => byte !== 10 && byte !== 13));
        const input = Buffer.concat([
          bytes([">CLIENT:CONNECT,4,2"]),
          Buffer.from(">CLIENT:ENV,username="),
          Buffer.from(user!),
          bytes(["", ">CLIENT:ENV,tls_digest_sha256_0=aa"]),
          Buffer.from(">CLIENT:ENV,password="),
          Buffer.from(pass!),
          bytes(["", ">CLIENT:ENV,END"]),
        ]);
        const messages = decode(input);
        expect(messages).toHaveLength(1);
        const [message] = messages;
        expect(message).toMatchObject({ type: "client", event: "CONNECT", clientId: 4, keyId: 2 });
        if (message?.type !== "client") return;
        expect([...message.environment.keys()]).toEqual(["username", "tls_digest_sha256_0", "password"]);
        expect(message.environment.get("tls_digest_sha256_0")).toBe("aa");
        expect(message.environment.get("password")).toBe(Buffer.from(pass!).toString("utf8"));
      }),
    );
  });

  it("notes a name that came twice: one of them is forged", () => {
    const [message] = decode(bytes(clientBlock("CONNECT,1,1", ["tls_digest_sha256_0=aa", "tls_digest_sha256_0=bb"])));
    expect(message?.type === "client" && [...message.repeated]).toEqual(["tls_digest_sha256_0"]);
  });

  it.each([
    ["a line without an end", Buffer.alloc(300_000, "x")],
    ["a block inside a block", bytes([">CLIENT:CONNECT,1,1", ">CLIENT:CONNECT,2,1"])],
    ["an environment outside a block", bytes([">CLIENT:ENV,a=b"])],
    [
      "an environment without an end",
      bytes([">CLIENT:CONNECT,1,1", ...Array.from({ length: 5_000 }, (_, n) => `>CLIENT:ENV,a${n}=b`)]),
    ],
    ["a client without a number", bytes([">CLIENT:CONNECT,x,1"])],
    ["a negative client", bytes([">CLIENT:DISCONNECT,-1"])],
  ])("refuses %s", (_what, input) => {
    expect(() => decode(input)).toThrow(CodecError);
  });
});

describe("replies", () => {
  it("of one line are success or error, and nothing else", () => {
    expect(new ReplyReader("line").push("SUCCESS: pid=5821")).toEqual({ ok: true, lines: ["pid=5821"] });
    expect(new ReplyReader("line").push("ERROR: client-kill command failed")).toEqual({
      ok: false,
      message: "client-kill command failed",
    });
    expect(() => new ReplyReader("line").push("END")).toThrow(CodecError);
  });

  it("of many lines end with END", () => {
    const reader = new ReplyReader("block");
    expect(reader.push("one")).toBeNull();
    expect(reader.push("ERROR: is a line like any other here")).toBeNull();
    expect(reader.push("END")).toEqual({ ok: true, lines: ["one", "ERROR: is a line like any other here"] });
  });

  it("to status give the clients, let in or not", () => {
    const { clients, isWhole } = parseStatus([...statusHead, ...statusRows, ...statusTail]);
    expect(isWhole).toBe(true);
    expect(clients).toEqual([
      {
        clientId: 2,
        commonName: "acc-ana",
        realAddress: "192.0.2.2:42019",
        vpnAddress: "100.64.3.7",
        received: 1905,
        sent: 2115,
        cipher: "AES-256-GCM",
      },
      expect.objectContaining({ clientId: 3, vpnAddress: null }),
    ]);
  });

  it("to status cannot be bent by a user name", () => {
    const row = statusRows[0]!.replace("\tx\t", "\tx\t9\t9\tNONE\t");
    const { clients } = parseStatus([row, "END"]);
    expect(clients).toMatchObject([{ clientId: 2, realAddress: "192.0.2.2:42019", cipher: "AES-256-GCM" }]);
  });

  it.each([
    ["that breaks off", [statusRows[0]!], 1],
    ["with a row that breaks off", [statusRows[0]!, statusRows[1]!.slice(0, 60), "END"], 1],
    ["with a client of no number", [statusRows[0]!.replace("\t2\t1\t", "\t\t1\t"), "END"], 0],
    ["of nothing at all", [], 0],
  ])("to status %s is not whole", (_what, lines, read) => {
    const status = parseStatus(lines);
    expect(status).toMatchObject({ isWhole: false });
    expect(status.clients).toHaveLength(read);
  });

  it("to state give the time of the last start", () => {
    expect(parseState("1795325241,CONNECTED,SUCCESS,100.64.0.1,,,,")).toEqual({
      at: 1795325241,
      state: "CONNECTED",
      detail: "SUCCESS",
    });
  });

  it.each([
    ["192.0.2.2:42019", "192.0.2.2:42019"],
    ["udp4:192.0.2.2:42019", "192.0.2.2:42019"],
    ["tcp4-server:192.0.2.2:42019", "192.0.2.2:42019"],
    ["tcp4-server:[AF_INET]192.0.2.2:42019", "192.0.2.2:42019"],
    ["udp6:[2001:db8::1]:42019", "[2001:db8::1]:42019"],
  ])("give the real address %s as %s", (given, address) => {
    expect(normalizeRealAddress(given)).toBe(address);
  });
});

describe("who says goodbye", () => {
  it("is read from openvpn's own words of its log", () => {
    const lines = [
      "1795621064,I,192.0.2.2:50001 peer info: IV_VER=2.6.14",
      goodbyeLine("acc-ana", "192.0.2.2:50001", 1795621064),
    ];
    expect(parseLeaving(lines)).toEqual([{ at: 1795621064, realAddress: "192.0.2.2:50001" }]);
  });

  it("is nobody else's to say", () => {
    const words = "acc-ana/192.0.2.2:50001 CC-EEN exit message received by peer";
    for (const before of ["192.0.2.9:1 peer info: UV_NAME=", "acc-eve/192.0.2.9:1 peer info: UV_NAME=", "192.0.2.9:1/"])
      expect(parseLeaving([`1795621064,I,${before}${words}`])).toEqual([]);
    expect(parseLeaving([`1795621064,N,${words} and more`])).toEqual([]);
  });
});

describe("encoding", { timeout: 20_000 }, () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({
      unit: fc.constantFrom('"', "\\", "'", " ", "a", "\n", "\r", "\0", "#", ";", "é", "\t"),
      maxLength: 40,
    }),
    fc.constantFrom('" "', '\\" injected', "END", "x".repeat(10_240)),
  );
  const attempt = (make: () => Command): Command | null => {
    try {
      return make();
    } catch (error) {
      expect(error).toBeInstanceOf(CodecError);
      return null;
    }
  };

  it("says as much of a reason as openvpn reads, exactly as it is, or throws", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(10), anyText, anyText, (clientId, keyId, log, client) => {
        const command = attempt(() => commands.clientDeny(clientId, keyId, log, client));
        if (!command) return;
        const text = command.bytes.toString("utf8");
        expect(text.indexOf("\n")).toBe(text.length - 1);
        expect(command.bytes.length).toBeLessThan(1_024);
        const wellFormed = (value: string) => Buffer.from(value).toString("utf8");
        const [name, ...said] = parseLine(text.slice(0, -1));
        expect([name, ...said.slice(0, 2)]).toEqual(["client-deny", String(clientId), String(keyId)]);
        for (const [n, whole] of [log, client].map(wellFormed).entries()) {
          const read = said[n + 2]!;
          expect(Buffer.byteLength(read)).toBeLessThan(256);
          expect(read === whole || whole.startsWith(read.slice(0, -1))).toBe(true);
          expect(read === whole || Buffer.byteLength(read) > 120).toBe(true);
        }
      }),
    );
  });

  it("puts options into a block as they are, one a line, or throws", () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 5 }), (options) => {
        const command = attempt(() => commands.clientAuth(3, 1, options));
        if (!command) return;
        const lines = command.bytes.toString("utf8").split("\n");
        expect(lines[0]).toBe("client-auth 3 1");
        expect(lines.slice(-2)).toEqual(["END", ""]);
        expect(lines.slice(1, -2)).toHaveLength(options.length);
        for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThan(255);
      }),
    );
  });

  it.each([
    ["an option over 254 bytes", () => commands.clientAuth(1, 1, [`push "${"x".repeat(248)}"`])],
    ["an option over 254 bytes in fewer characters", () => commands.clientAuth(1, 1, ["é".repeat(128)])],
    ["an option that ends the block", () => commands.clientAuth(1, 1, ["END"])],
    ["a line break in an option", () => commands.clientAuth(1, 1, ["ifconfig-push 1.2.3.4 255.0.0.0\npush x"])],
    ["a line break in a reason", () => commands.clientKill(1, "HALT,no\nkill x")],
    ["a NUL", () => commands.clientKill(1, "HALT,\0")],
    ["a client that is no number", () => commands.clientKill(Number.NaN)],
    ["half a client", () => commands.clientKill(1.5)],
    ["an address that is none", () => commands.kill("ana 1.2.3.4:5")],
  ])("refuses %s", (_what, make) => {
    expect(make).toThrow(CodecError);
  });

  it("says what it is known to say", () => {
    const text = (command: Command) => command.bytes.toString("utf8");
    expect(text(commands.clientKill(7))).toBe("client-kill 7\n");
    expect(text(commands.clientKill(7, 'HALT,your "access" was revoked'))).toBe(
      'client-kill 7 "HALT,your \\"access\\" was revoked"\n',
    );
    expect(text(commands.kill("192.0.2.2:42019"))).toBe("kill 192.0.2.2:42019\n");
    expect(text(commands.status())).toBe("status 3\npid\n");
    expect(quote("plain")).toBe('"plain"');
  });
});

/** openvpn's own `parse_line` (options.c, 2.6), as the other side reads what we send. */
function parseLine(line: string): string[] {
  const parameters: string[] = [];
  let state: "initial" | "unquoted" | "quoted" | "single" = "initial";
  let isEscaped = false;
  let current = "";
  for (const character of `${line}\0`) {
    if (!isEscaped && character === "\\" && state !== "single") {
      isEscaped = true;
      continue;
    }
    let isDone = false;
    const isSpace = /^[ \t\0]$/.test(character);
    if (state === "initial") {
      if (!isSpace) {
        if ((character === ";" || character === "#") && !isEscaped) break;
        if (!isEscaped && character === '"') state = "quoted";
        else if (!isEscaped && character === "'") state = "single";
        else {
          current = character;
          state = "unquoted";
        }
      }
    } else if (state === "unquoted") {
      if (!isEscaped && isSpace) isDone = true;
      else current += character;
    } else if (state === "quoted") {
      if (!isEscaped && character === '"') isDone = true;
      else current += character;
    } else if (character === "'") isDone = true;
    else current += character;
    if (isDone) {
      parameters.push(current);
      current = "";
      state = "initial";
    }
    isEscaped = false;
  }
  if (state !== "initial") throw new Error("openvpn would complain of a missing quote");
  return parameters;
}
