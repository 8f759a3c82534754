/**
 * Keeps the host's route of each address at the process that holds its newest session. What is wanted is read when it is
 * done, one address at a time, so that a late word about an old session cannot take the route of a newer one.
 */
import type { Logger } from "pino";
import type { LiveSession } from "../ledger/sessions";
import type { Holder } from "../protocol/events";
import { tunDevice } from "./config";

/** The host's side of a session; every call may be repeated. */
export interface SessionRouter {
  attach(vpnAddress: string, tunDevice: string): Promise<void>;
  detach(vpnAddress: string, tunDevice: string): Promise<void>;
  /** Called each time a process has made its tun, before any session of it is let in. */
  prepareTun(tunDevice: string): Promise<void>;
  /** The tunnel by the address that the kernel routes to it. */
  attached(): Promise<Map<string, string>>;
}

export class SessionRoutes {
  /** Device by address. */
  #applied = new Map<string, string>();
  #work = new Map<string, Promise<void>>();
  #failed = new Map<string, LiveSession>();

  constructor(
    readonly router: SessionRouter,
    readonly sessionsOf: (holder: Holder) => LiveSession[],
    readonly log: Logger,
  ) {}

  /** Call when a session began, ended, or was found at the start. Never rejects: what failed is tried again by `retry`. */
  sync(session: LiveSession): Promise<void> {
    const address = session.vpnAddress;
    const work = (this.#work.get(address) ?? Promise.resolve()).then(() => this.#apply(session));
    this.#work.set(address, work);
    void work.then(() => {
      if (this.#work.get(address) === work) this.#work.delete(address);
    });
    return work;
  }

  async retry(): Promise<void> {
    const failed = [...this.#failed.values()];
    this.#failed.clear();
    await Promise.all(failed.map((session) => this.sync(session)));
  }

  /**
   * Looks whether the kernel has the routes, and puts back those that somebody took away or led elsewhere, and what the
   * tunnels need.
   * @returns the addresses whose route it was
   */
  async verify(): Promise<string[]> {
    const before = [...this.#applied];
    const attached = await this.router.attached();
    const lost = before.filter(
      ([address, device]) =>
        attached.get(address) !== device && this.#applied.get(address) === device && !this.#work.has(address),
    );
    // A device that has gone took its routes with it: that is a process that ended, and its sessions end too.
    const done = (work: Promise<void>) =>
      work.then(
        () => true,
        () => false,
      );
    const returned = await Promise.all(lost.map(([address, device]) => done(this.router.attach(address, device))));
    await Promise.all([...new Set(this.#applied.values())].map((device) => done(this.router.prepareTun(device))));
    return lost.filter((_, index) => returned[index]).map(([address]) => address);
  }

  /** The device is new, and what was routed to the one before it went with that. */
  async prepareTun(device: string): Promise<void> {
    for (const [address, applied] of this.#applied) if (applied === device) this.#applied.delete(address);
    await this.router.prepareTun(device);
  }

  async #apply(session: LiveSession): Promise<void> {
    const { vpnAddress } = session;
    const holders = this.sessionsOf(session).filter((s) => s.vpnAddress === vpnAddress);
    const newest = holders.reduce<LiveSession | undefined>(
      (a, b) => (a && a.sessionId > b.sessionId ? a : b),
      undefined,
    );
    const wanted = newest && tunDevice(newest.process);
    const applied = this.#applied.get(vpnAddress);
    if (wanted === applied && wanted !== undefined) return;
    try {
      if (wanted) {
        await this.router.attach(vpnAddress, wanted);
        this.#applied.set(vpnAddress, wanted);
        if (applied) await this.router.detach(vpnAddress, applied);
      } else {
        await this.router.detach(vpnAddress, applied ?? tunDevice(session.process));
        this.#applied.delete(vpnAddress);
      }
      this.#failed.delete(vpnAddress);
    } catch (error) {
      this.#failed.set(vpnAddress, session);
      this.log.error({ err: error, vpnAddress }, "a session's route could not be set");
    }
  }
}
