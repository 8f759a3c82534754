/** People who come and go, and an admin who changes things, all the while; what both were told is remembered. */
import { setTimeout as delay } from "node:timers/promises";
import type { LabPerson } from "../lab/network";
import { startVpnClient, type VpnClient } from "../lab/vpn-client";
import { password, type World, type WorldAccount } from "../lab/world";
import type { Random } from "./random";

/** For one client to come in when nothing is broken: generous, for a machine that does much else. */
const patienceMs = 90_000;

interface Person {
  account: WorldAccount;
  machine: LabPerson;
  client: VpnClient | null;
  /** Resolves when its last client is gone. */
  left: Promise<void>;
  /** Logs of clients that have ended. */
  logs: string[];
}

export class Load {
  /** Devices that the admin was told are there, with the name that they were last given. */
  readonly acked = new Map<string, string>();
  ackedRevision = 0;
  /** While something is broken nobody leaves: a session that begins and ends unseen is in nobody's books. */
  isBroken = false;
  #people: Person[] = [];
  #isResting = false;
  #isOver = false;
  #work: Promise<void>[] = [];

  constructor(
    readonly world: World,
    readonly random: Random,
  ) {}

  async begin(people: number): Promise<void> {
    const { world } = this;
    for (let n = 1; n <= people; n++) {
      const account = await world.addAccount(`Person ${n}`);
      this.#people.push({
        account,
        machine: await world.lab.addPerson(),
        client: null,
        left: Promise.resolve(),
        logs: [],
      });
    }
    this.#work = [...this.#people.map((person) => this.#comeAndGo(person)), this.#change()];
  }

  /** Everybody leaves, and half come back. */
  async rest(): Promise<void> {
    this.#isResting = true;
    await Promise.all(this.#people.map((person) => this.#leave(person)));
    const coming = this.#people.filter((_, n) => n % 2 === 0);
    await Promise.all(coming.map((person) => this.#come(person, patienceMs)));
  }

  goOn(): void {
    this.#isResting = false;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#work);
    await Promise.all(this.#people.map((person) => this.#leave(person)));
  }

  /** Accounts of those who are in, by their own word. */
  present(): string[] {
    return this.#people.filter(({ client }) => client?.process.exitCode === null).map(({ account }) => account.id);
  }

  /** How often each was let in, by their own logs. */
  entries(): Map<string, number> {
    return new Map(
      this.#people.map(({ account, logs, client }) => {
        const all = [...logs, client?.log() ?? ""].join("\n");
        return [account.id, all.split("Initialization Sequence Completed").length - 1];
      }),
    );
  }

  async #comeAndGo(person: Person): Promise<void> {
    while (!this.#isOver) {
      if (!this.#isResting && !person.client) await this.#come(person, 20_000).catch(() => {});
      await delay(this.random.between(300, 2_000));
      if (!this.#isResting && !this.isBroken && this.random.between(0, 2) > 0) await this.#leave(person);
    }
  }

  async #come(person: Person, timeoutMs: number): Promise<void> {
    const { lab, folder, gateways } = this.world;
    const profile = person.account.profile(...this.random.shuffle(gateways));
    const client = startVpnClient(lab, person.machine.namespace, folder, { profile, password });
    person.client = client;
    try {
      await client.connected(timeoutMs);
    } catch (error) {
      if (this.#isResting) throw error;
      await this.#leave(person);
    }
  }

  /** Whoever asks waits for the end of the client, also where another has sent it off. */
  async #leave(person: Person): Promise<void> {
    const { client } = person;
    if (!client) return person.left;
    person.client = null;
    person.left = client.stop().then(() => void person.logs.push(client.log()));
    return person.left;
  }

  async #change(): Promise<void> {
    const { world, random } = this;
    const { admin, tenantId } = world;
    for (let n = 1; !this.#isOver; n++) {
      await delay(random.between(100, 600));
      if (this.#isResting) continue;
      const known = [...this.acked.keys()];
      const deviceId = known.length > 20 ? random.pick(known) : undefined;
      try {
        const name = `Device ${n}`;
        const details = { tenantId, name, address: `10.0.0.${2 + (n % 250)}` };
        const { id, revision } = deviceId
          ? { id: deviceId, ...(await admin.devices.update({ ...details, deviceId })) }
          : await admin.devices.create(details).then(({ device, revision }) => ({ id: device.id, revision }));
        this.acked.set(id, name);
        this.ackedRevision = Math.max(this.ackedRevision, revision);
      } catch {
        // Not acknowledged: it may have happened or not.
        if (deviceId) this.acked.delete(deviceId);
      }
    }
  }
}
