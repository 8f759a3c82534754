import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { guardRequests, peerHeader } from "../core/incoming";
import { callerAddress } from "./caller-address";

const settings = vi.hoisted(() => ({ TRUST_PROXY: false }));
vi.mock("../core/env", () => ({ env: settings }));

beforeAll(guardRequests);
afterEach(() => {
  settings.TRUST_PROXY = false;
});

/** What a server of this process takes the caller's address for. */
function seenAs(headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      resolve(callerAddress(new Headers(request.headers as Record<string, string>)));
      response.end();
      server.close();
    }).listen(0, "127.0.0.1", () => {
      get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", headers }, (reply) => reply.resume()).on(
        "error",
        reject,
      );
    });
  });
}

test("the address is the connection's, whatever the client claims", async () => {
  expect(await seenAs({ "x-forwarded-for": "192.0.2.7", [peerHeader]: "192.0.2.8" })).toBe("127.0.0.1");
});

test("behind a trusted load balancer it is the one that the load balancer added, not one before it", async () => {
  settings.TRUST_PROXY = true;
  expect(await seenAs({ "x-forwarded-for": "192.0.2.7, 198.51.100.3" })).toBe("198.51.100.3");
  expect(await seenAs({ "x-forwarded-for": "nonsense" })).toBe("127.0.0.1");
});
