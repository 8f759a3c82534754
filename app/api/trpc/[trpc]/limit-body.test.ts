import { expect, test } from "vitest";
import { limitBody } from "./limit-body";

const post = (body: BodyInit) =>
  new Request("http://localhost/api/trpc/x", { method: "POST", body, duplex: "half" } as RequestInit);

test("a body within the limit arrives as it was", async () => {
  const limited = await limitBody(post("x".repeat(100)), 100);
  expect(limited).toBeInstanceOf(Request);
  expect(await (limited as Request).text()).toBe("x".repeat(100));
  expect((limited as Request).method).toBe("POST");
});

test("a body over the limit is refused by name, and no more of it is read than need be", async () => {
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(1024));
    },
  });
  const refused = (await limitBody(post(endless), 1024 * 1024)) as Response;
  expect(refused.status).toBe(413);
  expect(await refused.json()).toMatchObject({
    error: { json: { message: expect.stringContaining("at most 1 MiB"), data: { code: "PAYLOAD_TOO_LARGE" } } },
  });
  expect(pulled).toBeLessThan(1100);
});
