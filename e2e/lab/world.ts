/**
 * A whole installation in the lab, each process of it real and each to be killed and started again: PostgreSQL, workers,
 * agents in their gateways' namespaces, and people with profiles as the portal makes them. The caller's own process stands
 * for the app: it calls the procedures. Make it before anything of the server is used.
 */
import { type ChildProcess, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assembleProfile, type ProfileParts } from "../../app/_profile/profile";
import { createSigningRequest } from "../../app/_profile/signing-request";
import type { Caller } from "../../prisma/seed/callers";
import { type Cluster, startCluster } from "../../scripts/support/embedded-postgres";
import { freePort } from "../../scripts/support/ports";
import { createTestDatabase } from "../support/test-database";
import { startWorkers, type WorkerProcess } from "../support/worker-process";
import { createLab, type Lab, type LabGateway } from "./network";
import { until } from "./vpn-client";

export const password = 'correct "horse" \\ battery 9';
const apiPort = 8443;
/** For a process to work once it is started: generous, for a machine that does much else. */
const startWithinMs = 180_000;

/** One process that can be killed. */
export interface Service {
  name: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves when it works. */
  start(): Promise<void>;
}

export interface WorldGateway extends LabGateway {
  id: string;
  name: string;
  stateDir: string;
  /** Interface of the management link in the root namespace: down is a partition from the control plane. */
  managementLink: string;
  agent: Service;
  log(): string;
}

export interface WorldAccount {
  id: string;
  /** The stable address. */
  address: string;
  /** Its profile, with these gateways in this order. */
  profile(...gateways: WorldGateway[]): string;
}

export interface WorldDevice {
  id: string;
  /** The stable address. */
  address: string;
  /** As WorldAccount's. */
  profile(...gateways: WorldGateway[]): string;
}

export interface World {
  lab: Lab;
  folder: string;
  gateways: WorldGateway[];
  postgres: Service;
  workers: Service & { output(): string };
  tenantId: string;
  tenantNumber: number;
  administrator: Caller;
  admin: Caller;
  addAccount(name: string, policyIds?: string[]): Promise<WorldAccount>;
  /** One that dials in by itself. */
  addDevice(name: string): Promise<WorldDevice>;
  /** So that the tenant's admin can sign in to the app. @returns the email to sign in with */
  giveAdminPassword(password: string): Promise<string>;
  /** Of a superuser, whom row security does not bind. */
  ownerUrl: string;
  destroy(): Promise<void>;
}

export interface WorldOptions {
  labNumber: number;
  gateways: number;
  /** How the control plane reaches a gateway's API, where not straight. */
  through?(host: string, port: number): Promise<{ host: string; port: number }>;
  /** Where a gateway keeps its state is made by this, e.g. as a small disk of its own. */
  prepareStateDir?(path: string): void;
  /** Once nothing uses it any more. */
  releaseStateDir?(path: string): void;
  /** Of the agent whose state is there, and of the openvpn processes that it starts. */
  agentEnv?(stateDir: string): Record<string, string>;
}

