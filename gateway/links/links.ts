/**
 * Links between gateways: to each peer one point-to-point openvpn, told by the control plane. A device that is at a peer
 * is routed to its link; what came by a link goes home by it (base.ts marks it), so nobody's location but devices' is
 * needed. Supervised as the processes are: adopted where it runs, started again where it died, left running by an agent
 * that goes. While the control plane is away, what is known stays, over a restart too.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { type ProcessFiles, processFiles } from "../openvpn/config";
import { findRunning, logTail, startProcess, stopProcess, trimLog } from "../openvpn/process";
import type { GatewayConfig, GatewayWarning, LinkConfig, LinkState, Locations } from "../protocol/api";
import { digestLocations } from "../protocol/digest";
import { replaceFile } from "../state/durable-file";
import { writePrivate } from "../state/private-file";
import { deriveTlsCrypt, type LinkKeyFiles, linkDevice, renderLink } from "./config";
import type { LinkRoutes } from "./link-routes";
import { LinkWatch } from "./link-watch";

export interface LinksDependencies {
  stateDir: string;
  gatewayId: string;
  openvpnBin: string;
  routes: LinkRoutes;
  log: Logger;
}

interface Plan {
  link: LinkConfig;
  device: string;
  files: ProcessFiles;
  digest: string;
}

const lookMs = 1_000;

export class Links {
  #folder: string;
  #plans: Plan[] = [];
  #watches = new Map<string, LinkWatch>();
  #locations: Locations = { version: 0, peers: [] };
  #digest: string | null = null;
  #problems = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  private constructor(readonly deps: LinksDependencies) {
    this.#folder = join(deps.stateDir, "links");
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  static async open(deps: LinksDependencies): Promise<Links> {
    const links = new Links(deps);
    try {
      links.#locations = JSON.parse(await readFile(links.#locationsFile, "utf8")) as Locations;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    return links;
  }

  /** Starts, restarts and ends what changed, and nothing else. */
  configure(config: GatewayConfig, identity: { certificate: string; key: string; gatewayCa: string }): Promise<void> {
    return this.#inTurn(async () => {
      let isInUse = this.#plans.length > 0;
      this.#plans = (config.links ?? []).map((link) => this.#plan(link, config, identity));
      const names = new Set(this.#plans.map(({ device }) => device));
      await this.#watchOnly(names);
      for (const name of readdirSync(this.#folder)) {
        if (!name.startsWith("dl-") || names.has(name)) continue;
        const files = this.#files(name);
        const running = findRunning(files);
        if (running) await stopProcess(running.pid, files);
        rmSync(files.folder, { recursive: true, force: true });
        isInUse = true;
      }
      if (this.#plans.length === 0 && !isInUse) return;
      await this.deps.routes.configure(this.#plans.map(({ device }) => device));
      await this.#look();
      this.#timer ??= setInterval(() => void this.#inTurn(() => this.#look()), lookMs);
    });
  }

  /** Durable when it resolves. An older version than the one that is here changes nothing. */
  setLocations(locations: Locations): Promise<void> {
    return this.#inTurn(async () => {
      if (locations.version <= this.#locations.version) return;
      this.#locations = locations;
      this.#digest = null;
      await this.#route();
      await replaceFile(this.#locationsFile, JSON.stringify(locations));
    });
  }

  /** As GatewayStateReply has it. */
  get locationsDigest(): string {
    this.#digest ??= digestLocations(this.#locations);
    return this.#digest;
  }

  states(): LinkState[] {
    return this.#plans.flatMap(({ link: { peer }, device }) => {
      const watch = this.#watches.get(device);
      return watch ? [{ peer, ...watch.reading }] : [];
    });
  }

  warnings(): GatewayWarning[] {
    return Array.from(this.#problems.values(), (message) => ({ code: "link_failed", message }));
  }

  /** Puts back what the kernel lost of the links' rules and routes. @returns what that was, in words */
  async verify(): Promise<string[]> {
    let changed: string[] = [];
    await this.#inTurn(async () => {
      if (this.#plans.length === 0) return;
      changed = await this.deps.routes.verify();
      await this.#route();
    });
    return changed;
  }

  /** The links run on for the next agent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#work;
    await this.#watchOnly(new Set());
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#inTurn(async () => {
      if (this.#plans.length === 0) return;
      for (const { files } of this.#plans) {
        const running = findRunning(files);
        if (running) await stopProcess(running.pid, files);
      }
      await this.deps.routes.configure([]);
    });
  }

  async #watchOnly(devices: Set<string>): Promise<void> {
    for (const [device, watch] of this.#watches) {
      if (devices.has(device)) continue;
      this.#watches.delete(device);
      await watch.close();
    }
    for (const device of devices)
      if (!this.#watches.has(device)) this.#watches.set(device, new LinkWatch(this.#files(device).socket));
  }

  get #locationsFile(): string {
    return join(this.#folder, "locations.json");
  }

  async #look(): Promise<void> {
    for (const { device, files, digest, link } of this.#plans) {
      try {
        const running = findRunning(files);
        if (running && running.record.configDigest !== digest) await stopProcess(running.pid, files);
        if (running?.record.configDigest !== digest) {
          await startProcess(this.deps.openvpnBin, files, digest);
          // Its device is there by the next look.
          continue;
        }
        await this.deps.routes.prepare(device);
        await trimLog(files);
        this.#problems.delete(device);
      } catch (error) {
        const reason = `the link to gateway ${link.peer}: ${(error as Error).message}; ${logTail(files)}`;
        if (!this.#problems.has(device)) this.deps.log.warn({ err: error, peer: link.peer }, "a link does not run");
        this.#problems.set(device, reason);
      }
    }
    await this.#route();
  }

  async #route(): Promise<void> {
    if (this.#plans.length === 0) return;
    const device = new Map(this.#plans.map((plan) => [plan.link.peer, plan.device]));
    const wanted = new Map<string, string>();
    for (const { peer, addresses } of this.#locations.peers)
      for (const address of addresses) if (device.has(peer)) wanted.set(address, device.get(peer)!);
    await this.deps.routes
      .locate(wanted)
      .catch((error) => this.deps.log.error({ err: error }, "devices at other gateways could not be routed"));
  }

  #plan(
    link: LinkConfig,
    config: GatewayConfig,
    identity: { certificate: string; key: string; gatewayCa: string },
  ): Plan {
    const device = linkDevice(link);
    const files = this.#files(device);
    mkdirSync(files.folder, { recursive: true, mode: 0o700 });
    const contents = {
      ...identity,
      tlsCrypt: deriveTlsCrypt(config, [this.deps.gatewayId, link.peer]),
    };
    const keys = {} as LinkKeyFiles;
    for (const [name, content] of Object.entries(contents) as [keyof LinkKeyFiles, string][]) {
      keys[name] = join(files.folder, `${name}.pem`);
      writePrivate(keys[name], content);
    }
    const text = renderLink(link, files, keys);
    writePrivate(files.config, text);
    const digest = createHash("sha256")
      .update(JSON.stringify([text, contents]))
      .digest("hex");
    return { link, device, files, digest };
  }

  #files(device: string): ProcessFiles {
    return processFiles(join(this.#folder, device));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch((error) => this.deps.log.error({ err: error }, "links could not be brought in order"));
    return done;
  }
}
