/**
 * For lab tests: two network namespaces with a wire between them, a PKI of openssl's, and stock openvpn clients. Everything
 * is real but for the control plane.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionRouter } from "./session-routes";

export interface LabClient {
  process: ChildProcess;
  log(): string;
  exited: Promise<void>;
  stop(): Promise<void>;
}

export interface LabIdentity {
  name: string;
  fingerprint: string;
}

export interface ClientOptions {
  port: number;
  protocol?: "udp" | "tcp";
  password?: string | null;
  username?: string;
  isBound?: boolean;
  options?: string[];
}

let count = 0;

export class Lab {
  readonly folder = mkdtempSync(join(tmpdir(), "gw-lab-"));
  readonly server: string;
  readonly client: string;
  readonly openvpnBin: string;
  #clients = new Set<LabClient>();

  constructor() {
    const name = `gwl${process.pid % 100_000}${count++}`;
    this.server = `${name}s`;
    this.client = `${name}c`;
    for (const namespace of [this.server, this.client]) {
      run("ip", "netns", "add", namespace);
      run("ip", "-n", namespace, "link", "set", "lo", "up");
    }
    run(
      "ip",
      "link",
      "add",
      "wire",
      "netns",
      this.server,
      "type",
      "veth",
      "peer",
      "name",
      "wire",
      "netns",
      this.client,
    );
    this.#address(this.server, "192.0.2.1/24");
    this.#address(this.client, "192.0.2.2/24");
    this.openvpnBin = join(this.folder, "openvpn");
    writeFileSync(this.openvpnBin, `#!/bin/sh\nexec ip netns exec ${this.server} openvpn "$@"\n`);
    chmodSync(this.openvpnBin, 0o755);
    this.#makePki();
  }

  /** A router as the host's would be, without a firewall. */
  router(): SessionRouter & { calls: string[] } {
    const calls: string[] = [];
    const call = async (name: string, ...command: string[]) => {
      calls.push(name);
      execFileSync("ip", ["-n", this.server, ...command], { stdio: "pipe" });
    };
    return {
      calls,
      async prepareTun(device) {
        await call(`prepare ${device}`, "address", "replace", "100.64.0.1/32", "dev", device);
        await call(`up ${device}`, "link", "set", device, "up");
      },
      attached: async () => new Map(),
      attach: (address, device) =>
        call(`attach ${address} ${device}`, "route", "replace", `${address}/32`, "dev", device),
      detach: async (address, device) => {
        await call(`detach ${address} ${device}`, "route", "del", `${address}/32`, "dev", device).catch(() => {});
      },
    };
  }

  read(file: string): string {
    return readFileSync(join(this.folder, "pki", file), "utf8");
  }

  /** @param subject the certificate's subjectAltName, e.g. `URI:urn:…` */
  identity(name: string, commonName = name, subject?: string): LabIdentity {
    this.#issue(name, commonName, "client-ca", "clientAuth", subject);
    const fingerprint = createHash("sha256")
      .update(new X509Certificate(this.read(`${name}.crt`)).raw)
      .digest("hex");
    return { name, fingerprint };
  }

  /** One that ends as it begins, or that another authority has signed. */
  unfitIdentity(name: string, what: "expired" | "foreign"): LabIdentity {
    this.#issue(name, name, what === "foreign" ? "gateway-ca" : "client-ca", "clientAuth", undefined, 0);
    return { name, fingerprint: "" };
  }

  /** Another certificate and key for the gateway, by the same authority. */
  renewGateway(): { certificate: string; key: string } {
    const name = `gateway-${count++}`;
    this.#issue(name, "gateway.lab", "gateway-ca", "serverAuth");
    return { certificate: this.read(`${name}.crt`), key: this.read(`${name}.key`) };
  }

  connect(
    identity: LabIdentity,
    { port, protocol = "udp", password = null, username = "somebody", isBound = false, options = [] }: ClientOptions,
  ): LabClient {
    const pki = join(this.folder, "pki");
    const name = `client-${count++}`;
    const logPath = join(this.folder, `${name}.log`);
    const lines = [
      "client",
      "dev-type tun",
      "dev tun",
      `proto ${protocol === "udp" ? "udp4" : "tcp4-client"}`,
      `remote 192.0.2.1 ${port}`,
      isBound ? "bind" : "nobind",
      "route-nopull",
      `ca ${pki}/gateway-ca.crt`,
      `cert ${pki}/${identity.name}.crt`,
      `key ${pki}/${identity.name}.key`,
      `tls-crypt-v2 ${pki}/client.tls`,
      "remote-cert-tls server",
      "connect-retry 1 2",
      "verb 3",
      ...options,
    ];
    if (password !== null) {
      const file = join(this.folder, `${name}.password`);
      writeFileSync(file, `${username}\n${password}\n`, { mode: 0o600 });
      lines.push(`auth-user-pass ${file}`);
    }
    const config = join(this.folder, `${name}.conf`);
    writeFileSync(config, `${lines.join("\n")}\n`);
    const output = openSync(logPath, "a");
    const child = spawn("ip", ["netns", "exec", this.client, "openvpn", "--config", config], {
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const client: LabClient = {
      process: child,
      log: () => readFileSync(logPath, "utf8"),
      exited,
      stop: async () => {
        child.kill("SIGKILL");
        await exited;
      },
    };
    this.#clients.add(client);
    return client;
  }

  /** Whether the gateway's own address answers from the client's side, through the tunnel. */
  ping(device = "tun0"): boolean {
    try {
      run("ip", "netns", "exec", this.client, "ping", "-c", "1", "-W", "1", "-I", device, "100.64.0.1");
      return true;
    } catch {
      return false;
    }
  }

  async stopClients(): Promise<void> {
    await Promise.all(Array.from(this.#clients, (client) => client.stop()));
    this.#clients.clear();
  }

  async close(): Promise<void> {
    await this.stopClients();
    run("ip", "netns", "del", this.server);
    run("ip", "netns", "del", this.client);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #address(namespace: string, address: string): void {
    run("ip", "-n", namespace, "address", "add", address, "dev", "wire");
    run("ip", "-n", namespace, "link", "set", "wire", "up");
  }

  #makePki(): void {
    const pki = join(this.folder, "pki");
    mkdirSync(pki);
    for (const name of ["client-ca", "gateway-ca"]) {
      this.#key(name);
      openssl(
        pki,
        "req",
        "-x509",
        "-new",
        "-key",
        `${name}.key`,
        "-subj",
        `/CN=${name}`,
        "-days",
        "2",
        "-out",
        `${name}.crt`,
      );
    }
    this.#issue("gateway", "gateway.lab", "gateway-ca", "serverAuth");
    execFileSync("openvpn", ["--genkey", "tls-crypt-v2-server", "server.tls"], { cwd: pki, stdio: "pipe" });
    execFileSync("openvpn", ["--tls-crypt-v2", "server.tls", "--genkey", "tls-crypt-v2-client", "client.tls"], {
      cwd: pki,
      stdio: "pipe",
    });
  }

  #key(name: string): void {
    openssl(join(this.folder, "pki"), "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
  }

  #issue(name: string, commonName: string, ca: string, usage: string, subject?: string, days = 2): void {
    const pki = join(this.folder, "pki");
    this.#key(name);
    openssl(pki, "req", "-new", "-key", `${name}.key`, "-subj", `/CN=${commonName}`, "-out", `${name}.csr`);
    const extensions = ["keyUsage=critical,digitalSignature", `extendedKeyUsage=${usage}`];
    if (subject) extensions.push(`subjectAltName=${subject}`);
    writeFileSync(join(pki, `${name}.ext`), `${extensions.join("\n")}\n`);
    const signing = ["-CA", `${ca}.crt`, "-CAkey", `${ca}.key`, "-CAcreateserial", "-days", String(days)];
    openssl(pki, "x509", "-req", "-in", `${name}.csr`, ...signing, "-extfile", `${name}.ext`, "-out", `${name}.crt`);
  }
}

/** Waits for the thing itself. @throws with what was seen last. */
export async function until<T>(what: string, look: () => T | Promise<T>, timeoutMs = 15_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function run(command: string, ...options: string[]): void {
  execFileSync(command, options, { stdio: "pipe" });
}

function openssl(cwd: string, ...options: string[]): void {
  execFileSync("openssl", options, { cwd, stdio: "pipe" });
}
