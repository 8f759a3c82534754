import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { guardRequests, maxBodyBytes, peerHeader } from "./incoming";

let server: Server;
let url: string;
/** What the routes behind were given. */
let seen: { bytes: number; peer: unknown; isWhole: boolean }[];

beforeAll(async () => {
  guardRequests();
  server = createServer(async (incoming, response) => {
    const one = { bytes: 0, peer: incoming.headers[peerHeader], isWhole: false };
    seen.push(one);
    try {
      for await (const chunk of incoming) one.bytes += chunk.length;
      one.isWhole = true;
      response.end("read");
    } catch {
      // Cut off while it was read.
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/any`;
});
beforeEach(() => {
  seen = [];
});
afterAll(() => server.close());

const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body, headers, duplex: "half" } as RequestInit);

test("a body within the limit arrives as it was, with the address that it came from and none that it claims", async () => {
  const answer = await post("x".repeat(maxBodyBytes), { [peerHeader]: "198.51.100.1" });
  expect(await answer.text()).toBe("read");
  expect(seen).toEqual([{ bytes: maxBodyBytes, peer: "127.0.0.1", isWhole: true }]);
});

test("a body that says itself that it is larger is refused in words, and no route is given any of it", async () => {
  const answer = await post("x".repeat(5 * maxBodyBytes));
  expect(answer.status).toBe(413);
  expect(await answer.json()).toMatchObject({
    error: { json: { message: expect.stringContaining("at most 1 MiB"), data: { code: "PAYLOAD_TOO_LARGE" } } },
  });
  expect(seen).toEqual([]);
});

test("of a body in chunks no route is given more than the limit", async () => {
  const outcome = await new Promise<number | string>((resolve) => {
    const sending = request(url, { method: "POST", headers: { "transfer-encoding": "chunked" } }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    const chunk = Buffer.alloc(64 * 1024);
    const send = () => sending.write(chunk, (error) => !error && send());
    sending.on("error", (error) => resolve((error as NodeJS.ErrnoException).code!));
    send();
  });
  expect([413, "ECONNRESET", "EPIPE"]).toContain(outcome);
  expect(seen).toEqual([{ bytes: expect.any(Number), peer: "127.0.0.1", isWhole: false }]);
  expect(seen[0]!.bytes).toBeLessThanOrEqual(maxBodyBytes);
  expect(await (await post("small")).text()).toBe("read");
});
