import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { expect, test } from "vitest";
import { createSigningRequest } from "./signing-request";

const account = "0192f0c0-0000-7000-8000-000000000001";

test("openssl takes the request: well formed, signed by its own key, for this account", async () => {
  const { request } = await createSigningRequest(account);
  const text = openssl(["req", "-verify", "-noout", "-text", "-subject"], request);
  expect(text).toContain(`CN = ${account}`);
  expect(text).toContain("ASN1 OID: prime256v1");
  expect(text).toContain("ecdsa-with-SHA256");
});

test("requests are well formed whatever bits the signature begins with", async () => {
  // A half of all signatures have a first bit that reads as a sign, one in 256 a leading zero byte.
  for (let round = 0; round < 24; round++) {
    const { request } = await createSigningRequest(account);
    openssl(["req", "-verify", "-noout"], request);
  }
});

test("the private key belongs to the request and is not in it", async () => {
  const { request, privateKey } = await createSigningRequest(account);
  const asked = openssl(["req", "-noout", "-pubkey"], request).trim();
  const own = createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "pem" }).toString().trim();
  expect(asked).toBe(own);
  const secret = Buffer.from(createPrivateKey(privateKey).export({ format: "jwk" }).d!, "base64url");
  expect(Buffer.from(request.replace(/-----.*-----|\n/g, ""), "base64").includes(secret)).toBe(false);
});

test("two requests never share a key", async () => {
  const [first, second] = await Promise.all([createSigningRequest(account), createSigningRequest(account)]);
  expect(first.privateKey).not.toBe(second.privateKey);
});

function openssl(args: string[], input: string): string {
  return execFileSync("openssl", args, { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
}
