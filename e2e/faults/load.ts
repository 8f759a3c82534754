/**
 * People who come and go, an admin who changes things, revokes and restores, all the while; what each was told is
 * remembered. The admin is signed in to the app, and hears of a change by its answer or not at all.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { LabPerson } from "../lab/network";
import { startVpnClient, until, type VpnClient } from "../lab/vpn-client";
import { password, type World, type WorldAccount } from "../lab/world";
import type { Admin } from "./app";
import type { Random } from "./random";

/** For one client to come in when nothing is broken: generous, for a machine that does much else. */
const patienceMs = 90_000;
/** How many devices each of those who change things has before it changes them again. */
const enoughDevices = 10;
const writers = 2;

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
  /** Each name that a device was given, as the admin was told. */
  readonly ackedNames = new Set<string>();
  ackedRevision = 0;
  readonly beganAt = new Date();
  /** How many changes got no answer, or a refusal. */
  unanswered = 0;
  /** While something is broken nobody leaves: a session that begins and ends unseen is in nobody's books. */
  isBroken = false;
  #people: Person[] = [];
  /** Whose access is taken away and given back. */
  #outcast!: Person;
  #isRevoked = false;
  /** Whether that is changing, and not known. */
  #isDeciding = false;
  #isResting = false;
  #isOver = false;
  #asking = 0;
  #work: Promise<void>[] = [];

  constructor(
    readonly world: World,
    readonly admin: Admin,
    readonly random: Random,
  ) {}

  async begin(people: number): Promise<void> {
    for (let n = 1; n <= people; n++) this.#people.push(await this.#person(`Person ${n}`));
    this.#outcast = await this.#person("Outcast");
    this.#work = [...this.#people, this.#outcast].map((person) => this.#comeAndGo(person));
    for (let n = 0; n < writers; n++) this.#work.push(this.#change(n));
    this.#work.push(this.#revokeAndRestore(), this.#grant());
  }

  /** Resolves while the app is at work on a change. */
  asking(): Promise<void> {
    return until(() => this.#asking > 0, patienceMs);
  }

  /** Everybody leaves, and half come back; who is revoked tries to. */
  async rest(): Promise<void> {
    this.#isResting = true;
    await until(() => this.#asking === 0 && !this.#isDeciding, patienceMs);
    await Promise.all([...this.#people, this.#outcast].map((person) => this.#leave(person)));
    const coming = this.#people.filter((_, n) => n % 2 === 0);
    await Promise.all([...coming.map((person) => this.#come(person, patienceMs)), this.#tryOutcast()]);
  }

  goOn(): void {
    this.#isResting = false;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#work);
    await Promise.all([...this.#people, this.#outcast].map((person) => this.#leave(person)));
  }

  /** Accounts of those who are in, by their own word. */
  present(): string[] {
    return [...this.#people, this.#outcast]
      .filter(({ client }) => client?.process.exitCode === null)
      .map(({ account }) => account.id);
  }

  /** Whoever the admin was told may not be in. */
  outcasts(): string[] {
    return this.#isRevoked ? [this.#outcast.account.id] : [];
  }

  /** How often each was let in, by their own logs. */
  entries(): Map<string, number> {
    return new Map(
      [...this.#people, this.#outcast].map(({ account, logs, client }) => {
        const all = [...logs, client?.log() ?? ""].join("\n");
        return [account.id, all.split("Initialization Sequence Completed").length - 1];
      }),
    );
  }

  async #person(name: string): Promise<Person> {
    const account = await this.world.addAccount(name);
    return { account, machine: await this.world.lab.addPerson(), client: null, left: Promise.resolve(), logs: [] };
  }

  async #comeAndGo(person: Person): Promise<void> {
    while (!this.#isOver) {
      // Sent off for good, and not only for now.
      if (person.client && person.client.process.exitCode !== null) await this.#leave(person);
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

  /** The gateways may not know yet what the admin was told: let in too late or too early, that must come right by itself. */
  async #tryOutcast(): Promise<void> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        return await this.#come(this.#outcast, patienceMs);
      } catch (error) {
        if (this.#isRevoked) return;
        if (performance.now() > deadline) throw error;
        await this.#leave(this.#outcast);
      }
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

  /** Of devices of its own: who of two came last, only the database would know. */
  async #change(writer: number): Promise<void> {
    const { world, random, admin } = this;
    const { tenantId } = world;
    const own: { deviceId: string; address: string }[] = [];
    for (let n = 1, made = 0; !this.#isOver; n++) {
      await delay(random.between(50, 500));
      if (this.#isResting) continue;
      const name = `Device ${writer}-${n}`;
      const device = own.length >= enoughDevices ? random.pick(own) : undefined;
      const address = device?.address ?? `10.0.0.${2 + writer * 100 + (made++ % 100)}`;
      try {
        const answer = device
          ? await this.#ask(() => admin.devices.update.mutate({ ...device, tenantId, name }))
          : await this.#ask(() => admin.devices.create.mutate({ tenantId, name, address }));
        this.acked.set(answer.device.id, name);
        this.ackedNames.add(name);
        this.ackedRevision = Math.max(this.ackedRevision, answer.revision);
        if (!device) own.push({ deviceId: answer.device.id, address });
      } catch (error) {
        if (!device) continue;
        // It may have happened or not; which, the audit log says. What nobody ended may even happen later.
        this.acked.delete(device.deviceId);
        if (isTimeout(error)) own.splice(own.indexOf(device), 1);
      }
    }
  }

  async #revokeAndRestore(): Promise<void> {
    const { world, random, admin } = this;
    const { tenantId } = world;
    const accountId = this.#outcast.account.id;
    while (!this.#isOver) {
      await delay(random.between(1_000, 3_000));
      if (this.#isResting) continue;
      this.#isDeciding = true;
      const wanted = !this.#isRevoked;
      while (this.#isRevoked !== wanted && !this.#isOver) {
        try {
          await this.#ask(() =>
            wanted
              ? admin.accounts.revoke.mutate({ tenantId, accountId, reason: "a drill" })
              : admin.accounts.restore.mutate({ tenantId, accountId }),
          );
          this.#isRevoked = wanted;
        } catch (error) {
          // One that was not answered, and has happened.
          if (codeOf(error) === "CONFLICT") this.#isRevoked = wanted;
          else await delay(200);
        }
      }
      this.#isDeciding = false;
    }
  }

  async #grant(): Promise<void> {
    const { world, random, admin } = this;
    const { tenantId } = world;
    const given: string[] = [];
    while (!this.#isOver) {
      await delay(random.between(500, 3_000));
      if (this.#isResting) continue;
      const { account } = random.pick(this.#people);
      const rules = [{ protocol: "tcp" as const, from: 80, to: 80 }];
      try {
        // A group of each grant's own: whether one that got no answer is there, nobody knows.
        const name = `Doors ${random.next()}`;
        const { group } = await this.#ask(() => admin.devices.createGroup.mutate({ tenantId, name }));
        const details = { tenantId, accountId: account.id, groupIds: [group.id], rules, reason: "a drill" };
        const { grant } = await this.#ask(() =>
          admin.grants.create.mutate({ ...details, minutes: random.between(1, 50) }),
        );
        given.push(grant.id);
        if (given.length > 5) await this.#ask(() => admin.grants.end.mutate({ tenantId, grantId: given.shift()! }));
      } catch {
        // Given or not, ended or not: the document says, and the kernel must do it.
      }
    }
  }

  async #ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    this.#asking += 1;
    try {
      return await question();
    } catch (error) {
      this.unanswered += 1;
      throw error;
    } finally {
      this.#asking -= 1;
    }
  }
}

const codeOf = (error: unknown) => (error as { data?: { code?: string } | null }).data?.code;
const isTimeout = (error: unknown) => /timeout|aborted/i.test((error as Error).message);
