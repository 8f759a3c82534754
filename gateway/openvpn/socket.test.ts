import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commands } from "./codec";
import { FakeOpenvpn } from "./fake-openvpn";
import {
  CommandError,
  ConnectionLostError,
  connectManagement,
  type ManagementSocket,
  type Notification,
} from "./socket";

let folder: string;
let path: string;
let fake: FakeOpenvpn;
let heard: Notification[];
const sockets: ManagementSocket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "socket-"));
  path = join(folder, "m.sock");
  fake = await FakeOpenvpn.listen(path);
  heard = [];
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(replyTimeoutMs = 1_000): Promise<ManagementSocket> {
  const socket = await connectManagement({
    path,
    onNotification: (notification) => heard.push(notification),
    greetingTimeoutMs: 100,
    replyTimeoutMs,
  });
  sockets.push(socket);
  return socket;
}

describe("the management socket", () => {
  it("asks without waiting, and gives each command its own reply", async () => {
    const socket = await connect();
    const [state, states, status] = await Promise.all([
      socket.run(commands.state()),
      socket.run(commands.reportStates()),
      socket.run(commands.status()),
    ]);
    expect(state).toEqual([fake.state]);
    expect(states).toEqual(["real-time state notification set to ON"]);
    expect(status[0]).toMatch(/^TITLE/);
    expect(fake.commands).toEqual(["state", "state on", "status 3"]);
  });

  it("rejects what openvpn refuses and goes on", async () => {
    const socket = await connect();
    await expect(socket.run(commands.clientKill(9))).rejects.toThrow(CommandError);
    expect(await socket.run(commands.state())).toEqual([fake.state]);
  });

  it("hears notifications between commands and inside replies", async () => {
    const socket = await connect();
    fake.say(">HOLD:waiting");
    await socket.run(commands.state());
    expect(heard).toEqual([{ type: "notice", name: "HOLD", text: "waiting" }]);
  });

  it("drops the connection when a reply is late, and no late reply answers another command", async () => {
    fake.silent = "status";
    const socket = await connect(50);
    const late = socket.run(commands.status());
    const next = socket.run(commands.state());
    await expect(late).rejects.toThrow("no reply to status");
    await expect(next).rejects.toThrow(ConnectionLostError);
    expect(await socket.closed).toBeInstanceOf(ConnectionLostError);
    fake.silent = null;
    const again = await connect();
    expect(await again.run(commands.state())).toEqual([fake.state]);
    expect(fake.commands).toEqual(["status 3", "state", "state"]);
  });

  it("does not wait for a greeting that never comes: another client holds the socket", async () => {
    await connect();
    await expect(connect()).rejects.toThrow("no greeting");
  });

  it("fails at once where nobody listens", async () => {
    await fake.close();
    await expect(connect()).rejects.toThrow(ConnectionLostError);
    fake = await FakeOpenvpn.listen(path);
  });

  it("closes on a reply that nobody asked for", async () => {
    const socket = await connect();
    fake.say("SUCCESS: client-auth command succeeded");
    expect((await socket.closed)?.message).toMatch("nobody asked for");
    await expect(socket.run(commands.state())).rejects.toThrow(ConnectionLostError);
  });

  it("rejects what waits when openvpn goes", async () => {
    fake.silent = "state";
    const socket = await connect();
    const waiting = socket.run(commands.state());
    await fake.told("state");
    fake.drop();
    await expect(waiting).rejects.toThrow(ConnectionLostError);
  });
});