export async function createWorld(options: WorldOptions): Promise<World> {
  const root = new URL("../..", import.meta.url).pathname;
  execFileSync(process.execPath, [join(root, "scripts/build-gateway.mjs")], { stdio: "pipe" });
  const folder = await mkdtemp(join(tmpdir(), "world-"));
  await chmod(folder, 0o755);
  copyFileSync(join(root, "dist/gateway.mjs"), join(folder, "gateway.mjs"));
  const postgres = await startPostgres(folder);
  const database = await createTestDatabase(postgres.url());
  Object.assign(process.env, database.settings, {
    AUTH_SECRET: randomBytes(32).toString("hex"),
    ENVELOPE_KEY: randomBytes(32).toString("hex"),
    APP_URL: "http://localhost:3000",
    LOG_LEVEL: process.env.LOG_LEVEL ?? "error",
  });
  // The server reads its settings when it is first used.
  const server = await import("../support/principals");
  const { database: db, closeDatabase, inTenant, system } = await import("../../server/core/db");
  const { closeQueues } = await import("../../server/core/queue");
  const { ensureAuthorities } = await import("../../server/certificates/certificates");
  const { hashPassword } = await import("../../server/core/password");
  const { publishAccounts } = await import("../../server/accounts/accounts");

  await ensureAuthorities();
  const lab = await createLab(options.labNumber);
  const workers = createWorkers();
  await workers.start();
  const staff = await server.createUser("administrator");
  const administrator = server.callAs(staff);
  const gateways: WorldGateway[] = [];
  for (let n = 1; n <= options.gateways; n++) {
    const place = await lab.addGateway();
    const region = await server.createRegion();
    const name = server.unique("gw");
    const straight = { host: place.managementAddress, port: apiPort };
    const api = (await options.through?.(straight.host, straight.port)) ?? straight;
    const { gatewayId, token } = await administrator.gateways.create({
      ...{ name, regionId: region.id, apiHost: api.host, apiPort: api.port, publicHost: place.wanAddress },
      processes: [{ name: "udp", protocol: "udp", port: 1194 }],
    });
    const stateDir = join(folder, `gw${n}`);
    mkdirSync(stateDir, { mode: 0o700 });
    options.prepareStateDir?.(stateDir);
    const logFile = join(folder, `gw${n}.log`);
    const log = () => readFileSync(logFile, "utf8");
    const env = options.agentEnv?.(stateDir) ?? {};
    const agent = createAgent(lab, place, { name, folder, stateDir, logFile, token, env });
    await agent.start();
    const managementLink = `db${options.labNumber}m${n}`;
    gateways.push({ ...place, id: gatewayId, name, stateDir, managementLink, agent, log });
  }
  for (const { id, name } of gateways)
    await until(
      async () => (await db().gateway.findUniqueOrThrow({ where: { id } })).enrolledAt !== null,
      startWithinMs,
      () => `${name} did not enrol: ${workers.output()}`,
    );
  const { tenantId, admin: member } = await server.createTenantWithAdmin();
  const admin = server.callAs(member);
  const { number: tenantNumber } = await administrator.tenants.get({ tenantId });

  return {
    ...{ lab, folder, gateways, postgres, workers, tenantId, tenantNumber, administrator, admin },
    ownerUrl: database.settings.MIGRATE_DATABASE_URL,
    async addAccount(name, policyIds = []) {
      const email = `${server.unique("person")}@world.test`;
      const { account } = await admin.accounts.create({ tenantId, name, email, policyIds });
      const principal = await server.accountPrincipal(tenantId, account.id);
      const passwordHash = await hashPassword(password);
      await inTenant(system, tenantId, async (scope) => {
        await scope.tx.account.update({
          where: { tenantId_id: { tenantId, id: account.id } },
          data: { passwordHash, mustChangePassword: false },
        });
        await publishAccounts(scope, [account.id], `${name} chose a password`);
      });
      const profile = await makeProfile({ name, email, id: account.id }, (csr) =>
        server.callAs(principal).certificates.issue({ csr }),
      );
      return { id: account.id, address: account.address, profile };
    },
    async addDevice(name) {
      const { device } = await admin.devices.create({ tenantId, name, attachment: "openvpn" });
      const deviceId = device.id;
      const profile = await makeProfile({ name, email: null, id: deviceId }, (csr) =>
        admin.certificates.issueToDevice({ tenantId, deviceId, csr }),
      );
      return { id: deviceId, address: device.address, profile };
    },
    async giveAdminPassword(chosen) {
      const data = { passwordHash: await hashPassword(chosen) };
      const { email } = await db().user.update({ where: { id: member.userId }, data });
      return email;
    },
    async destroy() {
      await lab.destroy();
      await workers.kill();
      await closeQueues();
      await closeDatabase();
      await postgres.stop();
      for (const { stateDir } of gateways) options.releaseStateDir?.(stateDir);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The key is made here, as a browser would. */
async function makeProfile(
  { name, email, id }: { name: string; email: string | null; id: string },
  issue: (csr: string) => Promise<Pick<ProfileParts, "ca" | "certificate" | "tlsCryptV2Key">>,
): Promise<(...through: WorldGateway[]) => string> {
  const { request, privateKey } = await createSigningRequest(id);
  const { ca, certificate, tlsCryptV2Key } = await issue(request);
  return (...through) =>
    assembleProfile({
      ...{ tenantName: "World", accountName: name, email, accountId: id, at: new Date() },
      ...{ ca, certificate, privateKey, tlsCryptV2Key },
      remotes: through.map(({ wanAddress }) => ({ host: wanAddress, port: 1194, protocol: "udp" as const })),
    });
}

type AgentPlace = Record<"name" | "folder" | "stateDir" | "logFile" | "token", string> & {
  env: Record<string, string>;
};

function createAgent(
  lab: Lab,
  place: LabGateway,
  { name, folder, stateDir, logFile, token, env }: AgentPlace,
): Service {
  let child: ChildProcess | undefined;
  return {
    name: `agent ${name}`,
    async kill() {
      await killed(child);
    },
    async start() {
      const output = openSync(logFile, "a");
      const opened = () => readFileSync(logFile, "utf8").split(/API open|waiting to be enrolled/).length;
      const before = opened();
      child = lab.spawn(place.namespace, [process.execPath, join(folder, "gateway.mjs")], {
        cwd: folder,
        stdio: ["ignore", output, output],
        env: {
          ...process.env,
          ...{
            GATEWAY_STATE_DIR: stateDir,
            GATEWAY_API_HOST: place.managementAddress,
            GATEWAY_API_PORT: String(apiPort),
          },
          ...{ GATEWAY_TOKEN: token, LOG_LEVEL: "info" },
          ...env,
        },
      });
      await until(
        () => opened() > before,
        startWithinMs,
        () => readFileSync(logFile, "utf8"),
      );
    },
  };
}

function createWorkers(): Service & { output(): string } {
  let running: WorkerProcess | undefined;
  return {
    name: "workers",
    output: () => running?.output() ?? "",
    async kill() {
      await killed(running?.child);
    },
    async start() {
      running = await startWorkers();
    },
  };
}

async function startPostgres(folder: string): Promise<Service & { url(): string; stop(): Promise<void> }> {
  const options = {
    dataDir: folder,
    port: await freePort(),
    password: "postgres",
    logFile: join(folder, "postgres.log"),
  };
  const start = () => startCluster({ ...options, flags: ["-c", "fsync=off"] });
  let cluster: Cluster = await start();
  const end = () => cluster.kill();
  process.on("exit", end);
  return {
    name: "postgres",
    url: () => cluster.url,
    async kill() {
      process.kill(cluster.process.pid, "SIGKILL");
      await cluster.ended;
    },
    async start() {
      const deadline = Date.now() + startWithinMs;
      for (;;) {
        try {
          // Its orphans let go of the port and of the shared memory in their own time.
          const next = await start();
          if (next.port === options.port) {
            cluster = next;
            return;
          }
          await next.stop();
        } catch (error) {
          if (Date.now() > deadline) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    async stop() {
      process.off("exit", end);
      await cluster.stop();
    },
  };
}

async function killed(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
