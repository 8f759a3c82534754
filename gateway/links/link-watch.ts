/**
 * What one link's openvpn says of the other end, over its management socket: whether it is heard, since when, and what
 * crossed. Asked each second, one connection kept. An openvpn that is gone or does not answer has nobody at its other end.
 */
import { clock } from "../clock";
import { CodecError, commands, parseLinkStatus, parseState } from "../openvpn/codec";
import { connectManagement, type ManagementSocket } from "../openvpn/socket";
import { pause } from "../openvpn/waiting";
import type { LinkState } from "../protocol/api";

export type LinkReading = Omit<LinkState, "peer">;

const everyMs = 1_000;
/** For a reply; openvpn answers within milliseconds. */
const patienceMs = 1_000;

export class LinkWatch {
  #reading: LinkReading;
  #stop = new AbortController();
  #work: Promise<void>;

  constructor(
    private readonly socketPath: string,
    private readonly now: () => Date = () => clock.now(),
  ) {
    this.#reading = { isUp: false, since: now().toISOString(), received: 0, sent: 0 };
    this.#work = this.#watch(this.#stop.signal);
  }

  get reading(): LinkReading {
    return this.#reading;
  }

  /** Lets go of the socket; what was last read stays. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#work;
  }

  async #watch(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        await this.#hold(stop);
      } catch {
        // Not there yet, gone, or stuck: each is told by what is read, and mended by who keeps the process.
      }
      if (!stop.aborted) this.#note(null);
      await pause(everyMs, stop);
    }
  }

  async #hold(stop: AbortSignal): Promise<void> {
    const socket = await connectManagement({
      path: this.socketPath,
      onNotification: () => {},
      greetingTimeoutMs: patienceMs,
      replyTimeoutMs: patienceMs,
    });
    const onAbort = () => socket.close();
    stop.addEventListener("abort", onAbort);
    try {
      while (!stop.aborted) {
        this.#note(await read(socket));
        await pause(everyMs, stop);
      }
    } finally {
      stop.removeEventListener("abort", onAbort);
      socket.close();
    }
  }

  /** @param up null where nobody is at the other end */
  #note(up: Omit<LinkReading, "isUp"> | null): void {
    if (up) this.#reading = { isUp: true, ...up };
    else if (this.#reading.isUp) this.#reading = { isUp: false, since: this.now().toISOString(), received: 0, sent: 0 };
  }
}

async function read(socket: ManagementSocket): Promise<Omit<LinkReading, "isUp"> | null> {
  const [line] = await socket.run(commands.state());
  if (line === undefined) throw new CodecError("a state without a word");
  const { state, at } = parseState(line);
  // Of a link, CONNECTED is said only while the other end is heard: a tunnel that goes silent starts anew.
  if (state !== "CONNECTED") return null;
  return {
    since: new Date(clock.ofHost(at) * 1000).toISOString(),
    ...parseLinkStatus(await socket.run(commands.status())),
  };
}
