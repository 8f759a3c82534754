import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeOpenvpn } from "../openvpn/fake-openvpn";
import { linkStates, linkStatus } from "../openvpn/transcript";
import { LinkWatch } from "./link-watch";

const patience = { timeout: 10_000 };
let folder: string;
let path: string;
let openvpn: FakeOpenvpn;
let watch: LinkWatch;
let now: Date;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "link-"));
  path = join(folder, "m.sock");
  now = new Date("2026-11-25T15:00:00.000Z");
  openvpn = await listen(linkStates.up);
  watch = new LinkWatch(path, () => now);
  await until(true);
});
afterEach(async () => {
  await watch.close();
  await openvpn.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listen(state: string): Promise<FakeOpenvpn> {
  const fake = await FakeOpenvpn.listen(path);
  Object.assign(fake, { state, distort: () => [...linkStatus, "END"] });
  return fake;
}

const until = (isUp: boolean) => vi.waitFor(() => expect(watch.reading.isUp).toBe(isUp), patience);
const down = (since: string) => ({ isUp: false, since, received: 0, sent: 0 });

describe("a link", () => {
  it("is up since openvpn heard the other end, with what crossed since", () => {
    expect(watch.reading).toEqual({ isUp: true, since: "2026-11-25T15:35:35.000Z", received: 4096, sent: 2048 });
  });

  it("whose other end is missed is down since then, however often openvpn starts anew", async () => {
    now = new Date("2026-11-25T16:00:00.000Z");
    openvpn.state = linkStates.missed;
    await until(false);
    now = new Date("2026-11-25T16:00:09.000Z");
    openvpn.commands.length = 0;
    await openvpn.told("state");
    expect(watch.reading).toEqual(down("2026-11-25T16:00:00.000Z"));
    openvpn.state = linkStates.up;
    await until(true);
  });

  it("whose openvpn is gone, or answers no more, is down, and up again with the next", async () => {
    await openvpn.close();
    await until(false);
    openvpn = await listen(linkStates.up);
    await until(true);
    openvpn.silent = "state";
    await until(false);
    expect(watch.reading).toEqual(down("2026-11-25T15:00:00.000Z"));
  });
});
