import { expect, test } from "vitest";
import type { GatewayEvent } from "@/gateway/protocol/events";
import { cleanEvent } from "./clean-event";

const from = (realAddress: unknown) =>
  (
    cleanEvent({
      ...{
        type: "refused",
        sequence: 1,
        at: new Date().toISOString(),
        tenantId: null,
        accountId: null,
        deviceId: null,
      },
      ...{ code: "not_admitted", reason: "its certificate has expired", process: "udp", realAddress },
    } as unknown as GatewayEvent) as { realAddress: string }
  ).realAddress;

test.each(["192.0.2.1", "192.0.2.1:50000", "2001:db8::7", "[2001:db8::7]:443", "elsewhere"])(
  "where somebody came from is kept: %s",
  (address) => expect(from(address)).toBe(address),
);

test.each(["support desk, call +1 555 0100", "192.0.2.1, https://evil.test", "", 7, null, { a: 1 }])(
  "what is no address is not told to anybody: %j",
  (words) => expect(from(words)).toBe(words === 7 ? "7" : "an unknown address"),
);
