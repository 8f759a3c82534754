/** What is done to the installation. Each is begun, lasts a while, and is taken back; then everything must be whole again. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type EncodedPush, type GatewayAddress, getState, putTenant } from "../../server/gateways/client";
import { until } from "../lab/vpn-client";
import type { Service, World, WorldGateway } from "../lab/world";
import type { App } from "./app";
import { clockObstacle, type FakeClock } from "./fake-clock";
import type { Load } from "./load";
import type { Random } from "./random";
import type { Redis } from "./redis";
import type { Relay } from "./relay";

export interface Scene {
  world: World;
  app: App;
  load: Load;
  random: Random;
  redis: Redis | null;
  relays: Map<WorldGateway, Relay>;
  clocks: Map<WorldGateway, FakeClock>;
  /** Whether each gateway's state is on a small disk of its own. */
  hasSmallDisks: boolean;
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
}

export interface Fault {
  name: string;
  /** Quick, and the same on a slow machine: a short run may have it. */
  isShort?: boolean;
  /** Why it cannot be had here. */
  obstacle?(scene: Scene): string | null;
  /** Resolves when it is over. */
  run(scene: Scene, gateway: WorldGateway): Promise<void>;
}

/** In the midst of a change, so that there is something half done. */
const killed = (name: string, of: (scene: Scene, gateway: WorldGateway) => Service): Fault => ({
  name: `kill -9 of ${name}`,
  isShort: true,
  async run(scene, gateway) {
    const service = of(scene, gateway);
    await scene.load.asking();
    await delay(scene.random.between(0, 30));
    await service.kill();
    await delay(scene.random.between(0, 3_000));
    await service.start();
  },
});

function redisObstacle({ redis }: Scene): string | null {
  return redis ? null : "redis-server is not installed";
}

