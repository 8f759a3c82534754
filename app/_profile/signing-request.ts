/**
 * A key pair made in this browser, and the request to have it certified. The request is the only thing that leaves: the
 * private key goes into the person's own file and nowhere else. PKCS #10 for one kind of key is a few lines of DER over
 * what WebCrypto gives, so no library is sent to a phone for it.
 */
export interface SigningRequest {
  /** PEM, PKCS #10: the public key and the subject, signed with the private key. */
  request: string;
  /** PEM, PKCS #8. Never send it. */
  privateKey: string;
}

/** @throws Error that says what to do where the browser makes no keys: WebCrypto is there over HTTPS and on localhost only. */
export async function createSigningRequest(commonName: string): Promise<SigningRequest> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle)
    throw new Error(
      "This page is not open over HTTPS, so the browser makes no keys. Open the portal by its https address.",
    );
  const keys = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const publicKey = new Uint8Array(await subtle.exportKey("spki", keys.publicKey));
  const subject = sequence(set(sequence(oid.commonName, node(0x0c, new TextEncoder().encode(commonName)))));
  const noAttributes = node(0xa0);
  const info = sequence(integer(new Uint8Array([0])), subject, publicKey, noAttributes);
  const rawSignature = await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, info);
  // WebCrypto gives r and s side by side, X.509 wants them as two integers.
  const [r, s] = [new Uint8Array(rawSignature, 0, 32), new Uint8Array(rawSignature, 32, 32)];
  const signature = node(0x03, new Uint8Array([0]), sequence(integer(r), integer(s)));
  return {
    request: pem("CERTIFICATE REQUEST", sequence(info, sequence(oid.ecdsaWithSha256), signature)),
    privateKey: pem("PRIVATE KEY", new Uint8Array(await subtle.exportKey("pkcs8", keys.privateKey))),
  };
}

type Bytes = Uint8Array<ArrayBuffer>;

/** One tag, length and value. */
function node(tag: number, ...parts: Uint8Array[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const sequence = (...parts: Uint8Array[]) => node(0x30, ...parts);
const set = (...parts: Uint8Array[]) => node(0x31, ...parts);

/** Unsigned and as short as it goes: without leading zeros, but with one where the first bit would read as a sign. */
function integer(value: Uint8Array): Bytes {
  const start = value.findIndex((byte) => byte !== 0);
  const digits = start === -1 ? new Uint8Array([0]) : value.slice(start);
  return digits[0]! >= 0x80 ? node(0x02, new Uint8Array([0]), digits) : node(0x02, digits);
}

const oid = {
  /** 2.5.4.3 */
  commonName: new Uint8Array([0x06, 0x03, 0x55, 0x04, 0x03]),
  /** 1.2.840.10045.4.3.2 */
  ecdsaWithSha256: new Uint8Array([0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]),
};

function pem(label: string, der: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...der));
  return `-----BEGIN ${label}-----\n${base64.replace(/.{64}(?=.)/g, "$&\n")}\n-----END ${label}-----\n`;
}
