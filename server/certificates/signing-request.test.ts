/** What a browser, a device or a captured gateway sends as a signing request: a key that its sender holds, or a refusal. */
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createSigningRequest } from "../../app/_profile/signing-request";
import { readSigningRequest } from "./signing-request";

const id = randomUUID();
const pemOf = (bytes: Uint8Array) =>
  `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(bytes).toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;

/** What is refused is refused as invalid, by its field. */
async function read(pem: string): Promise<string | undefined> {
  try {
    return Buffer.from((await readSigningRequest(pem, id)).rawData).toString("hex");
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid", field: "csr" });
    return undefined;
  }
}

it("a request with any of its bytes changed gives its own key or none", { timeout: 120_000 }, async () => {
  const { request } = await createSigningRequest(id);
  const whole = Buffer.from(request.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const own = await read(request);
  expect(own).toBeDefined();
  const cuts = fc.array(fc.tuple(fc.nat(whole.length), fc.nat(3), fc.uint8Array({ maxLength: 4 })), {
    minLength: 1,
    maxLength: 3,
  });
  await fc.assert(
    fc.asyncProperty(cuts, async (edits) => {
      let bytes = whole;
      for (const [at, gone, put] of edits)
        bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]);
      expect([own, undefined]).toContain(await read(pemOf(bytes)));
    }),
    { numRuns: 250 },
  );
});

it("no text and no bytes whatever are taken for a request", { timeout: 120_000 }, async () => {
  const nonsense = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }).map(pemOf),
    fc.string({ maxLength: 300 }).map((text) => `-----BEGIN CERTIFICATE REQUEST-----\n${text}`),
  );
  await fc.assert(
    fc.asyncProperty(nonsense, async (text) => {
      expect(await read(text)).toBeUndefined();
    }),
    { numRuns: 250 },
  );
});

it("a name that is not the expected one is refused", async () => {
  const { request } = await createSigningRequest(randomUUID());
  expect(await read(request)).toBeUndefined();
});