/** A short run has some of those marked so; a long one has them all. */
export const faults: Fault[] = [
  killed("the agent", (_, gateway) => gateway.agent),
  killed("the app", ({ app }) => app),
  killed("the workers", ({ world }) => world.workers),
  killed("PostgreSQL", ({ world }) => world.postgres),
  {
    name: "kill -9 of openvpn",
    isShort: true,
    async run(scene, gateway) {
      const { processes } = await getState(await addressOf(gateway, scene));
      for (const { pid } of processes) if (pid !== null) process.kill(pid, "SIGKILL");
    },
  },
  {
    name: "the link to the control plane cut",
    isShort: true,
    async run({ random, relays }, gateway) {
      relays.get(gateway)!.cut();
      await delay(random.between(1_000, 6_000));
      relays.get(gateway)!.heal();
    },
  },
  {
    ...killed("Redis, which keeps what it held", ({ redis }) => redis!),
    // What is whole again with the next sweep at the earliest takes too long for a short run.
    isShort: false,
    obstacle: redisObstacle,
  },
  {
    name: "kill -9 of Redis, which loses what it held",
    obstacle: redisObstacle,
    async run({ redis, random }) {
      await redis!.kill();
      redis!.forget();
      await delay(random.between(0, 3_000));
      await redis!.start();
    },
  },
  {
    name: "the disk of the agent full",
    isShort: true,
    obstacle: ({ hasSmallDisks }) => (hasSmallDisks ? null : "no tmpfs can be mounted here"),
    async run({ random }, gateway) {
      const ballast = join(gateway.stateDir, "ballast");
      try {
        writeFileSync(ballast, Buffer.alloc(64 * 1024 * 1024));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
      await delay(random.between(1_000, 4_000));
      rmSync(ballast);
    },
  },
  {
    // It is left so: an hour off, everything comes right all the same.
    name: "the gateway's clock set by an hour or two",
    isShort: true,
    obstacle: () => clockObstacle,
    async run({ random, clocks }, gateway) {
      const clock = clocks.get(gateway)!;
      clock.set(random.pick([-3_600, 0, 3_600].filter((aheadS) => aheadS !== clock.aheadS)));
      await delay(random.between(1_500, 4_000));
    },
  },
  {
    // People come in before the control plane has told the next agent what time it is.
    name: "the gateway's clock set while its agent is dead, and the control plane silent after that",
    obstacle: () => clockObstacle,
    async run({ random, clocks, relays }, gateway) {
      const [clock, relay] = [clocks.get(gateway)!, relays.get(gateway)!];
      await gateway.agent.kill();
      relay.cut();
      clock.set(random.pick([-3_600, 0, 3_600].filter((aheadS) => aheadS !== clock.aheadS)));
      await delay(random.between(0, 2_000));
      await gateway.agent.start();
      await delay(random.between(2_000, 6_000));
      relay.heal();
    },
  },
  {
    name: "the way to the control plane 200 ms long",
    isShort: true,
    async run({ random, relays }, gateway) {
      relays.get(gateway)!.delayMs = 200;
      await delay(random.between(2_000, 5_000));
      relays.get(gateway)!.delayMs = 0;
    },
  },
  {
    name: "5 % of the tunnels' packets lost",
    async run({ world, random }, gateway) {
      const nft = (text: string) => world.lab.exec(gateway.namespace, ["nft", text]);
      await nft(
        'add table inet impair; add chain inet impair in { type filter hook input priority -300; }; add rule inet impair in iifname "wan" numgen random mod 100 < 5 drop',
      );
      await delay(random.between(2_000, 5_000));
      await nft("delete table inet impair");
    },
  },
  {
    name: "the gateway's link to its clients cut",
    async run({ world, random }, gateway) {
      const wan = (state: string) => world.lab.exec(gateway.namespace, ["ip", "link", "set", "wan", state]);
      await wan("down");
      await delay(random.between(500, 3_000));
      await wan("up");
    },
  },
  {
    name: "the agent's newest document cut in half, with the agent dead",
    async run({ random }, gateway) {
      await gateway.agent.kill();
      const folder = join(gateway.stateDir, "tenants");
      const files = readdirSync(folder).map((name) => join(folder, name));
      const [newest] = files
        .filter((file) => statSync(file).size > 0)
        .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
      if (newest) truncateSync(newest, random.between(1, readFileSync(newest).length - 1));
      await gateway.agent.start();
    },
  },
  {
    name: "a push that breaks off in the middle",
    async run({ random, relays }, gateway) {
      relays.get(gateway)!.breakAfter(random.between(2_000, 6_000));
      await delay(random.between(1_000, 2_000));
    },
  },
  {
    name: "pushes replayed, and out of their order",
    async run(scene, gateway) {
      const { tenantId } = scene.world;
      const address = await addressOf(gateway, scene);
      const push = async (from: number | null, to: number) => {
        const rows = await scene.query<{ entry: string }>(
          `SELECT jsonb_build_object('kind', kind, 'id', id, 'value', value)::text AS entry FROM document_entries
            WHERE tenant_id = $1 AND revision > $2 AND revision <= $3`,
          [tenantId, from ?? 0, to],
        );
        const encoded: EncodedPush = { from, to, entries: rows.map(({ entry }) => entry) };
        return putTenant(address, tenantId, encoded);
      };
      const { revisions } = await getState(address);
      const present = revisions[tenantId] ?? 0;
      await push(present - 1, present);
      await push(present - 3, present - 2);
      await push(present + 5, present + 6);
      // The whole, as it was: an old one takes nothing back.
      await push(null, present - 1);
    },
  },
];

/** Makes a small disk of its own at the path. @returns whether it could */
export function mountSmallDisk(path: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", path], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

export function unmount(path: string): void {
  execFileSync("umount", ["--lazy", path], { stdio: "pipe" });
}

/** By way of its relay, and with the certificates by which the control plane knows it now. */
export async function addressOf({ id, name }: WorldGateway, { relays, query }: Scene): Promise<GatewayAddress> {
  const relay = [...relays].find(([gateway]) => gateway.id === id)![1];
  const [known] = await query<Pick<GatewayAddress, "fingerprint" | "nextFingerprint">>(
    'SELECT fingerprint, next_fingerprint AS "nextFingerprint" FROM gateways WHERE id = $1',
    [id],
  );
  return { id, name, apiHost: "127.0.0.1", apiPort: relay.port, ...known! };
}

/** Until the gateway's API answers. */
export const untilAnswering = (gateway: WorldGateway, scene: Scene) =>
  until(
    () =>
      addressOf(gateway, scene)
        .then(getState)
        .then(
          () => true,
          () => false,
        ),
    180_000,
    () => `${gateway.name} does not answer:\n${gateway.log().slice(-3_000)}`,
  );
