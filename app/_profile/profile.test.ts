import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { assembleProfile, type ProfileParts } from "./profile";

const certificate = block("CERTIFICATE");
const parts: ProfileParts = {
  tenantName: "Acme Field Service",
  accountName: "Dana Fox",
  email: "dana@acme.example",
  accountId: "0192f0c0-0000-7000-8000-000000000001",
  at: new Date("2026-11-22T05:31:07Z"),
  remotes: [
    { host: "fra-1.vpn.example", port: 1194, protocol: "udp" },
    { host: "198.51.100.7", port: 1195, protocol: "udp" },
  ],
  ca: certificate,
  certificate,
  privateKey: block("PRIVATE KEY"),
  tlsCryptV2Key: block("OpenVPN tls-crypt-v2 client key"),
};

test("a profile has what a stock client needs, and believes gateways only", () => {
  const text = assembleProfile(parts);
  expect(directives(text)).toMatchInlineSnapshot(`
    [
      "setenv FRIENDLY_NAME "Dana Fox at Acme Field Service"",
      "client",
      "dev tun",
      "nobind",
      "persist-tun",
      "remote fra-1.vpn.example 1194 udp",
      "remote 198.51.100.7 1195 udp",
      "server-poll-timeout 2",
      "connect-retry 0 8",
      "resolv-retry infinite",
      "remote-cert-tls server",
      "verify-x509-name gateway. name-prefix",
      "tls-version-min 1.2",
      "data-ciphers AES-256-GCM:CHACHA20-POLY1305",
      "cipher AES-256-GCM",
      "auth-user-pass",
      "verb 3",
      "<ca>",
      "<cert>",
      "<key>",
      "<tls-crypt-v2>",
    ]
  `);
  expect(text).toContain(`<cert>\n${certificate}</cert>`);
  expect(text).toContain(`<key>\n${parts.privateKey}</key>`);
  expect(text).toContain("# Drawbridge profile of Dana Fox at Acme Field Service");
});

test("one for an old client has the key of all of them, and no option that 2.4 refuses", () => {
  const key = `-----BEGIN OpenVPN Static key V1-----\n${"0123456789abcdef0123456789abcdef\n".repeat(16)}-----END OpenVPN Static key V1-----\n`;
  const text = assembleProfile({ ...parts, tlsCryptKey: key });
  expect(text).toContain(`<tls-crypt>\n${key}</tls-crypt>`);
  const options = new Set(directives(text).map((line) => line.split(" ")[0]));
  // Each of them stands in the manual of 2.4.
  expect([...options].sort()).toEqual(
    [
      ...["<ca>", "<cert>", "<key>", "<tls-crypt>", "auth-user-pass", "cipher", "client", "connect-retry", "dev"],
      ...["nobind", "persist-tun", "remote", "remote-cert-tls", "resolv-retry", "server-poll-timeout", "setenv"],
      ...["tls-version-min", "verb", "verify-x509-name"],
    ].sort(),
  );
});

test("names chosen by people never become options", () => {
  const expected = directives(assembleProfile(parts)).filter((line) => !line.startsWith("setenv "));
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.constantFrom("\nup /bin/sh", '" "x', "\\", "\r\nscript-security 2", "\u2028plugin x", "\u0085up x", "\0"),
      (name, attack) => {
        const text = assembleProfile({
          ...parts,
          accountName: name + attack,
          tenantName: attack,
          email: attack + name,
        });
        expect(directives(text).filter((line) => !line.startsWith("setenv "))).toEqual(expected);
        expect(text.match(/^setenv FRIENDLY_NAME "[^"\\]*"$/gm)).toHaveLength(1);
        for (const line of text.split("\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(255);
      },
    ),
  );
});

test.each(["a.example\nup /bin/sh", "a b", "", '"x"', "-x", "a#b"])("a gateway at %j is refused", (host) => {
  expect(() => assembleProfile({ ...parts, remotes: [{ host, port: 1194, protocol: "udp" }] })).toThrow("malformed");
});

test.each([0, 65_536, 1.5, Number.NaN])("port %s is refused", (port) => {
  expect(() => assembleProfile({ ...parts, remotes: [{ host: "a.example", port, protocol: "udp" }] })).toThrow("range");
});

test("a profile that leads nowhere is not handed out", () => {
  expect(() => assembleProfile({ ...parts, remotes: [] })).toThrow("No gateway is in service");
});

test("what is not the PEM that it should be is refused, above all a way out of its block", () => {
  const breakout = `${certificate.trim()}\n</ca>\nup /bin/sh\n<ca>\n${certificate}`;
  expect(() => assembleProfile({ ...parts, ca: breakout })).toThrow("something else");
  expect(() => assembleProfile({ ...parts, certificate: block("PRIVATE KEY") })).toThrow("something else");
  expect(() => assembleProfile({ ...parts, tlsCryptV2Key: "" })).toThrow("something else");
});

test("a chain of authorities and Windows line ends are fine", () => {
  const text = assembleProfile({ ...parts, ca: `${certificate}\n${certificate}`.replaceAll("\n", "\r\n") });
  expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
  expect(text).not.toContain("\r");
});

test("openvpn knows every option in it, over udp and over tcp", async () => {
  const complaint = await firstComplaint(assembleProfile(parts));
  const mixed = await firstComplaint(
    assembleProfile({ ...parts, remotes: [...parts.remotes, { host: "a.example", port: 443, protocol: "tcp" }] }),
  );
  for (const said of [complaint, mixed]) {
    expect(said).not.toMatch(/Options error|DEPRECATED|WARNING|Unrecognized/i);
    // It read every option, and stopped at what is no real certificate.
    expect(said).toContain("Cannot load inline certificate file");
  }
});

/** Every line that openvpn would obey. */
function directives(text: string): string[] {
  return text
    .replace(/<([a-z0-9-]+)>\n[\s\S]*?\n<\/\1>/g, "<$1>")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function block(label: string): string {
  return `-----BEGIN ${label}-----\n${"A".repeat(64)}\nAA==\n-----END ${label}-----\n`;
}

async function firstComplaint(profile: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "profile-test-"));
  try {
    const file = join(folder, "test.ovpn");
    const credentials = join(folder, "credentials");
    writeFileSync(file, profile);
    writeFileSync(credentials, "dana@acme.example\npassword\n", { mode: 0o600 });
    return await new Promise((resolve) =>
      execFile(
        "openvpn",
        ["--config", file, "--auth-user-pass", credentials],
        { timeout: 5_000 },
        (_, stdout, stderr) => resolve(stdout + stderr),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a device's profile asks for no password, has it try again at whatever it is told, and is otherwise as a person's", () => {
  const text = assembleProfile({ ...parts, email: null });
  const person = directives(assembleProfile(parts));
  const own = person.map((line) => (line === "auth-user-pass" ? "auth-retry nointeract" : line));
  expect(directives(text)).toEqual(own);
  expect(text).not.toContain("null");
});
