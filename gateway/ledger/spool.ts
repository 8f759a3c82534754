/** Events on disk until the control plane has committed them: numbered without gaps within an epoch. */
import type { EventBody, GatewayEvent } from "../protocol/events";

export interface Spool {
  /** Random id of this state folder. */
  readonly epoch: string;
  /** Number of the newest event; 0 before the first. */
  readonly lastSequence: number;
  /** How many wait for the control plane. */
  readonly depth: number;
  /** Keeps the order of calls; durable soon (group commit), and only then seen by `read`. */
  append(body: EventBody, at?: Date): void;
  read(after: number, limit: number): Promise<GatewayEvent[]>;
  /** Everything up to here is committed by the control plane and may leave the disk. */
  acknowledge(upTo: number): void;
  /** Called when new events can be read. Returns what takes the listener off again. */
  onAppend(listener: () => void): () => void;
  /** Waits until everything appended is durable, and lets the files go. */
  close(): Promise<void>;
}
