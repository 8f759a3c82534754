import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClientKey, createServerKey, readClientKey } from "./tls-crypt-v2";

let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "machines-tls-crypt-"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  openssl(...selfSigned("server"));
  openssl(...selfSigned("client"));
});
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("tls-crypt-v2 keys made here", () => {
  test("open a real openvpn server: the client gets through TLS", async () => {
    const serverKey = createServerKey();
    const seen = await handshake(serverKey, createClientKey(serverKey, "0192-account"));
    expect(seen.client).toMatch(/Peer Connection Initiated|Initialization Sequence Completed/);
  });

  test("are refused by openvpn when wrapped under another server key, before TLS begins", async () => {
    const seen = await handshake(createServerKey(), createClientKey(createServerKey(), "0192-account"));
    expect(seen.server).toMatch(/tls-crypt-v2|unwrap/i);
    expect(seen.client).not.toMatch(/Peer Connection Initiated/);
  });

  test("a key that openvpn itself wraps is read by ours", () => {
    const serverKey = createServerKey();
    writeFileSync(join(folder, "s.key"), serverKey);
    const metadata = Buffer.from("ours").toString("base64");
    execFileSync("openvpn", ["--tls-crypt-v2", "s.key", "--genkey", "tls-crypt-v2-client", "c.key", metadata], {
      cwd: folder,
      stdio: "pipe",
    });
    const made = execFileSync("cat", ["c.key"], { cwd: folder }).toString();
    expect(readClientKey(serverKey, made)).toEqual({ label: "ours" });
  });
});

const selfSigned = (name: string) =>
  `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name} -keyout ${name}.pem -out ${name}.crt`.split(
    " ",
  );

/** Both ends over loopback with no tun device; gives what each logged until it was decided. */
async function handshake(serverKey: string, clientKey: string): Promise<{ server: string; client: string }> {
  writeFileSync(join(folder, "server.key"), serverKey);
  writeFileSync(join(folder, "client.key"), clientKey);
  const port = await freeUdpPort();
  const common = ["--dev", "null", "--verb", "4", "--data-ciphers", "AES-256-GCM", "--ping", "1", "--hand-window", "6"];
  const server = run([
    ...["--tls-server", "--port", String(port), "--local", "127.0.0.1", "--dh", "none"],
    ...["--cert", "server.crt", "--key", "server.pem", "--ca", "client.crt", "--tls-crypt-v2", "server.key", ...common],
  ]);
  await server.sees(/UDPv4 link remote|Initialization Sequence Completed/);
  const client = run([
    ...["--tls-client", "--remote", "127.0.0.1", String(port), "udp", "--nobind", "--cert", "client.crt"],
    ...["--key", "client.pem", "--ca", "server.crt", "--tls-crypt-v2", "client.key", ...common],
  ]);
  await Promise.race([
    client.sees(/Peer Connection Initiated|Initialization Sequence Completed|TLS handshake failed/),
    server.sees(/tls-crypt-v2.*(fail|error)|can ?not unwrap|failed to unwrap/i),
  ]);
  server.stop();
  client.stop();
  return { server: server.text(), client: client.text() };
}

function run(args: string[]) {
  const child = spawn("openvpn", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let text = "";
  const listeners = new Set<() => void>();
  child.stdout.on("data", (chunk) => {
    text += chunk;
    for (const listener of listeners) listener();
  });
  return {
    text: () => text,
    stop: () => child.kill("SIGKILL"),
    sees: (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const look = () => pattern.test(text) && resolve();
        listeners.add(look);
        child.once("exit", (code) => setImmediate(() => reject(new Error(`openvpn ended with ${code}:\n${text}`))));
        look();
      }),
  };
}

function freeUdpPort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
